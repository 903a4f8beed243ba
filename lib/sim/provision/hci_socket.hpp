#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::sim::provision {

/// A Bluetooth controller through the kernel's raw channel, beside what else uses it: advertises
/// and scans (Core Specification 5.4, volume 4, part E, 7.8). For a controller that bluetoothd does
/// not advertise with.
class HciSocket : public std::enable_shared_from_this<HciSocket> {
 public:
  /// Called with the AD structures of each advertisement that is heard.
  using OnAdvert = std::function<void(ByteSpan data)>;

  /// `number` of "hci1". Switches it on. net::Errc::not_found, no_permission, io.
  static Result<std::shared_ptr<HciSocket>> open(const net::asio::any_io_executor& executor,
                                                 std::uint16_t number);
  void start(OnAdvert on_advert);
  /// In the place of what is on the air; at most 31 bytes, nothing ends it.
  void advertise(ByteSpan data);
  void stop();

 private:
  HciSocket(const net::asio::any_io_executor& executor, int fd) : stream_(executor, fd) {}
  void command(std::uint16_t opcode, const Bytes& parameters);
  void read();
  void on_event(ByteSpan packet);

  net::asio::posix::stream_descriptor stream_;
  OnAdvert on_advert_;
  std::array<std::uint8_t, 512> buffer_{};
  bool advertising_ = false;
};

}  // namespace aiot::sim::provision
