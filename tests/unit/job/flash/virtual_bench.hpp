#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "job/flash/session.hpp"
#include "protocol/esp/device/device.hpp"
#include "support/memory_link.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::flash::test {

/// Keeps the events of a run.
class Recorder final : public EventSink {
 public:
  void on_event(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;

  int terminal_events() const;
  /// The first notice with that code; nullptr when there is none.
  const event::Notice* find(std::string_view code) const;
  bool noticed(std::string_view code) const { return find(code) != nullptr; }
  std::vector<std::string> steps() const;
};

/// A link that does what another does, but for what a test overrides.
class WrappedLink : public net::Link {
 public:
  explicit WrappedLink(std::unique_ptr<net::Link> link) : link_(std::move(link)) {}

  const net::LinkInfo& info() const override { return link_->info(); }
  net::Clock& clock() override { return link_->clock(); }
  net::Task<std::size_t> read_some(std::span<std::uint8_t> buffer,
                                   net::TimePoint deadline) override {
    return link_->read_some(buffer, deadline);
  }
  net::Task<void> write(ByteSpan data, net::TimePoint deadline) override {
    return link_->write(data, deadline);
  }
  net::Task<void> drain(net::TimePoint deadline) override { return link_->drain(deadline); }
  net::Task<void> discard_input() override { return link_->discard_input(); }
  net::Task<void> set_baud(std::uint32_t baud_bps) override { return link_->set_baud(baud_bps); }
  net::Task<void> set_lines(std::span<const net::LineStep> steps) override {
    return link_->set_lines(steps);
  }
  net::Task<void> reopen(net::TimePoint deadline) override { return link_->reopen(deadline); }
  void close() override { link_->close(); }

 private:
  std::unique_ptr<net::Link> link_;
};

/// An operation on one device.
template <class T>
using Work = std::function<net::Task<void>(Device&, T&)>;
Work<WriteResult> write_operation(Planner& planner, Compressor& compressor,
                                  const WriteRequest& request);
Work<VerifyResult> verify_operation(Planner& planner, const VerifyRequest& request);
Work<ReadResult> read_operation(const ReadRequest& request);
Work<EraseResult> erase_operation(const EraseRequest& request);

/// What all operations' reports have in common.
struct Outcome {
  Outcome() = default;
  template <class T>
  Outcome(const DeviceReport<T>& report) : error(report.error), step(report.step) {}
  std::optional<Error> error;
  std::string step;
};

/// A virtual device on virtual time, and the job's way to it.
class VirtualBench {
 public:
  /// `flash` is erased unless an earlier bench's is handed on with take_flash().
  /// Rates above `baud_limit` garble the bytes; 0 for what the chip can do.
  VirtualBench(const std::string& chip, const std::vector<std::string>& faults, Bytes flash = {},
               std::uint64_t flash_size = 4U << 20, std::uint32_t baud_limit = 0,
               const std::function<void(esp::device::Options&)>& adjust = {});

  /// Runs one operation to its end. More than `limit` of virtual time fails the test.
  template <class T>
  DeviceReport<T> run(const Work<T>& work) {
    net::asio::io_context loop;
    Result<DeviceReport<T>> report = clock.run(loop, [&]() -> net::Task<DeviceReport<T>> {
      DeviceReport<T> done = co_await start(work);
      co_return done;
    });
    REQUIRE_MESSAGE(report.has_value(), report.error().message());
    return *std::move(report);
  }
  /// The same on a loop of the caller's; `work` outlives it.
  template <class T>
  net::asio::awaitable<DeviceReport<T>> start(const Work<T>& work) {
    const fleet::Batch batch = batch_of(T::operation, session, environment);
    fleet::DeviceRun device_run(*parse_address("serial:/dev/virtual"), 1, batch, recorder);
    auto on_device = [&](fleet::DeviceRun& started, T& result) -> net::Task<void> {
      Device device(started, session, environment, result);
      Result<void> done = co_await work(device, result);
      co_return done;
    };
    DeviceReport<T> report = co_await fleet::run_device<T>(device_run, on_device);
    co_return report;
  }
  std::chrono::duration<double> elapsed() const { return clock.elapsed(); }
  esp::device::Device& device() { return *device_; }
  Bytes flash() const;

  Session session;
  net::VirtualClock clock;
  Environment environment;
  /// Makes the link that the job gets of the one to the device; nullptr hands on that one.
  std::function<std::unique_ptr<net::Link>(std::unique_ptr<net::Link>)> wrap;
  Recorder recorder;

 private:
  std::unique_ptr<esp::device::Device> device_;
};

/// The stub that the environment hands out: the virtual device runs its own in its place.
std::optional<esp::Stub> some_stub(const esp::Chip& chip);

/// A file in a folder that goes away with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(ByteSpan bytes, const std::string& name = "image.bin");
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

/// Bytes that deflate about 2:1, different for each seed.
Bytes test_bytes(std::size_t size, std::uint32_t seed);

}  // namespace aiot::flash::test
