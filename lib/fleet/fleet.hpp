#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/device_report.hpp"
#include "aiot/event.hpp"
#include "net/clock.hpp"
#include "net/link.hpp"

/// Runs a job on N devices at once.
namespace aiot::fleet {

/// A job's error codes for what concerns the batch rather than the work on a device.
struct ErrorCodes {
  boost::system::error_code no_devices;   ///< the request names none
  boost::system::error_code same_device;  ///< two addresses lead to one device
  boost::system::error_code shared_file;  ///< several devices would write one trace
  boost::system::error_code cancelled;    ///< stopped by the user; Condition::cancelled
  boost::system::error_code timeout;      ///< a device exceeded Batch::timeout
};

/// What all devices of a run have in common.
struct Batch {
  std::string job;  ///< of event::Started: "flash write"
  ErrorCodes errors;
  net::Clock* clock = nullptr;
  std::span<const std::string_view> schemes =
      {};                                ///< of addresses that the job accepts; empty: any
  unsigned at_once = 0;                  ///< devices at the same time, 0 for all
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none
  std::string trace_file = {};           ///< "" for none; %d becomes the device's number
};

/// Batch::errors' no_devices, same_device (one place named twice) and shared_file; an address whose
/// scheme is not accepted.
Result<void> check_batch(std::span<const Address> devices, const Batch& batch);

/// Which address each device was found at, by an identity that the device itself reports.
using Identities = std::map<std::string, std::string>;

/// One device under way: its name and number, and the events that it sends.
class DeviceRun {
 public:
  /// `number` counts from 1, in the order given. All that is passed in outlives the run;
  /// `identities` is shared by the devices of a batch, nullptr for a device alone.
  DeviceRun(Address address, unsigned number, const Batch& batch, EventSink& sink,
            Identities* identities = nullptr)
      : address_(std::move(address)),
        name_(address_.str()),
        number_(number),
        batch_(batch),
        sink_(sink),
        identities_(identities) {}
  DeviceRun(const DeviceRun&) = delete;
  DeviceRun& operator=(const DeviceRun&) = delete;

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }  ///< the address, as events have it
  unsigned number() const { return number_; }
  net::Clock& clock() { return *batch_.clock; }

  /// Enters a step. `weight` is its share of the device's time, in any unit.
  void step(std::string name, double weight);
  const std::string& current_step() const { return step_; }
  /// Attributes a failure to an earlier step than the one that has begun since.
  void blame_step(std::string name) { step_ = std::move(name); }
  /// Of the current step. Sent once per thousandth: no bar is finer, and a fast line has thousands
  /// of blocks.
  void progress(std::uint64_t done, std::uint64_t total, std::string unit = "B");
  void log(event::Level level, std::string text);
  void notice(std::string code, std::string text, std::string hint = {});

  /// The device reports that it is `identity`, such as a MAC. ErrorCodes::same_device when another
  /// address of the batch leads to it too.
  Result<void> identify(const std::string& identity);
  /// Options for opening this device's link: its trace goes to a file of its own, and a notice says
  /// when that cannot be written any more. The run outlives the link.
  net::OpenOptions open_options();
  /// Keeps these out of the trace.
  void keep_secret(std::vector<std::string> secrets) { secrets_ = std::move(secrets); }

  /// The device exceeded its time: a cancellation that follows is a timeout.
  void expire() { expired_ = true; }

 private:
  friend class Reporter;
  /// A cancellation, by its cause: the user, or the end of the device's time.
  Error name_cause(Error error) const;

  Address address_;
  std::string name_;
  unsigned number_;
  const Batch& batch_;
  EventSink& sink_;
  Identities* identities_;
  std::string step_;
  std::vector<std::string> secrets_;
  int last_mark_ = -1;
  bool expired_ = false;
};

/// A described struct that names the time it took.
template <class T>
concept JobResult = std::default_initializable<T> && requires(T& result) {
  { result.seconds } -> std::convertible_to<double>;
  Document(result);
};

/// The ends of a device's run as events. Used by run_device() only.
class Reporter {
 public:
  explicit Reporter(DeviceRun& run);
  double seconds() const;  ///< since it was made
  void finished(Document result);
  /// Returns the error as reported.
  Error failed(Error error, std::string& step);

 private:
  DeviceRun& run_;
  net::TimePoint begin_;
};

/// Does one device's work and reports how it ended: Started, and exactly one Finished or Failed.
/// `work(run, result)` returns Task<void>; it ends with Condition::cancelled soon after the
/// coroutine was cancelled, having cleaned up.
template <JobResult T, class Work>
net::asio::awaitable<DeviceReport<T>> run_device(DeviceRun& run, const Work& work) {
  DeviceReport<T> report;
  report.device = run.address();
  Reporter reporter(run);
  Result<void> done = co_await work(run, report.result);
  report.result.seconds = reporter.seconds();
  if (done) {
    reporter.finished(report.result);
  } else {
    report.error = reporter.failed(std::move(done).error(), report.step);
  }
  co_return report;
}

/// The part of run_devices() that knows no types.
class Devices {
 public:
  virtual ~Devices() = default;
  /// Runs device `index` to its end and keeps its report.
  virtual net::asio::awaitable<void> run(std::size_t index, DeviceRun& run) = 0;
  /// Keeps the report of a device that was not started.
  virtual void skip(std::size_t index, Error error) = 0;
};
void run_all(std::span<const Address> addresses, Devices& devices, const Batch& batch,
             EventSink& sink, std::stop_token stop);

/// Runs `work` on all devices, on a loop of its own, until all have ended or `stop` has cancelled
/// them. One failure does not stop the others. A device that exceeds Batch::timeout is cancelled
/// alone. After a stop, devices that have not started are reported as started and failed, with
/// ErrorCodes::cancelled. Reports come in the order of `devices`. The errors of check_batch() when
/// nothing was tried.
template <JobResult T, class Work>
Result<std::vector<DeviceReport<T>>> run_devices(std::span<const Address> devices,
                                                 const Batch& batch, EventSink& sink,
                                                 std::stop_token stop, const Work& work) {
  class Typed final : public Devices {
   public:
    Typed(std::span<const Address> addresses, const Work& work)
        : reports(addresses.size()), work_(work) {
      for (std::size_t i = 0; i < addresses.size(); ++i) reports[i].device = addresses[i];
    }
    net::asio::awaitable<void> run(std::size_t index, DeviceRun& run) override {
      reports[index] = co_await run_device<T>(run, work_);
    }
    void skip(std::size_t index, Error error) override { reports[index].error = std::move(error); }

    std::vector<DeviceReport<T>> reports;

   private:
    const Work& work_;
  };
  AIOT_CHECK(check_batch(devices, batch));
  Typed typed(devices, work);
  run_all(devices, typed, batch, sink, std::move(stop));
  return std::move(typed.reports);
}

}  // namespace aiot::fleet
