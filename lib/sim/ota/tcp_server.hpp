#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "net/tcp_link.hpp"
#include "sim/ota/kind.hpp"
#include "sim/ota/pace.hpp"
#include "sim/virtual_device.hpp"

namespace aiot::sim::ota {

/// The device side of a protocol that has one connection at a time.
class ConnectionEngine {
 public:
  virtual ~ConnectionEngine() = default;
  /// A new connection: what was under way is forgotten.
  virtual void on_connect() = 0;
  /// What the device says to bytes.
  virtual Bytes on_bytes(ByteSpan bytes) = 0;
  /// The device closes the connection.
  virtual bool wants_close() const = 0;
};

/// Reads a connection into an engine, and writes what it says once what it read is in the flash,
/// until either side closes. `engine` outlives it.
class Conversation {
 public:
  Conversation(ConnectionEngine& engine, net::Duration write_time)
      : engine_(engine), pace_(write_time) {}
  net::Task<void> serve(net::FdStream& stream);
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  /// What has arrived, and when the flash is done with it.
  struct Piece {
    net::TimePoint written;
    Bytes bytes;
  };
  net::Task<void> receive(net::FdStream& stream, net::TimePoint deadline);

  ConnectionEngine& engine_;
  Pace pace_;
  std::deque<Piece> waiting_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

/// Listens on the loopback address; serves one connection after another, for as long as the
/// executor's loop runs. `engine` outlives it.
class TcpServer {
 public:
  /// `port` is a number, "" for any free one; that of device Options::index is so much higher.
  static Result<std::unique_ptr<TcpServer>> open(const net::asio::any_io_executor& executor,
                                                 ConnectionEngine& engine, std::string_view port,
                                                 const Options& options);
  void start();
  std::uint16_t port() const { return listener_.port(); }
  const Conversation& conversation() const { return conversation_; }

 private:
  TcpServer(const net::asio::any_io_executor& executor, ConnectionEngine& engine,
            net::TcpListener listener, net::Duration write_time)
      : executor_(executor),
        engine_(engine),
        listener_(std::move(listener)),
        conversation_(engine, write_time) {}
  net::Task<void> accept();

  net::asio::any_io_executor executor_;
  ConnectionEngine& engine_;
  net::TcpListener listener_;
  Conversation conversation_;
};

/// A virtual device that is an engine behind a TcpServer.
class TcpDevice : public VirtualDevice, protected ConnectionEngine {
 public:
  /// `scheme` is also what its kind is called.
  explicit TcpDevice(std::string scheme) : scheme_(std::move(scheme)) {}
  Result<void> open(const net::asio::any_io_executor& executor, std::string_view port,
                    const Options& options);

  void start() override { server_->start(); }
  void stop() override {}  // it ends with the loop
  std::string address() const override;
  DeviceResult report() const override;

 private:
  /// Updates or requests so far, and the version that runs.
  virtual std::uint64_t commands() const = 0;
  virtual std::string running() const = 0;

  std::string scheme_;
  std::unique_ptr<TcpServer> server_;
};

}  // namespace aiot::sim::ota
