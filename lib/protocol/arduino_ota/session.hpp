#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/link.hpp"
#include "protocol/arduino_ota/message.hpp"

namespace aiot::arduino {

/// The way to one device: datagrams to it and back, and the connection that it makes.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual net::Clock& clock() = 0;
  virtual Result<void> send(ByteSpan datagram) = 0;
  /// The next from this device. net::Errc::timed_out at the deadline.
  virtual net::Task<Bytes> receive(net::TimePoint deadline) = 0;
  /// Where the host listens for the device.
  virtual std::uint16_t port() const = 0;
  virtual net::Task<std::unique_ptr<net::Link>> accept(net::TimePoint deadline) = 0;
};
/// To a host, on sockets of the machine. `port` 0: the usual one.
net::Task<std::unique_ptr<Channel>> open_channel(std::string host, std::uint16_t port,
                                                 net::TimePoint deadline);

/// What the host brings.
struct Update {
  ByteSpan firmware;     ///< outlives the session
  std::string password;  ///< "" for none
  std::function<Bytes(std::size_t count)> random;
  /// Called with the bytes that the device has taken, of all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  /// Called when the device is ready for data.
  std::function<void()> uploading;
};

/// Sends a firmware, to the device's last word: it has the firmware, and restarts. Errors of this
/// room; net::Errc::link_lost, cancelled.
net::Task<void> update(Channel& channel, const Update& what);

}  // namespace aiot::arduino
