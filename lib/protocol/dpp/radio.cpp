#include "protocol/dpp/radio.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <vector>

namespace aiot::dpp {
namespace {

using provisioning::Errc;
using provisioning::Flow;
using provisioning::Stage;

/// For wpa_supplicant's answer to a command.
constexpr std::chrono::seconds command_time{5};
/// It sends the request up to five times on each channel, with pauses.
constexpr std::chrono::seconds search_time{60};
/// For each of the exchange's further events.
constexpr std::chrono::seconds event_time{10};

/// The parameters of a configuration (wpa_supplicant/README-DPP).
Result<std::string> conf_of(const WifiCredentials& wifi) {
  AIOT_CHECK(write_configuration(wifi, own_version));
  const bool hashed = wifi.password.size() == 64;
  const std::string_view kind = wifi.security == "wpa3"             ? "sta-sae"
                                : wifi.security == "wpa2" || hashed ? "sta-psk"
                                                                    : "sta-psk-sae";
  return fmt::format("conf={} ssid={} {}={}", kind, to_hex(as_bytes(wifi.ssid)),
                     hashed ? "psk" : "pass",
                     hashed ? wifi.password : to_hex(as_bytes(wifi.password)));
}

/// What wpa_supplicant made and has to remove again.
class RadioSession {
 public:
  RadioSession(net::WpaControl& control, net::Clock& clock, Flow& flow)
      : control_(control), clock_(clock), flow_(flow) {}

  net::Task<Enrolled> run(std::string code, std::string conf) {
    AIOT_CO_CHECK(co_await expect_ok("ATTACH"));
    AIOT_CO_TRY(peer_, co_await make("DPP_QR_CODE " + code));
    AIOT_CO_TRY(configurator_, co_await make("DPP_CONFIGURATOR_ADD"));
    AIOT_CO_CHECK(co_await expect_ok(fmt::format(
        "DPP_AUTH_INIT peer={} configurator={} conn_status=1 {}", peer_, configurator_, conf)));
    Result<Enrolled> enrolled = co_await follow();
    co_return enrolled;
  }

  net::asio::awaitable<void> clean_up() {
    std::vector<std::string> commands = {"DPP_STOP_LISTEN"};
    if (!peer_.empty()) commands.push_back("DPP_BOOTSTRAP_REMOVE " + peer_);
    if (!configurator_.empty()) commands.push_back("DPP_CONFIGURATOR_REMOVE " + configurator_);
    commands.emplace_back("DETACH");
    for (const std::string& command : commands) {
      const Result<std::string> answer = co_await control_.ask(command, after(command_time));
      if (!answer) flow_.log("wpa_supplicant: " + answer.error().message());
    }
  }

 private:
  net::TimePoint after(net::Duration time) const { return clock_.now() + time; }

  net::Task<void> expect_ok(std::string command) {
    const std::string name = command.substr(0, command.find(' '));
    Result<std::string> answer = co_await control_.ask(std::move(command), after(command_time));
    if (!answer) co_return std::move(answer).error();
    if (*answer != "OK") co_return refused(name);
    co_return Result<void>();
  }

  /// A command that is answered with the number of what it made.
  net::Task<std::string> make(std::string command) {
    const std::string name = command.substr(0, command.find(' '));
    Result<std::string> answer = co_await control_.ask(std::move(command), after(command_time));
    if (!answer) co_return std::move(answer).error();
    unsigned number = 0;
    const char* end = answer->data() + answer->size();
    if (std::from_chars(answer->data(), end, number).ptr != end || number == 0)
      co_return refused(name);
    co_return answer;
  }

  static Error refused(const std::string& command) {
    return make_error(Errc::unsupported_version, "wpa_supplicant refuses " + command,
                      "use a wpa_supplicant that is built with DPP, on an interface that can send");
  }

  net::Task<Enrolled> follow() {
    Enrolled enrolled;
    enrolled.version = own_version;
    net::TimePoint deadline = after(search_time);
    bool authenticated = false;
    for (;;) {
      Result<std::string> event = co_await control_.event(deadline);
      if (!event && event.error().code == net::Errc::timed_out) {
        if (sent_) co_return enrolled;  // it has its credentials, and does not say how it fares
        co_return authenticated ? make_error(Errc::no_reply) : silent();
      }
      if (!event) co_return std::move(event).error();
      const std::string_view text = *event;
      if (text.starts_with("DPP-AUTH-SUCCESS")) {
        authenticated = true;
        flow_.reached(Stage::found);
        flow_.reached(Stage::authenticated);
        deadline = after(event_time);
      } else if (text.starts_with("DPP-RESPONSE-PENDING")) {
        flow_.log("the device waits for its user");
      } else if (text.starts_with("DPP-CONF-SENT")) {
        sent_ = true;
        flow_.reached(Stage::credentials_sent);
        if (text.find("wait_conn_status=1") == std::string_view::npos) co_return enrolled;
        deadline = after(join_time + command_time);
      } else if (text.starts_with("DPP-CONN-STATUS-RESULT")) {
        AIOT_CO_TRY(enrolled.joined, joined(text));
        if (enrolled.joined) flow_.reached(Stage::joined);
        co_return enrolled;
      } else if (auto failure = failure_of(text, authenticated)) {
        co_return *std::move(failure);
      }
    }
  }

  static Error silent() {
    return make_error(Errc::not_found, "no answer from the device over radio",
                      "check that the device is near and waits to be configured, and that the code "
                      "is its");
  }

  static std::optional<Error> failure_of(std::string_view text, bool authenticated) {
    if (text.starts_with("DPP-AUTH-INIT-FAILED")) return silent();
    if (text.starts_with("DPP-NOT-COMPATIBLE")) {
      return make_error(Errc::window_closed, "the device is not an enrollee now");
    }
    if (text.starts_with("DPP-CONF-FAILED")) {
      return make_error(Errc::device_refused, "the device does not take the configuration",
                        "check that the device supports the network's security");
    }
    if (text.starts_with("DPP-FAIL")) {
      const Errc cause = authenticated ? Errc::protocol_violated : Errc::wrong_proof;
      return make_error(cause, std::string(text.substr(0, 200)));
    }
    return std::nullopt;
  }

  /// "DPP-CONN-STATUS-RESULT result=0 ssid=home channel_list=81/6", or "… timeout".
  static Result<bool> joined(std::string_view text) {
    constexpr std::string_view name = "result=";
    const auto at = text.find(name);
    if (at == std::string_view::npos) return false;
    unsigned number = 0;
    const std::string_view digits = text.substr(at + name.size());
    const auto end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, number).ec != std::errc() || number > 255)
      return violation("a connection's status without its result");
    AIOT_CHECK(check_connection(static_cast<Status>(number)));
    return true;
  }

  net::WpaControl& control_;
  net::Clock& clock_;
  Flow& flow_;
  std::string peer_;
  std::string configurator_;
  bool sent_ = false;
};

}  // namespace

net::Task<Enrolled> configure_by_radio(net::WpaControl& control, std::string code,
                                       WifiCredentials wifi, net::Clock& clock, Flow& flow) {
  AIOT_CO_TRY(std::string conf, conf_of(wifi));
  RadioSession session(control, clock, flow);
  Result<Enrolled> enrolled = co_await session.run(std::move(code), std::move(conf));
  co_await net::asio::this_coro::reset_cancellation_state();
  co_await session.clean_up();
  co_return enrolled;
}

}  // namespace aiot::dpp
