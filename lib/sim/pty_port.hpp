#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

#include "net/pty.hpp"
#include "sim/port.hpp"

namespace aiot::sim {

/// A pseudo-terminal. It has no modem lines; the host's rate is read from its terminal settings.
class PtyPort final : public Port {
 public:
  static Result<std::unique_ptr<Port>> make(const net::asio::any_io_executor& executor);

  void start(Events events) override;
  std::string address() const override { return "serial:" + pty_.path(); }
  bool has_lines() const override { return false; }
  void poll_baud() override;
  std::size_t write(ByteSpan bytes) override;
  void pause(bool paused) override;
  bool set_up(bool up) override;
  void close() override;

 private:
  PtyPort(const net::asio::any_io_executor& executor, net::Pty pty);
  Result<void> attach();
  void detach();
  void wait_read();
  void wait_write();

  net::Pty pty_;
  net::asio::posix::stream_descriptor descriptor_;
  Events events_;
  std::uint32_t baud_ = 0;
  bool paused_ = false;
  bool reading_ = false;
  bool writing_ = false;
};

}  // namespace aiot::sim
