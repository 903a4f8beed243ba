#pragma once

#include <boost/asio/local/datagram_protocol.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "net/clock.hpp"

namespace aiot::net {

/// A client of wpa_supplicant's control interface: a socket per Wi-Fi interface that takes
/// commands, answers each, and tells events once ATTACH was sent. See wpa_supplicant's doc/docbook
/// and src/common/wpa_ctrl.h.
class WpaControl {
 public:
  /// `path` is the socket, such as /run/wpa_supplicant/wlan0. Errc::not_found when there is none or
  /// nobody serves it, Errc::no_permission, Errc::io.
  static Result<WpaControl> open(const asio::any_io_executor& executor, const std::string& path);

  /// The answer to `command`, without the end of its line. A command may hold a secret: errors name
  /// its first word only. Errc::timed_out, Errc::link_lost, Errc::cancelled, Errc::protocol.
  Task<std::string> ask(std::string command, TimePoint deadline);

  /// The next event without its level: "DPP-AUTH-SUCCESS init=1". Of those that come while an
  /// answer is waited for, the last `max_waiting` are kept. Errors as above.
  Task<std::string> event(TimePoint deadline);

  static constexpr std::size_t max_waiting = 64;

 private:
  using Socket = asio::local::datagram_protocol::socket;
  explicit WpaControl(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  /// One datagram.
  Task<std::string> receive(TimePoint deadline);

  std::shared_ptr<Socket> socket_;
  std::deque<std::string> events_;
};

}  // namespace aiot::net
