#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "sim/port.hpp"

namespace aiot::sim {

/// A listening socket; one client at a time, a new one takes the place of the old. The bytes are
/// the wire's bytes: no lines, no rate.
class TcpPort : public Port {
 public:
  static Result<std::unique_ptr<Port>> make(const net::asio::any_io_executor& executor,
                                            std::uint16_t port);

  void start(Events events) override;
  std::string address() const override;
  bool has_lines() const override { return false; }
  void poll_baud() override {}
  std::size_t write(ByteSpan bytes) override;
  void pause(bool paused) override;
  bool set_up(bool up) override;
  void close() override;

 protected:
  explicit TcpPort(const net::asio::any_io_executor& executor);
  Result<void> listen(std::uint16_t port);
  const Events& events() const { return events_; }
  std::uint16_t port() const { return port_; }
  /// A client has connected, or sent bytes; RFC 2217 takes its own from them.
  virtual void on_client();
  virtual void on_client_bytes(ByteSpan bytes);
  /// The client takes more again.
  virtual void on_writable();
  /// Sends to the client what fits, and returns how much.
  std::size_t write_raw(ByteSpan bytes);

 private:
  void accept();
  void wait_read();
  void wait_write();
  void drop_client();

  net::asio::ip::tcp::acceptor acceptor_;
  net::asio::ip::tcp::socket client_;
  net::asio::ip::tcp::socket next_;
  Events events_;
  std::uint16_t port_ = 0;
  std::uint64_t generation_ = 0;  ///< of the client, for handlers that come late
  bool up_ = true;
  bool paused_ = false;
  bool reading_ = false;
  bool writing_ = false;
};

}  // namespace aiot::sim
