#include "protocol/improv/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aiot::improv {
namespace {

using namespace std::chrono_literals;
using provisioning::Errc;
using provisioning::Flow;
using provisioning::Stage;
using provisioning::WifiCredentials;

/// A serial port's adapter resets some boards when it is opened.
constexpr auto detect_patience = 10s;
/// The documents suggest to devices that an authorization ends after a minute.
constexpr auto button_patience = 60s;
/// Between the state "provisioned" and the result with the URL.
constexpr auto url_patience = 2s;
constexpr std::size_t most_networks = 256;

std::string at(const std::vector<std::string>& strings, std::size_t i) {
  return i < strings.size() ? strings[i] : std::string();
}

pair::VisibleNetwork network_of(const std::vector<std::string>& strings, std::size_t i) {
  pair::VisibleNetwork out;
  out.ssid = at(strings, i);
  const std::string rssi = at(strings, i + 1);
  std::from_chars(rssi.data(), rssi.data() + rssi.size(), out.rssi_dbm);
  const std::string security = at(strings, i + 2);
  // Serial devices say whether, BLE devices say how.
  if (security == "NO") out.security = "open";
  if (security != "NO" && security != "YES") out.security = security;
  return out;
}

/// The host of "http://192.168.1.7/…", when it is an address.
std::string ip_of(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  std::string_view host = url.substr(begin + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  host = host.substr(0, host.find(':'));
  const bool numeric = !host.empty() && host.find_first_not_of("0123456789.") == host.npos;
  return numeric ? std::string(host) : std::string();
}

}  // namespace

Error Session::explain(Error error, std::string step) const {
  if (error.code == net::Errc::timed_out) {
    if (line_.saw_other_version())
      return make_error(Errc::unsupported_version, std::move(step), "update the device's firmware");
    return make_error(Errc::no_reply, std::move(step), "restart the device, and try again");
  }
  if (error.code == net::Errc::link_lost)
    return make_error(Errc::link_lost, std::move(step), "check the cable and the power supply");
  return std::move(error).with(step);
}

Error Session::refusal(Failure failure, std::string step) const {
  if (failure == Failure::not_authorized) {
    return make_error(Errc::window_closed, std::move(step),
                      state_ == State::provisioned
                          ? "reset the device to its factory settings, and try again"
                          : "press the button of the device, and try again");
  }
  return make_error(Errc::device_refused, std::move(step))
      .with_peer_text(std::string(failure_name(failure)));
}

net::Task<Report> Session::next(net::TimePoint deadline, std::string step) {
  Result<Report> report = co_await line_.receive(deadline);
  if (!report) co_return explain(std::move(report).error(), std::move(step));
  if (report->kind == Report::Kind::state) state_ = report->state;
  if (report->kind == Report::Kind::result && report->result.command == Command::state)
    url_ = at(report->result.strings, 0).substr(0, 255);
  co_return report;
}

net::Task<State> Session::detect(net::Duration patience) {
  const net::TimePoint end = line_.clock().now() + patience;
  unsigned requests = 0;
  for (;;) {
    const net::TimePoint round = std::min(end, line_.clock().now() + ask_again);
    Result<void> asked = co_await line_.ask_state(end);
    if (!asked) co_return explain(std::move(asked).error(), "asking for the state");
    ++requests;
    for (;;) {
      Result<Report> report = co_await line_.receive(round);
      if (report && report->kind == Report::Kind::state) {
        state_ = report->state;
        co_return state_;
      }
      if (report) continue;
      if (report.error().code != net::Errc::timed_out)
        co_return explain(std::move(report).error(), "asking for the state");
      if (line_.clock().now() < end) break;
      Error error = explain(std::move(report).error(),
                            fmt::format("asking for the state {} times", requests));
      if (error.code == Errc::no_reply)
        error.hint = "check the baud rate, and that the firmware has Improv Wi-Fi";
      co_return error;
    }
  }
}

net::Task<void> Session::wait_until_ready(net::Duration patience, Flow& flow) {
  const net::TimePoint end = line_.clock().now() + patience;
  if (state_ == State::awaiting_authorization) {
    flow.log("the device waits for a press of its button");
    // It blinks or beeps: somebody has to find it among others.
    if (line_.can_identify()) {
      Result<void> sent = co_await line_.send(Command::identify, {}, end);
      if (!sent) co_return explain(std::move(sent).error(), "identify");
    }
  }
  while (state_ != State::ready && state_ != State::provisioned) {
    if (state_ == State::stopped) {
      co_return make_error(Errc::window_closed, "its Wi-Fi setup is stopped",
                           "start the setup on the device, and try again");
    }
    const bool button = state_ == State::awaiting_authorization;
    Result<Report> report = co_await next(end, "waiting until it takes credentials");
    if (report) continue;
    if (report.error().code != Errc::no_reply || !button) co_return std::move(report).error();
    co_return make_error(Errc::window_closed, "nobody has pressed its button",
                         "press the button of the device, and try again");
  }
  co_return Result<void>();
}

net::Task<Answer> Session::call(Command command, Bytes data, net::Duration patience) {
  const net::TimePoint end = line_.clock().now() + patience;
  const std::string step = fmt::format("command {}", static_cast<unsigned>(command));
  Result<void> sent = co_await line_.send(command, std::move(data), end);
  if (!sent) co_return explain(std::move(sent).error(), step);
  Answer out;
  for (;;) {
    Result<Report> report = co_await next(end, step);
    if (!report) co_return std::move(report).error();
    if (report->kind == Report::Kind::failure && report->failure != Failure::none) {
      out.failure = report->failure;
      co_return out;
    }
    if (report->kind == Report::Kind::result && report->result.command == command) {
      out.strings = std::move(report->result.strings);
      co_return out;
    }
  }
}

net::Task<DeviceInfo> Session::info() {
  DeviceInfo out;
  Result<Answer> answer = co_await call(Command::info);
  if (!answer) co_return std::move(answer).error().with("asking what it is");
  if (answer->failure == Failure::unknown_command) co_return out;
  if (answer->failure != Failure::none) co_return refusal(answer->failure, "asking what it is");
  const std::vector<std::string>& strings = answer->strings;
  if (strings.size() < 4)
    co_return make_error(Errc::protocol_violated, "it does not say what it is");
  out = {strings[0], strings[1], strings[2], strings[3], at(strings, 4), at(strings, 5)};
  co_return out;
}

net::Task<std::vector<pair::VisibleNetwork>> Session::scan() {
  std::vector<pair::VisibleNetwork> out;
  const net::TimePoint end = line_.clock().now() + reply_patience;
  const std::string step = "scanning for networks";
  Result<Answer> answer = co_await call(Command::scan);
  if (!answer) co_return std::move(answer).error().with(step);
  if (answer->failure != Failure::none) co_return refusal(answer->failure, step);
  if (line_.is_ble()) {
    for (std::size_t i = 0; i + 3 <= answer->strings.size(); i += 3)
      out.push_back(network_of(answer->strings, i));
    co_return out;
  }
  std::vector<std::string> strings = std::move(answer->strings);
  while (!strings.empty()) {
    if (out.size() == most_networks)
      co_return make_error(Errc::protocol_violated, "a list of networks without end");
    out.push_back(network_of(strings, 0));
    strings.clear();
    for (bool more = false; !more;) {
      Result<Report> report = co_await next(end, step);
      if (!report) co_return std::move(report).error();
      if (report->kind == Report::Kind::failure && report->failure != Failure::none)
        co_return refusal(report->failure, step);
      more = report->kind == Report::Kind::result && report->result.command == Command::scan;
      if (more) strings = std::move(report->result.strings);
    }
  }
  co_return out;
}

net::Task<std::string> Session::text(Command command, std::string wanted, std::string step) {
  if (wanted.size() > 253)
    co_return make_error(Errc::device_refused, step + ": more than 253 bytes");
  Bytes data(wanted.begin(), wanted.end());
  Result<Answer> answer = co_await call(command, std::move(data));
  if (!answer) co_return std::move(answer).error().with(step);
  if (answer->failure != Failure::none) co_return refusal(answer->failure, std::move(step));
  co_return at(answer->strings, 0);
}

net::Task<std::string> Session::hostname(std::string wanted) {
  co_return co_await text(Command::hostname, std::move(wanted), "hostname");
}

net::Task<std::string> Session::name(std::string wanted) {
  co_return co_await text(Command::name, std::move(wanted), "device name");
}

net::Task<std::string> Session::join(const WifiCredentials& wifi, Flow& flow) {
  Bytes data = encode_settings(wifi.ssid, wifi.password);
  if (wifi.ssid.empty() || wifi.ssid.size() > 32 || wifi.password.size() > 64)
    co_return make_error(Errc::bad_wifi, "a name of 1 to 32 bytes, a password of up to 64");
  net::TimePoint end = line_.clock().now() + reply_patience;
  Result<void> sent = co_await line_.send(Command::settings, std::move(data), end);
  if (!sent) co_return explain(std::move(sent).error(), "sending the credentials");
  bool taken = false;
  bool joined = false;
  const auto take = [&] {
    if (!taken) flow.reached(Stage::credentials_sent);
    taken = true;
  };
  for (;;) {
    Result<Report> report =
        co_await next(end, taken ? "waiting until it has joined" : "sending the credentials");
    if (!report) {
      // The state has said it; the result only adds where to go on. BLE devices stop their service.
      const bool over =
          report.error().code == Errc::no_reply || report.error().code == Errc::link_lost;
      if (joined && over) co_return std::string();
      if (report.error().code == Errc::link_lost && taken)
        report.error().hint = "see whether the device is on the network";
      co_return std::move(report).error();
    }
    switch (report->kind) {
      case Report::Kind::failure:
        if (report->failure == Failure::none) {
          take();
        } else if (report->failure == Failure::cannot_connect) {
          take();
          co_return make_error(Errc::network_refused, {},
                               "check the password, and the distance to the access point");
        } else {
          co_return refusal(report->failure, "sending the credentials");
        }
        break;
      case Report::Kind::state:
        if (report->state == State::provisioning) take();
        if (report->state == State::provisioned && taken && !joined) {
          joined = true;
          flow.reached(Stage::joined);
          end = std::min(end, line_.clock().now() + url_patience);
        }
        break;
      case Report::Kind::result:
        if (report->result.command != Command::settings) break;
        take();
        if (!joined) flow.reached(Stage::joined);
        co_return at(report->result.strings, 0);
    }
  }
}

net::Task<void> provision(Session& session, const WifiCredentials& wifi, Flow& flow,
                          pair::PairResult& result) {
  Result<State> state = co_await session.detect(detect_patience);
  if (!state) co_return std::move(state).error();
  flow.reached(Stage::found);
  flow.reached(Stage::connected);
  flow.log(fmt::format("state: {}", state_name(*state)));
  Result<void> ready = co_await session.wait_until_ready(button_patience, flow);
  AIOT_CO_CHECK(std::move(ready));
  Result<DeviceInfo> info = co_await session.info();
  if (!info) co_return std::move(info).error();
  result.name = info->name;
  result.model = info->hardware;
  result.firmware = info->firmware;
  if (!info->version.empty()) result.firmware += " " + info->version;
  flow.reached(Stage::authenticated);
  Result<std::vector<pair::VisibleNetwork>> networks = co_await session.scan();
  if (networks) {
    result.networks = *std::move(networks);
  } else if (networks.error().code != Errc::device_refused) {
    co_return std::move(networks).error();
  }
  Result<std::string> url = co_await session.join(wifi, flow);
  if (!url) {
    Error error = std::move(url).error();
    const bool seen = std::ranges::any_of(
        result.networks, [&](const pair::VisibleNetwork& one) { return one.ssid == wifi.ssid; });
    // The device does not distinguish the two; its own list does.
    if (error.code == Errc::network_refused && !seen && !result.networks.empty() && !wifi.hidden) {
      error = make_error(Errc::network_not_found,
                         fmt::format("it sees {} others", result.networks.size()),
                         "check the name, and that the network is on a band of the device");
    }
    co_return error;
  }
  result.ssid = wifi.ssid;
  result.url = *std::move(url);
  result.ip = ip_of(result.url);
  co_return Result<void>();
}

}  // namespace aiot::improv
