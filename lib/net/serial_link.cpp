#include "net/serial_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// How often a device that went away is looked for: much shorter than a re-enumeration.
constexpr milliseconds search_pause{50};

}  // namespace

SerialLink::SerialLink(asio::any_io_executor executor, std::string path, std::uint32_t baud_bps,
                       DeviceRoots roots)
    : executor_(std::move(executor)),
      path_(std::move(path)),
      baud_bps_(baud_bps),
      roots_(std::move(roots)) {
  info_.baud_bps = baud_bps;
}

Result<std::unique_ptr<Link>> SerialLink::open(const asio::any_io_executor& executor,
                                               const std::string& path, std::uint32_t baud_bps,
                                               const DeviceRoots& roots) {
  std::unique_ptr<SerialLink> link(new SerialLink(executor, path, baud_bps, roots));
  AIOT_CHECK(link->connect(path));
  return std::unique_ptr<Link>(std::move(link));
}

Result<void> SerialLink::connect(const std::string& path) {
  AIOT_TRY(TtyPort port, TtyPort::open(path, baud_bps_));
  AIOT_TRY(const int fd, port.duplicate());
  stream_.emplace(executor_, fd, FdStream::Kind::terminal);
  const SerialPort known = describe_serial_port(path, roots_);
  std::error_code error;
  node_ = std::filesystem::canonical(path, error);
  info_.kind = node_.starts_with("/dev/pts/") ? "pty" : "serial";
  info_.usb_vid = known.usb_vid;
  info_.usb_pid = known.usb_pid;
  info_.usb_serial = known.usb_serial;
  info_.stable_path = known.stable_path;
  info_.has_lines = port.has_lines();
  info_.has_baud = true;
  port_.emplace(std::move(port));
  return {};
}

Task<std::size_t> SerialLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  if (!stream_) co_return link_closed();
  Result<std::size_t> count = co_await stream_->read_some(buffer, deadline);
  co_return count;
}

Task<void> SerialLink::write(ByteSpan data, TimePoint deadline) {
  if (!stream_) co_return link_closed();
  Result<void> written = co_await stream_->write(data, deadline);
  co_return written;
}

Task<void> SerialLink::drain(TimePoint deadline) {
  while (port_) {
    AIOT_CO_TRY(const std::size_t left, port_->unsent());
    if (left == 0) co_return Result<void>();
    if (clock().now() >= deadline) co_return make_error(Errc::timed_out, "draining the port");
    // Ten bits a byte; not longer than 10 ms, the driver may be faster than the rate says.
    const microseconds on_wire{left * 10'000'000ULL / std::max<std::uint32_t>(1, baud_bps_)};
    const auto pause = std::clamp<microseconds>(on_wire, microseconds(200), milliseconds(10));
    Result<void> slept = co_await clock().sleep_until(std::min(deadline, clock().now() + pause));
    AIOT_CO_CHECK(std::move(slept));
  }
  co_return link_closed();
}

Task<void> SerialLink::discard_input() {
  if (!port_) co_return link_closed();
  AIOT_CO_CHECK(port_->discard_input());
  co_return stream_->discard_input();
}

Task<void> SerialLink::set_baud(std::uint32_t baud_bps) {
  if (!port_) co_return link_closed();
  AIOT_CO_CHECK(port_->set_baud(baud_bps));
  baud_bps_ = baud_bps;
  co_return Result<void>();
}

Task<void> SerialLink::set_lines(std::span<const LineStep> steps) {
  for (const LineStep& step : steps) {
    if (!port_) co_return link_closed();
    AIOT_CO_CHECK(port_->set_lines(step.dtr, step.rts));
    if (step.hold.count() > 0) {
      Result<void> held = co_await clock().sleep_for(step.hold);
      AIOT_CO_CHECK(std::move(held));
    }
  }
  co_return Result<void>();
}

std::string SerialLink::find_again() const {
  if (info_.usb_vid == 0) return path_;
  for (const SerialPort& port : list_serial_ports(roots_)) {
    if (port.usb_vid != info_.usb_vid || port.usb_pid != info_.usb_pid) continue;
    // Bridges without a serial number all look alike: only the place distinguishes them.
    const bool same = !info_.usb_serial.empty()    ? port.usb_serial == info_.usb_serial
                      : !info_.stable_path.empty() ? port.stable_path == info_.stable_path
                                                   : port.path == path_;
    if (same) return port.path;
  }
  return {};
}

Task<void> SerialLink::reopen(TimePoint deadline) {
  // The kernel gives a pty's number away once both ends are closed. While this end is open, a name
  // that is gone is known to have ended, and a link made anew cannot lead to a stranger.
  std::optional<TtyPort> held;
  if (port_ && info_.kind == "pty") {
    ended_ = !std::filesystem::exists(node_);
    if (ended_) held = std::exchange(port_, std::nullopt);
  }
  close();
  if (ended_ && path_ == node_) {
    co_return make_error(Errc::link_lost, path_ + ": the program behind it has closed it");
  }
  Error last = make_error(Errc::not_found, path_);
  while (true) {
    if (const std::string path = find_again(); !path.empty()) {
      Result<void> connected = connect(path);
      if (connected) co_return connected;
      last = std::move(connected).error();
    }
    const TimePoint now = clock().now();
    if (now >= deadline) {
      // What kept it from opening tells more than that time ran out.
      if (last.code != Errc::not_found) co_return last;
      co_return make_error(Errc::timed_out, path_ + " has not come back",
                           "check the cable, or unplug the device and plug it in again");
    }
    Result<void> slept = co_await clock().sleep_until(std::min(deadline, now + search_pause));
    AIOT_CO_CHECK(std::move(slept));
  }
}

void SerialLink::close() {
  if (stream_) stream_->close();
  port_.reset();
}

}  // namespace aiot::net
