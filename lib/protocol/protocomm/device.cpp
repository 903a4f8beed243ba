#include "protocol/protocomm/device.hpp"

#include <algorithm>

namespace aiot::protocomm {
namespace {

using provisioning::FaultKind;
using provisioning::Stage;

/// More than one answer of wifi_scan.c has.
constexpr std::uint32_t most_results = 16;

/// The stage that a request leads to; nothing for those that lead to none.
std::optional<Stage> stage_of(std::string_view endpoint) {
  if (endpoint == "proto-ver") return Stage::found;
  if (endpoint == "prov-session") return Stage::authenticated;
  return std::nullopt;
}
Stage stage_of(ConfigMessage::Kind kind) {
  return kind == ConfigMessage::Kind::get_status ? Stage::joined : Stage::credentials_sent;
}

}  // namespace

Device::Device(DeviceOptions options, Random random)
    : options_(std::move(options)), random_(std::move(random)) {
  if (has(FaultKind::wrong_state))
    join_ = Join{options_.wifi.ssid.empty() ? "earlier" : options_.wifi.ssid, net::TimePoint(),
                 Outcome::connected};
  new_session();
}

void Device::new_session() {
  handshake_ = std::make_unique<DeviceHandshake>(options_.credentials, random_);
}

Version Device::version() const {
  Version out;
  out.version = "v1.1";
  const Credentials& credentials = options_.credentials;
  if (options_.tells_security) {
    out.security = credentials.security;
    out.patch = credentials.patch;
  }
  if (credentials.security == 0) out.capabilities.emplace_back("no_sec");
  if (credentials.security == 1 && credentials.proof.empty())
    out.capabilities.emplace_back("no_pop");
  out.capabilities.emplace_back("wifi_scan");
  return out;
}

std::optional<Reply> Device::fault_at(Stage stage) const {
  const auto has_at = [&](FaultKind kind) {
    // Nothing leads to "connected" alone, and a device does not know when it is confirmed.
    return provisioning::has_fault(options_.faults, kind, stage) ||
           (stage == Stage::found &&
            provisioning::has_fault(options_.faults, kind, Stage::connected));
  };
  if (has_at(FaultKind::silent)) return Reply{Reply::Kind::silence};
  if (has_at(FaultKind::drop)) return Reply{Reply::Kind::lost};
  if (has_at(FaultKind::garbage)) return Reply{Reply::Kind::answer, Bytes(24, 0xFF)};
  return std::nullopt;
}

Reply Device::on_request(net::TimePoint now, std::string_view endpoint, ByteSpan body) {
  if (std::ranges::find(endpoints, endpoint) == endpoints.end()) return {Reply::Kind::no_endpoint};
  if (body.empty()) return {Reply::Kind::dropped};
  if (const auto stage = stage_of(endpoint)) {
    if (auto fault = fault_at(*stage)) return *fault;
  }
  const auto answer = [](std::optional<Bytes> bytes) {
    return bytes ? Reply{Reply::Kind::answer, *std::move(bytes)} : Reply{Reply::Kind::dropped};
  };
  if (endpoint == "proto-ver") {
    const std::string text = encode(version());
    return {Reply::Kind::answer, Bytes(text.begin(), text.end())};
  }
  if (endpoint == "prov-session") return answer(handshake_->on_request(body));
  Cipher* cipher = handshake_->cipher();
  if (cipher == nullptr) return {Reply::Kind::dropped};
  const Result<Bytes> text = cipher->open(body);
  if (!text) return {Reply::Kind::dropped};
  std::optional<Bytes> plain;
  if (endpoint == "prov-config") {
    const Result<ConfigMessage> message = decode_config(*text);
    if (message) {
      if (auto fault = fault_at(stage_of(message->kind))) return *fault;
      if (has_vanished(now)) return {Reply::Kind::lost};
    }
    plain = on_config(now, *text);
  } else if (endpoint == "prov-scan") {
    plain = on_scan(*text);
  } else if (endpoint == "prov-ctrl") {
    plain = on_control(now, *text);
  } else {
    constexpr std::string_view words = "SUCCESS";  // of Espressif's example
    plain = Bytes(words.begin(), words.end());
  }
  if (!plain) return {Reply::Kind::dropped};
  const Result<Bytes> sealed = cipher->seal(*plain);
  return answer(sealed ? std::optional(*sealed) : std::nullopt);
}

Device::Outcome Device::outcome_of(const ConfigMessage& set) const {
  if (has(FaultKind::no_network)) return Outcome::not_found;
  if (has(FaultKind::refuse_password)) return Outcome::auth_error;
  if (has(FaultKind::no_address)) return Outcome::connecting;
  if (options_.wifi.ssid.empty()) return Outcome::connected;
  if (set.ssid != options_.wifi.ssid) return Outcome::not_found;
  return set.passphrase == options_.wifi.password ? Outcome::connected : Outcome::auth_error;
}

WifiStatus Device::status(net::TimePoint now) const {
  WifiStatus out;
  out.state = StationState::connecting;
  if (!join_ || now < join_->done_at) return out;
  switch (join_->outcome) {
    case Outcome::connecting: break;
    case Outcome::connected:
      out.state = StationState::connected;
      out.ip = options_.ip;
      out.network.ssid = join_->ssid;
      out.network.bssid = "02:00:00:00:00:01";
      out.network.channel = 6;
      out.network.security = "wpa2";
      break;
    case Outcome::auth_error:
      out.state = StationState::failed;
      out.fail = FailReason::auth_error;
      break;
    case Outcome::not_found:
      out.state = StationState::failed;
      out.fail = FailReason::network_not_found;
      break;
  }
  return out;
}

std::string Device::joined(net::TimePoint now) const {
  return status(now).state == StationState::connected ? join_->ssid : std::string();
}

bool Device::has_vanished(net::TimePoint now) const {
  return has(FaultKind::vanish) && !joined(now).empty();
}

std::optional<Bytes> Device::on_config(net::TimePoint now, ByteSpan body) {
  using Kind = ConfigMessage::Kind;
  Result<ConfigMessage> message = decode_config(body);
  if (!message) return std::nullopt;
  ConfigMessage answer;
  answer.kind = static_cast<Kind>(static_cast<int>(message->kind) + 1);
  switch (message->kind) {
    case Kind::get_status: answer.wifi = status(now); break;
    case Kind::set:
      if (message->ssid.size() > longest_ssid_bytes ||
          message->passphrase.size() > longest_password_bytes) {
        answer.status = Status::bad_argument;
      } else {
        set_ = *std::move(message);
      }
      break;
    case Kind::apply:
      if (!set_ || join_) {
        answer.status = Status::internal;
      } else {
        join_ = Join{set_->ssid, now + options_.join_takes, outcome_of(*set_)};
      }
      set_.reset();
      break;
    default: return std::nullopt;
  }
  return encode(answer);
}

std::optional<Bytes> Device::on_scan(ByteSpan body) {
  using Kind = ScanMessage::Kind;
  const Result<ScanMessage> message = decode_scan(body);
  if (!message) return std::nullopt;
  std::vector<pair::VisibleNetwork> seen = options_.networks;
  if (!options_.wifi.ssid.empty() && !has(FaultKind::no_network))
    seen.push_back({options_.wifi.ssid, "02:00:00:00:00:01", 6, -50, "wpa2"});
  ScanMessage answer;
  answer.kind = static_cast<Kind>(static_cast<int>(message->kind) + 1);
  switch (message->kind) {
    case Kind::start: break;
    case Kind::get_status:
      answer.finished = true;
      answer.count = static_cast<std::uint32_t>(seen.size());
      break;
    case Kind::get_result:
      if (message->count > most_results) return std::nullopt;
      for (std::uint32_t i = 0; i < message->count; ++i) {
        const std::uint64_t index = std::uint64_t{message->start} + i;
        if (index >= seen.size()) {
          answer.status = Status::internal;
          break;
        }
        answer.networks.push_back(seen[index]);
      }
      break;
    default: return std::nullopt;
  }
  return encode(answer);
}

std::optional<Bytes> Device::on_control(net::TimePoint now, ByteSpan body) {
  using Kind = ControlMessage::Kind;
  const Result<ControlMessage> message = decode_control(body);
  if (!message) return std::nullopt;
  ControlMessage answer;
  answer.kind = static_cast<Kind>(static_cast<int>(message->kind) + 1);
  const StationState state = status(now).state;
  bool allowed = false;
  if (message->kind == Kind::reset) {
    allowed = state == StationState::failed;
  } else if (message->kind == Kind::reprovision) {
    allowed = options_.keeps_running && state == StationState::connected;
  } else {
    return std::nullopt;
  }
  if (allowed) join_.reset();
  answer.status = allowed ? Status::success : Status::internal;
  return encode(answer);
}

}  // namespace aiot::protocomm
