#include "protocol/protocomm/session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::protocomm {
namespace {

using provisioning::Errc;
using provisioning::Stage;

constexpr unsigned newest_security = 2;
/// Between two questions for the status: a device on the same machine answers at once.
constexpr std::chrono::milliseconds poll_pause(10);
/// For what is only tidied up after a failure.
constexpr std::chrono::milliseconds tidy_time(2000);

std::string hint_for(Errc cause) {
  switch (cause) {
    case Errc::superseded:
      return "close the other program or phone that is connected to the device, and try again";
    case Errc::wrong_proof: return "check the proof of possession on the device's label";
    case Errc::missing_secret: return "give the proof of possession that is printed on the device";
    case Errc::no_reply: return "check that the device is still in range, and try again";
    default: return {};
  }
}

Error failure(Errc cause, std::string context = {}, std::string hint = {}) {
  return make_error(cause, std::move(context), hint.empty() ? hint_for(cause) : std::move(hint));
}

/// The cause of a transport's error. What a user has cancelled stays so.
Error by_cause(const Error& error, std::string_view step, Errc when_refused) {
  const auto named = [&](Errc cause) {
    std::string context(step);
    if (!error.context.empty()) context += ": " + error.context;
    return failure(cause, std::move(context), error.hint);
  };
  if (error.code == net::Errc::cancelled) return error;
  if (error.code == net::Errc::refused) return named(when_refused);
  if (error.code == net::Errc::timed_out) return named(Errc::no_reply);
  if (error.code == net::Errc::not_supported) return named(Errc::unsupported_version);
  if (error.code == net::Errc::protocol) return named(Errc::protocol_violated);
  return named(Errc::link_lost);
}

Error refused_with(Status status, std::string_view step) {
  return failure(Errc::device_refused, std::string(step))
      .with_peer_text(std::string(name_of(status)));
}

Error answers_another(std::string_view step) {
  return failure(Errc::protocol_violated, fmt::format("{} answers another question", step));
}

}  // namespace

Session::Session(EndpointTransport& transport, provisioning::Flow& flow, Random random,
                 Patience patience)
    : transport_(transport), flow_(flow), random_(std::move(random)), patience_(patience) {}

net::Task<Bytes> Session::exchange(std::string_view endpoint, ByteSpan body,
                                   std::chrono::milliseconds time, Errc when_refused) {
  const net::TimePoint deadline = in(time);
  Result<Bytes> answer = co_await transport_.exchange(endpoint, body, deadline);
  if (!answer) co_return by_cause(answer.error(), endpoint, when_refused);
  co_return answer;
}

net::Task<Bytes> Session::sealed(std::string_view endpoint, Bytes body,
                                 std::chrono::milliseconds time) {
  Result<Bytes> request = cipher_->seal(body);
  if (!request) co_return std::move(request).error();
  Result<Bytes> answer = co_await exchange(endpoint, *request, time, transport_.cause_of_drop());
  if (!answer) co_return std::move(answer).error();
  co_return cipher_->open(*answer).with(endpoint);
}

net::Task<Version> Session::ask_version() {
  // A device answers no empty request.
  Result<Bytes> answer = co_await exchange("proto-ver", as_bytes("---"), patience_.request,
                                           transport_.cause_of_drop());
  if (!answer) co_return std::move(answer).error();
  AIOT_CO_TRY(version_, decode_version(to_string(*answer)));
  flow_.log(fmt::format("version {}, security {}, patch {}", escape_controls(version_.version),
                        version_.scheme(), version_.patch));
  co_return version_;
}

net::Task<Bytes> Session::open_session(Bytes command0) {
  // A device drops the first command of another scheme than its own.
  const Errc when_refused =
      version_.security ? transport_.cause_of_drop() : Errc::unsupported_version;
  Result<Bytes> answer =
      co_await exchange("prov-session", command0, patience_.handshake, when_refused);
  if (answer || answer.error().code != make_error_code(when_refused)) co_return answer;
  // Or one that comes in what is left of an earlier session.
  flow_.log("the device dropped the first request: again, on a new connection");
  const net::TimePoint deadline = in(patience_.request);
  Result<void> again = co_await transport_.restart(deadline);
  if (!again) co_return by_cause(again.error(), "connecting again", Errc::link_lost);
  answer = co_await exchange("prov-session", command0, patience_.handshake, when_refused);
  co_return answer;
}

net::Task<void> Session::shake_hands(const Credentials& credentials) {
  HostHandshake handshake(credentials, random_);
  other_form_ = false;
  Result<Bytes> response0 = co_await open_session(handshake.command0());
  if (!response0) co_return std::move(response0).error();
  Result<std::optional<Bytes>> command1 = handshake.command1(*response0);
  if (!command1) co_return std::move(command1).error();
  Bytes response1;
  if (*command1) {
    // What a device does with a proof that it cannot verify; a link over BLE may be lost with it.
    const Errc when_refused = credentials.proof.empty() ? Errc::missing_secret : Errc::wrong_proof;
    Result<Bytes> answer =
        co_await exchange("prov-session", **command1, patience_.handshake, when_refused);
    if (!answer) {
      other_form_ = handshake.has_other_form();
      if (answer.error().code == make_error_code(Errc::link_lost))
        co_return failure(when_refused, "prov-session");
      co_return std::move(answer).error();
    }
    response1 = *std::move(answer);
  }
  AIOT_CO_TRY(cipher_, handshake.finish(response1));
  co_return Result<void>();
}

net::Task<void> Session::authenticate(provisioning::Secrets secrets) {
  Credentials credentials;
  credentials.security = version_.scheme();
  credentials.patch = version_.patch;
  credentials.username = secrets.username;
  credentials.proof = secrets.proof;
  if (credentials.security > newest_security) {
    co_return failure(Errc::unsupported_version,
                      fmt::format("security scheme {}", credentials.security));
  }
  if (credentials.security == 1 && version_.has("no_pop")) credentials.proof.clear();
  if (credentials.security == 2 && credentials.username.empty()) {
    co_return failure(Errc::missing_secret, "the user name of security 2",
                      "give the user name; Espressif's examples use wifiprov");
  }
  Result<void> done = co_await shake_hands(credentials);
  if (!done && done.error().code == make_error_code(Errc::wrong_proof) && other_form_) {
    flow_.log("the device dropped the proof: again, with the other form of its verifier");
    const net::TimePoint deadline = in(patience_.request);
    Result<void> again = co_await transport_.restart(deadline);
    if (!again) co_return done;
    credentials.form = crypto::SrpVerifierForm::numbers;
    done = co_await shake_hands(credentials);
  }
  co_return done;
}

net::Task<ScanMessage> Session::scan_step(ScanMessage message, ScanMessage::Kind reply) {
  const std::chrono::milliseconds time = message.blocking ? patience_.scan : patience_.request;
  Result<Bytes> answer = co_await sealed("prov-scan", encode(message), time);
  if (!answer) co_return std::move(answer).error();
  Result<ScanMessage> out = decode_scan(*answer);
  if (!out) co_return std::move(out).error();
  if (out->kind != reply) co_return answers_another("prov-scan");
  if (out->status != Status::success) co_return refused_with(out->status, "prov-scan");
  co_return out;
}

net::Task<std::vector<pair::VisibleNetwork>> Session::scan() {
  using Kind = ScanMessage::Kind;
  ScanMessage start;
  start.blocking = true;
  start.group_channels = 5;  // the phone gets its turn between: esp_prov's values
  start.period_ms = 120;
  const net::TimePoint deadline = in(patience_.scan);
  Result<ScanMessage> started = co_await scan_step(start, Kind::started);
  if (!started) co_return std::move(started).error();
  ScanMessage ask;
  std::uint32_t count = 0;
  for (;;) {
    ask.kind = Kind::get_status;
    Result<ScanMessage> status = co_await scan_step(ask, Kind::status);
    if (!status) co_return std::move(status).error();
    count = status->count;
    if (status->finished) break;
    if (transport_.clock().now() >= deadline) co_return failure(Errc::no_reply, "prov-scan");
    Result<void> slept = co_await transport_.clock().sleep_for(poll_pause);
    if (!slept) co_return std::move(slept).error();
  }
  if (count > most_networks)
    co_return failure(Errc::protocol_violated, fmt::format("prov-scan: {} networks", count));
  std::vector<pair::VisibleNetwork> out;
  while (out.size() < count) {
    ask.kind = Kind::get_result;
    ask.start = static_cast<std::uint32_t>(out.size());
    ask.count = std::min(transport_.scan_page(), count - ask.start);
    Result<ScanMessage> page = co_await scan_step(ask, Kind::result);
    if (!page) co_return std::move(page).error();
    if (page->networks.empty() || page->networks.size() > ask.count)
      co_return failure(Errc::protocol_violated, "prov-scan: another number of networks");
    std::ranges::move(page->networks, std::back_inserter(out));
  }
  std::ranges::stable_sort(out, std::greater<>(), &pair::VisibleNetwork::rssi_dbm);
  co_return out;
}

net::Task<Bytes> Session::ask(std::string endpoint, Bytes body) {
  Result<Bytes> answer = co_await sealed(endpoint, std::move(body), patience_.request);
  if (!answer && answer.error().code == make_error_code(Errc::unsupported_version))
    co_return failure(Errc::device_refused, fmt::format("no endpoint {}", endpoint));
  co_return answer;
}

net::Task<ConfigMessage> Session::config(ConfigMessage message, ConfigMessage::Kind reply) {
  Result<Bytes> answer = co_await sealed("prov-config", encode(message), patience_.request);
  if (!answer) co_return std::move(answer).error();
  Result<ConfigMessage> out = decode_config(*answer);
  if (out && out->kind != reply) co_return answers_another("prov-config");
  co_return out;
}

net::Task<void> Session::control(ControlMessage::Kind kind) {
  ControlMessage message;
  message.kind = kind;
  Result<Bytes> answer = co_await sealed("prov-ctrl", encode(message), tidy_time);
  if (!answer) co_return std::move(answer).error();
  const Result<ControlMessage> done = decode_control(*answer);
  if (!done) co_return Error(done.error());
  if (static_cast<int>(done->kind) != static_cast<int>(kind) + 1)
    co_return answers_another("prov-ctrl");
  if (done->status != Status::success) co_return refused_with(done->status, "prov-ctrl");
  co_return Result<void>();
}

net::Task<Status> Session::set_and_apply(const provisioning::WifiCredentials& wifi) {
  using Kind = ConfigMessage::Kind;
  ConfigMessage message;
  message.kind = Kind::set;
  message.ssid = wifi.ssid;
  message.passphrase = wifi.password;
  Result<ConfigMessage> set = co_await config(message, Kind::set_done);
  if (!set) co_return std::move(set).error();
  if (set->status != Status::success) co_return set->status;
  ConfigMessage apply;
  apply.kind = Kind::apply;
  Result<ConfigMessage> applied = co_await config(apply, Kind::applied);
  if (!applied) co_return std::move(applied).error();
  co_return applied->status;
}

net::Task<void> Session::make_ready() {
  Result<WifiStatus> earlier = co_await wait_for_join();
  const Errc busy = Errc::window_closed;
  if (!earlier && earlier.error().code == make_error_code(Errc::no_address)) {
    co_return failure(busy, "the device goes on joining an earlier network",
                      "switch the device off and on, and try again");
  }
  if (!earlier) co_return std::move(earlier).error();
  const bool joined = earlier->state == StationState::connected;
  Result<void> ready =
      co_await control(joined ? ControlMessage::Kind::reprovision : ControlMessage::Kind::reset);
  if (ready || ready.error().code == net::Errc::cancelled) co_return ready;
  co_return failure(busy,
                    joined ? "the device has joined a network already"
                           : "the device keeps the credentials that it was given",
                    "reset the device to its factory settings, and try again");
}

net::Task<void> Session::configure(provisioning::WifiCredentials wifi) {
  if (wifi.ssid.empty() || wifi.ssid.size() > longest_ssid_bytes)
    co_return failure(Errc::bad_wifi, "the network's name has 1 to 32 bytes");
  if (wifi.password.size() > longest_password_bytes) {
    co_return failure(Errc::bad_wifi, "ESP devices take passwords of up to 63 bytes",
                      "give the password, and not the key made from it");
  }
  Result<Status> done = co_await set_and_apply(wifi);
  if (done && *done == Status::internal) {
    flow_.log("the device does not take credentials in its present state");
    Result<void> ready = co_await make_ready();
    if (!ready) co_return std::move(ready).error();
    done = co_await set_and_apply(wifi);
  }
  if (!done) co_return std::move(done).error();
  if (*done == Status::bad_argument)
    co_return failure(Errc::bad_wifi).with_peer_text(std::string(name_of(*done)));
  if (*done != Status::success) co_return refused_with(*done, "prov-config");
  co_return Result<void>();
}

net::Task<WifiStatus> Session::wait_for_join() {
  const net::TimePoint deadline = in(patience_.join);
  std::optional<std::uint32_t> told;
  for (;;) {
    ConfigMessage message;
    Result<ConfigMessage> status = co_await config(message, ConfigMessage::Kind::status);
    if (!status) co_return std::move(status).error();
    if (status->status != Status::success) co_return refused_with(status->status, "prov-config");
    const WifiStatus& wifi = status->wifi;
    if (wifi.state == StationState::connected || wifi.state == StationState::failed) co_return wifi;
    if (wifi.attempts_remaining && wifi.attempts_remaining != told) {
      told = wifi.attempts_remaining;
      flow_.log(fmt::format("an attempt to join failed, {} left", *told));
    }
    if (transport_.clock().now() >= deadline) {
      co_return failure(Errc::no_address, "the device goes on connecting",
                        "check the network's DHCP server, and that it accepts the device");
    }
    Result<void> slept = co_await transport_.clock().sleep_for(poll_pause);
    if (!slept) co_return std::move(slept).error();
  }
}

net::Task<WifiStatus> Session::join() {
  Result<WifiStatus> wifi = co_await wait_for_join();
  if (!wifi) {
    Error error = std::move(wifi).error();
    const bool left = error.code == make_error_code(Errc::superseded) ||
                      error.code == make_error_code(Errc::link_lost) ||
                      error.code == make_error_code(Errc::no_reply);
    // Its access point may go with the join, before the answer that reports it.
    if (left) {
      error.hint += (error.hint.empty() ? "" : "; ");
      error.hint += "look for the device on the target network: it may have joined";
    }
    co_return error;
  }
  if (wifi->state == StationState::connected) co_return wifi;
  const bool refused = wifi->fail.value_or(FailReason::auth_error) == FailReason::auth_error;
  Error error = failure(refused ? Errc::network_refused : Errc::network_not_found, {},
                        refused ? "check the password, and the signal where the device is"
                                : "check the network's name, and that it has a 2.4 GHz band");
  const Result<void> ready = co_await control(ControlMessage::Kind::reset);
  if (!ready && ready.error().code == net::Errc::cancelled) co_return Error(ready.error());
  if (!ready) error.hint += "; switch the device off and on before the next try";
  co_return error;
}

net::Task<void> provision(EndpointTransport& transport, const Plan& plan, provisioning::Flow& flow,
                          pair::PairResult& result, Random random) {
  Session session(transport, flow, std::move(random), plan.patience);
  Result<Version> version = co_await session.ask_version();
  if (!version) co_return std::move(version).error();
  flow.reached(Stage::found);
  flow.reached(Stage::connected);
  Result<void> authenticated = co_await session.authenticate(plan.secrets);
  if (!authenticated) co_return std::move(authenticated).error();
  flow.reached(Stage::authenticated);
  if (!plan.endpoint.empty()) {
    const ByteSpan data = as_bytes(plan.endpoint_data);
    Result<Bytes> reply = co_await session.ask(plan.endpoint, Bytes(data.begin(), data.end()));
    if (!reply) co_return std::move(reply).error();
    result.endpoint_reply = to_string(*reply);
  }
  Result<void> configured = co_await session.configure(plan.wifi);
  if (!configured) co_return std::move(configured).error();
  flow.reached(Stage::credentials_sent);
  Result<WifiStatus> wifi = co_await session.join();
  if (!wifi) {
    Error error = std::move(wifi).error();
    if (error.code == make_error_code(Errc::network_not_found) && version->has("wifi_scan")) {
      Result<std::vector<pair::VisibleNetwork>> seen = co_await session.scan();
      if (seen) result.networks = *std::move(seen);
    }
    co_return error;
  }
  flow.reached(Stage::joined);
  result.ip = wifi->ip;
  result.ssid = wifi->network.ssid.empty() ? plan.wifi.ssid : wifi->network.ssid;
  co_return Result<void>();
}

}  // namespace aiot::protocomm
