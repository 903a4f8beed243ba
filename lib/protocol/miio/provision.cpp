#include "protocol/miio/provision.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "net/interfaces.hpp"

namespace aiot::miio {
namespace {

using namespace std::chrono_literals;
using provisioning::Stage;
using Cause = provisioning::Errc;

constexpr auto ask_again = 500ms;
/// A device that has left its access point is looked for so long, and then asked again.
constexpr auto find_patience = 3s;
constexpr auto hello_again = 1s;

std::string text_of(const boost::json::object& object, std::string_view name) {
  constexpr std::size_t longest = 128;
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string()).substr(0, longest);
}

/// What a device says of its association. It counts from when it was switched on.
struct Association {
  std::string state;
  std::int64_t refused = 0;
  std::int64_t no_address = 0;
  std::int64_t no_network = 0;
};

std::int64_t count_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  boost::system::error_code error;
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>(error) : 0;
}

std::optional<Association> association_of(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const boost::json::object& object = parsed.get_object();
  return Association{text_of(object, "state"), count_of(object, "auth_fail_count"),
                     count_of(object, "dhcp_fail_count"), count_of(object, "conn_fail_count")};
}

/// What Call ends with, as a cause.
Error explain(Error error) {
  if (error.code == Errc::no_reply || error.code == net::Errc::timed_out) {
    error.code = make_error_code(Cause::no_reply);
  } else if (error.code == Errc::bad_reply) {
    error.code = make_error_code(Cause::protocol_violated);
  } else if (error.code == Errc::refused) {
    error.code = make_error_code(Cause::device_refused);
  } else if (error.code == Errc::token_hidden) {
    error.code = make_error_code(Cause::missing_secret);
  } else if (error.code == net::Errc::link_lost) {
    error.code = make_error_code(Cause::link_lost);
  }
  return error;
}

/// Nothing while the device still tries.
std::optional<Result<void>> outcome_of(const Association& now, const Association& before) {
  if (now.state == "ONLINE" || now.state == "LOCAL") return Result<void>();
  if (now.refused > before.refused)
    return make_error(Cause::network_refused, {}, "check the password");
  if (now.no_address > before.no_address)
    return make_error(Cause::no_address, {}, "check the DHCP server of the network");
  if (now.no_network > before.no_network)
    return make_error(Cause::network_not_found, {}, "check the name; most devices need 2.4 GHz");
  if (now.state == "FAILED") return make_error(Cause::device_refused).with_peer_text(now.state);
  return std::nullopt;
}

}  // namespace

net::Task<std::string> UdpChannel::run(Call& call, net::TimePoint deadline) {
  co_return co_await run_call(device_, call, clock_, deadline, interface_);
}

Result<void> send_hellos(net::UdpSocket& socket, std::uint16_t port) {
  // Networks come and go while the device changes its own.
  const Result<std::vector<net::Interface>> interfaces = net::list_interfaces();
  if (!interfaces) return {};
  for (const net::Interface& interface : *interfaces) {
    for (const net::InterfaceAddress& one : interface.addresses) {
      if (!one.broadcast) continue;
      AIOT_CHECK(socket.send({*one.broadcast, port}, hello(), interface.index));
    }
  }
  return {};
}

net::Task<void> UdpChannel::find(std::uint64_t device_id, net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  net::UdpOptions options;
  options.broadcast = true;
  Result<net::UdpSocket> socket = net::UdpSocket::open(executor, options);
  if (!socket) co_return std::move(socket).error();
  for (;;) {
    AIOT_CO_CHECK(send_hellos(*socket, device_.port()));
    if (device_.address().is_v4()) {
      Result<void> sent = socket->send(device_, hello());
      if (!sent) co_return sent;
    }
    const net::TimePoint round = std::min(deadline, clock_.now() + hello_again);
    for (;;) {
      Result<net::Datagram> got = co_await socket->receive(round);
      if (!got) {
        if (got.error().code != net::Errc::timed_out || clock_.now() >= deadline)
          co_return std::move(got).error();
        break;
      }
      const Result<HelloReply> reply = decode_hello_reply(got->payload);
      if (!reply || reply->device_id != device_id) continue;
      device_ = got->from;
      interface_.clear();
      co_return Result<void>();
    }
  }
}

net::Task<std::string> Provisioner::ask(std::string method, std::string params) {
  Call call(std::move(method), std::move(params), token_);
  // The call ends by itself: hello and command are sent three times each.
  const net::TimePoint deadline = channel_.clock().now() + 2 * Call::attempts * Call::patience + 1s;
  Result<std::string> result = co_await channel_.run(call, deadline);
  if (result) co_return result;
  Error error = std::move(result).error();
  const bool heard = call.device().has_value();
  error = explain(std::move(error));
  // Only what opens with the token is taken for an answer.
  if (error.code == Cause::no_reply && heard && token_was_given_) {
    error = make_error(Cause::wrong_proof, "it answers a hello, and nothing with this token",
                       "check the token; it changes when the device is reset");
  }
  co_return error;
}

net::Task<void> Provisioner::greet() {
  Call call = Call::greeting();
  const net::TimePoint deadline = channel_.clock().now() + Call::attempts * Call::patience + 1s;
  Result<std::string> result = co_await channel_.run(call, deadline);
  if (!result) {
    Error error = explain(std::move(result).error());
    if (error.code == Cause::no_reply) {
      error = make_error(Cause::not_found, "no reply to 3 hellos",
                         "join the device's access point, or check its address");
    }
    co_return error;
  }
  device_id_ = call.device()->device_id;
  flow_.reached(Stage::found);
  if (call.device()->token) {
    token_ = call.device()->token;
    token_was_given_ = false;
  }
  if (!token_) {
    co_return make_error(Cause::missing_secret, "the device hides its token",
                         "reset its Wi-Fi settings, or give its token");
  }
  co_return Result<void>();
}

net::Task<Info> Provisioner::authenticate() {
  Result<std::string> text = co_await ask("miIO.info", "[]");
  if (!text) co_return std::move(text).error();
  token_was_given_ = false;  // it fits: silence has another cause from now on
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(*text, error);
  if (error || !parsed.is_object()) co_return make_error(Cause::protocol_violated, "miIO.info");
  const boost::json::object& object = parsed.get_object();
  Info out{text_of(object, "model"), text_of(object, "fw_ver"), text_of(object, "mac")};
  flow_.reached(Stage::authenticated);
  co_return out;
}

net::Task<void> Provisioner::join(const provisioning::WifiCredentials& wifi) {
  Association before;
  Result<std::string> text = co_await ask("miIO.wifi_assoc_state", "[]");
  if (text) {
    before = association_of(*text).value_or(Association());
  } else if (text.error().condition() == Condition::cancelled) {
    co_return std::move(text).error();
  }
  std::string params = boost::json::serialize(
      boost::json::object{{"ssid", wifi.ssid}, {"passwd", wifi.password}, {"uid", 0}});
  Result<std::string> taken = co_await ask("miIO.config_router", std::move(params));
  if (!taken) co_return std::move(taken).error();
  flow_.reached(Stage::credentials_sent);
  const net::TimePoint end = channel_.clock().now() + join_patience;
  for (;;) {
    text = co_await ask("miIO.wifi_assoc_state", "[]");
    if (text) {
      const auto now = association_of(*text);
      if (!now) co_return make_error(Cause::protocol_violated, "miIO.wifi_assoc_state");
      if (const auto outcome = outcome_of(*now, before)) {
        if (*outcome) flow_.reached(Stage::joined);
        co_return *outcome;
      }
    } else if (text.error().code != Cause::no_reply) {
      co_return std::move(text).error();
    } else {
      flow_.log("no reply at its address: looking for it on all networks");
      Result<void> found =
          co_await channel_.find(device_id_, std::min(end, channel_.clock().now() + find_patience));
      if (!found && found.error().code != net::Errc::timed_out) co_return found;
    }
    if (channel_.clock().now() >= end) {
      if (!text) co_return std::move(text).error().with("waiting until it has joined");
      co_return make_error(Cause::no_reply, "it still connects after 40 s",
                           "check the distance to the access point");
    }
    Result<void> slept = co_await channel_.clock().sleep_for(ask_again);
    AIOT_CO_CHECK(std::move(slept));
  }
}

}  // namespace aiot::miio
