#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "job/flash/compressor.hpp"
#include "job/flash/device.hpp"
#include "job/flash/plan.hpp"

/// The operations on one device, as coroutines on a link and a clock that are passed in, and how a
/// batch of devices runs one. All that they refer to outlives them.
namespace aiot::flash {

net::Task<void> write_device(Device& device, WriteResult& result, Planner& planner,
                             Compressor& compressor, const WriteRequest& request);
net::Task<void> verify_device(Device& device, VerifyResult& result, Planner& planner,
                              const VerifyRequest& request);
net::Task<void> read_device(Device& device, ReadResult& result, const ReadRequest& request);
net::Task<void> erase_device(Device& device, EraseResult& result, const EraseRequest& request);
net::Task<void> info_device(Device& device, InfoResult& result);
net::Task<void> reset_device(Device& device, ResetResult& result, const ResetRequest& request);

/// One attempt at an operation, on a device that is reached and identified.
using Attempt = std::function<net::Task<void>()>;

/// Whether flash that differs from the files is a failure that another attempt may repair.
enum class Mismatch { retry, final };

/// Reaches the device and runs `attempt`; after a failure that another attempt can repair (a lost
/// link, bytes that did not arrive) reaches it anew, at a lower rate where that may help, and runs
/// it again: at most five times. The device must stay the same one. After the last failure, also a
/// cancellation, the device is left as the session asks, as far as that is still possible.
net::Task<void> with_recovery(Device& device, Attempt attempt, Mismatch mismatch = Mismatch::retry);

/// Errc::unknown_chip, Errc::bad_baud.
Result<void> check_session(const Session& session);
/// The batch that runs `operation` ("write") as the session asks.
fleet::Batch batch_of(std::string_view operation, const Session& session,
                      const Environment& environment);

/// Runs `work(device, result)`, which returns Task<void>, on all devices: see fleet::run_devices().
template <class T, class Work>
Result<Report<T>> run_batch(std::span<const Address> devices, const Session& session,
                            Environment& environment, EventSink& sink, std::stop_token stop,
                            const Work& work) {
  AIOT_CHECK(check_session(session));
  Report<T> report;
  AIOT_TRY(report.devices,
           fleet::run_devices<T>(devices, batch_of(T::operation, session, environment), sink,
                                 std::move(stop),
                                 [&](fleet::DeviceRun& run, T& result) -> net::Task<void> {
                                   Device device(run, session, environment, result);
                                   Result<void> done = co_await work(device, result);
                                   co_return done;
                                 }));
  return report;
}

}  // namespace aiot::flash
