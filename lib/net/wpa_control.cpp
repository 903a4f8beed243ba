#include "net/wpa_control.hpp"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>

namespace aiot::net {
namespace {

using boost::system::error_code;

/// What wpa_cli takes of an answer.
constexpr std::size_t max_answer_bytes = 4096;

Error control_error(const error_code& error, const std::string& what) {
  namespace e = asio::error;
  if (error == e::connection_refused || error == e::not_connected || error == e::connection_reset) {
    return make_error(Errc::link_lost, what);
  }
  return make_error(Errc::io, what + ": " + error.message());
}

/// "<3>DPP-AUTH-SUCCESS" is an event of level 3; an answer begins with no such mark.
std::string_view event_text(std::string_view message) {
  if (message.size() < 3 || message[0] != '<') return {};
  const auto end = message.find('>');
  return end == std::string_view::npos ? std::string_view() : message.substr(end + 1);
}

}  // namespace

Result<WpaControl> WpaControl::open(const asio::any_io_executor& executor,
                                    const std::string& path) {
  using Protocol = asio::local::datagram_protocol;
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return make_error(Errc::not_found, path + ": a path that is too long");
  auto socket = std::make_shared<Socket>(executor);
  error_code error;
  socket->open(Protocol(), error);
  if (!error) socket->non_blocking(true, error);
  // The kernel chooses a name, which goes with the socket.
  const sa_family_t family = AF_UNIX;
  if (!error && ::bind(socket->native_handle(), reinterpret_cast<const sockaddr*>(&family),
                       sizeof family) != 0) {
    error = error_code(errno, boost::system::system_category());
  }
  if (!error) socket->connect(Protocol::endpoint(path), error);
  if (!error) return WpaControl(std::move(socket));
  namespace e = asio::error;
  if (error == boost::system::errc::no_such_file_or_directory || error == e::connection_refused) {
    return make_error(Errc::not_found, path + ": no wpa_supplicant serves this interface",
                      "set ctrl_interface in wpa_supplicant's configuration");
  }
  if (error == e::access_denied) {
    return make_error(Errc::no_permission, path,
                      "run as root, or as a member of the socket's group");
  }
  return make_error(Errc::io, path + ": " + error.message());
}

Task<std::string> WpaControl::receive(TimePoint deadline) {
  struct Read {
    std::array<char, max_answer_bytes> bytes{};
  };
  const auto read = std::make_shared<Read>();
  auto start = [socket = socket_, read](auto handler) {
    socket->async_receive(
        asio::buffer(read->bytes),
        [socket, read, handler = std::move(handler)](
            const error_code& error, std::size_t size) mutable { handler(error, size); });
  };
  auto stop = [socket = socket_] {
    error_code ignored;
    socket->cancel(ignored);
  };
  auto outcome = co_await by_deadline<error_code, std::size_t>(deadline, start, stop);
  if (!outcome) co_return std::move(outcome).error();
  const auto [error, size] = *outcome;
  if (error) co_return control_error(error, "wpa_supplicant");
  std::string text(read->bytes.data(), size);
  while (text.ends_with('\n')) text.pop_back();
  co_return text;
}

Task<std::string> WpaControl::ask(std::string command, TimePoint deadline) {
  const std::string name = command.substr(0, command.find(' '));
  error_code error;
  socket_->send(asio::buffer(command), 0, error);
  if (error) co_return control_error(error, name);
  for (;;) {
    Result<std::string> message = co_await receive(deadline);
    if (!message) co_return std::move(message).error().with(name);
    const std::string_view event = event_text(*message);
    if (event.empty()) co_return message;
    if (events_.size() == max_waiting) events_.pop_front();
    events_.emplace_back(event);
  }
}

Task<std::string> WpaControl::event(TimePoint deadline) {
  while (events_.empty()) {
    Result<std::string> message = co_await receive(deadline);
    if (!message) co_return message;
    const std::string_view event = event_text(*message);
    if (!event.empty()) events_.emplace_back(event);
  }
  std::string first = std::move(events_.front());
  events_.pop_front();
  co_return first;
}

}  // namespace aiot::net
