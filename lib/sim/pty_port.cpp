#include "sim/pty_port.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace aiot::sim {
namespace {

namespace asio = net::asio;

/// Read from the host at a time: a few milliseconds of wire.
constexpr std::size_t read_bytes = 2048;

}  // namespace

Result<std::unique_ptr<Port>> PtyPort::make(const asio::any_io_executor& executor) {
  AIOT_TRY(net::Pty pty, net::Pty::open());
  std::unique_ptr<PtyPort> port(new PtyPort(executor, std::move(pty)));
  AIOT_CHECK(port->attach());
  return std::unique_ptr<Port>(std::move(port));
}

PtyPort::PtyPort(const asio::any_io_executor& executor, net::Pty pty)
    : pty_(std::move(pty)), descriptor_(executor) {}

Result<void> PtyPort::attach() {
  AIOT_TRY(const int fd, pty_.duplicate_master());
  boost::system::error_code error;
  descriptor_.assign(fd, error);
  if (!error) descriptor_.non_blocking(true, error);
  if (error) {
    if (!descriptor_.is_open()) ::close(fd);
    return make_error(net::Errc::io, "pty: " + error.message());
  }
  return {};
}

void PtyPort::start(Events events) {
  events_ = std::move(events);
  poll_baud();
  wait_read();
}

void PtyPort::poll_baud() {
  if (!descriptor_.is_open()) return;
  const std::uint32_t baud = pty_.client_baud();
  if (baud == baud_ || baud == 0) return;
  baud_ = baud;
  events_.baud(baud);
}

void PtyPort::wait_read() {
  if (paused_ || reading_ || !descriptor_.is_open()) return;
  reading_ = true;
  descriptor_.async_wait(
      asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error == asio::error::operation_aborted) return;
        reading_ = false;
        if (error || paused_ || !descriptor_.is_open()) return;
        std::array<std::uint8_t, read_bytes> buffer;
        const ssize_t got = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
        if (got > 0) {
          poll_baud();
          events_.bytes(ByteSpan(buffer).first(static_cast<std::size_t>(got)));
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
          return;  // hung up
        }
        wait_read();
      });
}

void PtyPort::wait_write() {
  if (writing_ || !descriptor_.is_open()) return;
  writing_ = true;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [this](boost::system::error_code error) {
                           if (error == asio::error::operation_aborted) return;
                           writing_ = false;
                           if (!error) events_.writable();
                         });
}

std::size_t PtyPort::write(ByteSpan bytes) {
  if (!descriptor_.is_open()) return bytes.size();
  const ssize_t wrote = ::write(descriptor_.native_handle(), bytes.data(), bytes.size());
  if (wrote < 0 && errno != EAGAIN && errno != EINTR) return bytes.size();
  const std::size_t taken = wrote < 0 ? 0 : static_cast<std::size_t>(wrote);
  if (taken < bytes.size()) wait_write();
  return taken;
}

void PtyPort::pause(bool paused) {
  paused_ = paused;
  if (!paused) wait_read();
}

bool PtyPort::set_up(bool up) {
  if (!up) {
    detach();
    pty_.unplug();
    return false;
  }
  if (!pty_.plug() || !attach()) return false;
  baud_ = 0;
  poll_baud();
  wait_read();
  return true;
}

void PtyPort::detach() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  reading_ = writing_ = false;
}

void PtyPort::close() {
  detach();
  pty_.close();
}

}  // namespace aiot::sim
