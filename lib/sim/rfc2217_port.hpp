#pragma once

#include <memory>
#include <optional>

#include "net/rfc2217/server.hpp"
#include "sim/tcp_port.hpp"

namespace aiot::sim {

/// A serial port over the network (RFC 2217): rate and modem lines come in-band, in order.
class Rfc2217Port final : public TcpPort {
 public:
  static Result<std::unique_ptr<Port>> make(const net::asio::any_io_executor& executor,
                                            std::uint16_t port);

  std::string address() const override;
  bool has_lines() const override { return true; }
  std::size_t write(ByteSpan bytes) override;

 protected:
  void on_client() override;
  void on_client_bytes(ByteSpan bytes) override;
  void on_writable() override;

 private:
  using TcpPort::TcpPort;
  /// Sends what the engine has to say; what does not fit waits.
  void flush();

  std::optional<net::rfc2217::Server> server_;
  Bytes pending_;
};

}  // namespace aiot::sim
