#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "job/flash/gang.hpp"
#include "job/flash/operations.hpp"
#include "net/memory_link.hpp"
#include "net/virtual_clock.hpp"
#include "protocol/esp/device/device.hpp"

namespace aiot::flash::test {

/// Keeps the events of a run.
class Recorder final : public EventSink {
 public:
  void on_event(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;

  int terminal_events() const;
  bool noticed(std::string_view code) const;
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

/// A virtual device on virtual time, and the job's way to it.
class VirtualBench {
 public:
  /// `flash` is erased unless an earlier bench's is handed on with take_flash().
  /// Rates above `baud_limit` garble what is said; 0 for what the chip can do.
  VirtualBench(const std::string& chip, const std::vector<std::string>& faults, Bytes flash = {},
               std::uint64_t flash_size = 4U << 20, std::uint32_t baud_limit = 0);

  /// Runs one operation to its end. More than `limit` of virtual time fails the test.
  OpenDeviceReport run(const Operation& operation);
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
