#include "job/pair/alibaba.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "crypto/random.hpp"
#include "job/pair/wifi_join.hpp"
#include "net/interfaces.hpp"
#include "net/resolve.hpp"
#include "net/udp.hpp"
#include "protocol/alibaba/softap.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::pair {
namespace {

using namespace std::chrono_literals;
using provisioning::Errc;

constexpr auto alibaba_resolve_time = 5s;
/// A request is repeated after 2 to 3 s, and then at longer and longer times.
constexpr auto alibaba_reply_time = 12s;
constexpr auto alibaba_join_time = 45s;
constexpr auto alibaba_ask_again = 1s;

/// Errors of a request and its answer, as causes.
Error alibaba_cause(Error error) {
  if (error.code == net::Errc::timed_out || error.code == coap::Errc::no_reply) {
    return make_error(Errc::not_found, "no reply to the credentials",
                      "join the device's access point (adh_…), and try again");
  }
  if (error.code == alibaba::Errc::bad_content || error.code == coap::Errc::refused)
    error.code = make_error_code(Errc::protocol_violated);
  if (error.code == alibaba::Errc::refused) error.code = make_error_code(Errc::device_refused);
  return error;
}

/// A GET that is sent anew rather than repeated.
Bytes alibaba_question(std::string_view path, const std::string& payload, std::uint16_t id) {
  coap::Message message;
  message.type = coap::Type::non_confirmable;
  message.code = coap::Code::get;
  message.id = id;
  message.token = {static_cast<std::uint8_t>(path == alibaba::errcode_path ? 1 : 2)};
  message.add_path(path);
  message.payload.assign(payload.begin(), payload.end());
  return coap::encode(message);
}

/// Looks for the device on all networks until it answers from the one that it was given, or from
/// its access point that has come back.
class AlibabaOutcome {
 public:
  AlibabaOutcome(Attempt& attempt, const net::asio::ip::udp::endpoint& device,
                 alibaba::DeviceInfo known)
      : attempt_(attempt), device_(device), known_(std::move(known)) {}

  net::Task<void> wait() {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    net::Clock& clock = attempt_.run.clock();
    net::UdpOptions options;
    options.v6 = device_.address().is_v6();
    options.broadcast = true;
    Result<net::UdpSocket> socket = net::UdpSocket::open(executor, options);
    if (!socket) co_return std::move(socket).error();
    const net::TimePoint end = clock.now() + alibaba_join_time;
    for (std::uint16_t round = 1; clock.now() < end; ++round) {
      Result<void> asked = ask(*socket, round);
      if (!asked) co_return asked;
      const net::TimePoint until = std::min(end, clock.now() + alibaba_ask_again);
      for (;;) {
        Result<net::Datagram> got = co_await socket->receive(until);
        if (!got && got.error().code != net::Errc::timed_out) co_return std::move(got).error();
        if (!got) break;
        if (const auto outcome = check(*got)) co_return *outcome;
      }
    }
    co_return make_error(Errc::no_reply, "it is not seen again",
                         "see whether it is on the network, and whether this host is");
  }

 private:
  Result<void> ask(net::UdpSocket& socket, std::uint16_t round) {
    const std::string info = alibaba::info_request(round);
    const Bytes where =
        alibaba_question(alibaba::info_path, info, static_cast<std::uint16_t>(2 * round));
    const Bytes why = alibaba_question(alibaba::errcode_path, alibaba::errcode_request(round),
                                       static_cast<std::uint16_t>(2 * round + 1));
    AIOT_CHECK(socket.send(device_, where));
    AIOT_CHECK(socket.send(device_, why));
    if (device_.address().is_v6()) return {};
    const Result<std::vector<net::Interface>> interfaces = net::list_interfaces();
    if (!interfaces) return {};
    const auto group = net::asio::ip::make_address(alibaba::groups.front());
    for (const net::Interface& interface : *interfaces) {
      if (!interface.multicast) continue;
      AIOT_CHECK(socket.send({group, device_.port()}, where, interface.index));
    }
    return {};
  }

  /// Nothing for what says nothing of this device.
  std::optional<Result<void>> check(const net::Datagram& datagram) {
    const Result<coap::MessageView> message = coap::decode(datagram.payload);
    if (!message || !coap::is_response(message->code) || message->token.size() != 1)
      return std::nullopt;
    const std::string text = to_string(message->payload);
    if (message->token[0] == 1) {
      if (datagram.from != device_) return std::nullopt;
      const Result<std::int64_t> code = alibaba::parse_errcode(text);
      if (!code) return make_error(Errc::protocol_violated, "its error code");
      return make_error(Errc::network_refused,
                        fmt::format("its access point is back, with error code {}", *code),
                        "check the name of the network and its password");
    }
    const Result<alibaba::DeviceInfo> info = alibaba::parse_device_info(text);
    if (!info) {
      if (datagram.from != device_) return std::nullopt;
      return make_error(Errc::protocol_violated, "what it says of itself");
    }
    if (info->mac != known_.mac || info->device_name != known_.device_name) return std::nullopt;
    attempt_.result.ip = datagram.from.address().to_string();
    if (!info->firmware.empty()) attempt_.result.firmware = info->firmware;
    return Result<void>();
  }

  Attempt& attempt_;
  net::asio::ip::udp::endpoint device_;
  alibaba::DeviceInfo known_;
};

}  // namespace

bool takes_alibaba(const Target& target) { return target.address.scheme == "alibaba"; }

net::Task<void> pair_alibaba(Attempt& attempt) {
  net::Clock& clock = attempt.run.clock();
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  const Address& address = attempt.target.address;
  Result<net::asio::ip::address> host =
      co_await net::resolve(address.host, clock.now() + alibaba_resolve_time);
  if (!host) co_return std::move(host).error();
  const std::uint16_t port = address.port == 0 ? alibaba::ports.front() : address.port;
  const net::asio::ip::udp::endpoint device(*host, port);
  Result<coap::Session> session =
      coap::Session::open(executor, clock, device, interface_of(attempt));
  if (!session) co_return std::move(session).error();
  const std::string text = alibaba::switch_request(1, *attempt.request.wifi,
                                                   alibaba::Nonce::from(crypto::random_bytes(32)),
                                                   attempt.target.secrets.proof);
  coap::Request request;
  request.path = alibaba::switch_path;
  request.payload.assign(text.begin(), text.end());
  Result<void> sent = session->start(std::move(request));
  AIOT_CO_CHECK(std::move(sent));
  Result<coap::Response> reply = co_await session->next(clock.now() + alibaba_reply_time);
  if (!reply) co_return alibaba_cause(std::move(reply).error());
  attempt.flow.reached(Stage::found);
  Result<alibaba::DeviceInfo> info = alibaba::parse_switch_reply(to_string(reply->payload));
  if (!info && info.error().code == alibaba::Errc::bad_password) {
    const bool given = !attempt.target.secrets.proof.empty();
    co_return make_error(given ? Errc::wrong_proof : Errc::missing_secret,
                         "the device cannot decrypt the password",
                         given ? "check the product secret" : "give the product secret as proof");
  }
  if (!info) co_return alibaba_cause(std::move(info).error());
  attempt.flow.reached(Stage::credentials_sent);
  attempt.result.id = info->mac;
  attempt.result.name = info->device_name;
  attempt.result.model = info->product_key;
  attempt.result.firmware = info->firmware;
  if (!info->mac.empty()) {
    AIOT_CO_CHECK(attempt.run.identify("alibaba " + info->mac));
  }
  // The device closes its access point, and joins the network that this machine comes from.
  if (attempt.visit != nullptr) {
    Result<void> left = co_await attempt.visit->leave();
    AIOT_CO_CHECK(std::move(left));
  }
  AlibabaOutcome outcome(attempt, device, *std::move(info));
  Result<void> joined = co_await outcome.wait();
  AIOT_CO_CHECK(std::move(joined));
  attempt.result.ssid = attempt.request.wifi->ssid;
  attempt.flow.reached(Stage::joined);
  // It was found on the network, not asked at its access point.
  attempt.flow.reached(Stage::confirmed);
  co_return Result<void>();
}

}  // namespace aiot::pair
