#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/clock.hpp"
#include "net/pty.hpp"
#include "net/rfc2217/server.hpp"

namespace aiot::sim {

/// Why virtual devices cannot be started; errors of the device itself and of the port pass through.
enum class Errc {
  bad_port = 1,    ///< not a kind of port
  bad_count,       ///< no device, or more than can be served
  bad_rate,        ///< more lines than a console can say
  bad_broker,      ///< not a broker to publish at
  no_model,        ///< neither a file nor the name of a built-in model
  bad_kind,        ///< not a kind of device that waits to be paired, or takes updates
  bad_fault,       ///< not a fault of a device that takes updates
  not_for_device,  ///< asked of a kind of device that has no such thing
  bad_server,      ///< not a server that a device can poll
  bad_attribute,   ///< not what a device can say of itself
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::sim

template <>
struct boost::system::is_error_code_enum<aiot::sim::Errc> : std::true_type {};

namespace aiot::sim {

/// Where a virtual device is plugged in: the host's side of its wire.
class Port {
 public:
  /// What a port reports to the driver of the device behind it.
  struct Events {
    std::function<void(ByteSpan)> bytes;               ///< from the host
    std::function<void(bool dtr, bool rts)> lines;     ///< the modem lines changed
    std::function<void(std::uint32_t baud_bps)> baud;  ///< the host's rate; 0: this port has none
    std::function<void()> writable;                    ///< write() takes more again
    std::function<void()> gone;                        ///< the client has left, where that shows
  };

  virtual ~Port() = default;
  /// Starts to serve. `events` stay valid until close().
  virtual void start(Events events) = 0;
  /// What a client opens.
  virtual std::string address() const = 0;
  /// True when the port carries DTR and RTS.
  virtual bool has_lines() const = 0;
  /// Reads the host's rate now, where it is not reported (pty).
  virtual void poll_baud() = 0;
  /// Takes what fits and returns how much; bytes for nobody are dropped, as on a wire.
  virtual std::size_t write(ByteSpan bytes) = 0;
  /// While paused, nothing more is read from the host.
  virtual void pause(bool paused) = 0;
  /// The device left the bus, or came back: the client loses its port. True: the device is at
  /// address() again, which may be another than before.
  virtual bool set_up(bool up) = 0;
  virtual void close() = 0;
};

/// "pty", "tcp:PORT" or "rfc2217:PORT"; port 0 picks a free one. Listens on the loopback address.
/// With `index` > 0, PORT + index, so that several devices get ports in a row.
Result<std::unique_ptr<Port>> make_port(net::asio::any_io_executor executor, std::string_view spec,
                                        unsigned index);

/// The port in "tcp:PORT": 0 when it is "tcp" alone, PORT + `index` when PORT is not 0.
Result<std::uint16_t> tcp_port_of(std::string_view spec, unsigned index);

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
