#include "protocol/protocomm/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "protocol/protocomm/protobuf.hpp"
#include "provisioning/error.hpp"

namespace aiot::protocomm {
namespace {

constexpr std::size_t longest_message_bytes = 64 * 1024;

constexpr std::array<std::string_view, 8> status_names = {
    "success",          "invalid security scheme", "invalid protocol", "too many sessions",
    "invalid argument", "internal error",          "crypto error",     "invalid session"};
/// Of wifi_constants.proto; what follows is shown by its number.
constexpr std::array<std::string_view, 8> security_names = {
    "open", "wep", "wpa", "wpa2", "wpa/wpa2", "wpa2-enterprise", "wpa3", "wpa2/wpa3"};

Error violated(std::string_view what) {
  return make_error(provisioning::Errc::protocol_violated, std::string(what));
}

/// Walks over a message and the messages in it.
template <class Take>
bool each_field(ByteSpan message, Take take) {
  if (message.size() > longest_message_bytes) return false;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (!take(*field)) return false;
  }
  return reader.ok();
}

bool take_bytes(const ProtobufField& field, Bytes& out) {
  if (!field.is_bytes) return false;
  out.assign(field.bytes.begin(), field.bytes.end());
  return true;
}
bool take_text(const ProtobufField& field, std::string& out) {
  if (!field.is_bytes) return false;
  out = to_string(field.bytes);
  return true;
}
bool take_number(const ProtobufField& field, std::uint32_t& out) {
  out = static_cast<std::uint32_t>(field.value);
  return !field.is_bytes;
}
bool take_flag(const ProtobufField& field, bool& out) {
  out = field.value != 0;
  return !field.is_bytes;
}
template <class E>
bool take_enum(const ProtobufField& field, E& out, E last) {
  out = static_cast<E>(field.value);
  return !field.is_bytes && field.value <= static_cast<std::uint64_t>(last);
}
bool take_status(const ProtobufField& field, Status& out) {
  return take_enum(field, out, Status::bad_session);
}

std::string security_name(std::uint64_t value) {
  return value < security_names.size() ? std::string(security_names[value])
                                       : fmt::format("type {}", value);
}
std::uint64_t security_value(std::string_view name) {
  const auto it = std::ranges::find(security_names, name);
  return static_cast<std::uint64_t>(it == security_names.end() ? 0 : it - security_names.begin());
}

/// The bytes of "aa:bb:cc:dd:ee:ff".
Bytes mac_bytes(std::string text) {
  std::ranges::replace(text, ':', ' ');
  return from_hex(text).value_or(Bytes());
}

/// The members of a handshake message, by where they are.
struct SessionField {
  unsigned security;
  SessionMessage::Step step;
  std::uint32_t number;
  Bytes SessionMessage::*member;
};
using Step = SessionMessage::Step;
constexpr std::array<SessionField, 12> session_fields = {{
    {1, Step::command0, 1, &SessionMessage::public_key},
    {1, Step::response0, 2, &SessionMessage::public_key},
    {1, Step::response0, 3, &SessionMessage::random},
    {1, Step::command1, 2, &SessionMessage::proof},
    {1, Step::response1, 3, &SessionMessage::proof},
    {2, Step::command0, 1, &SessionMessage::username},
    {2, Step::command0, 2, &SessionMessage::public_key},
    {2, Step::response0, 2, &SessionMessage::public_key},
    {2, Step::response0, 3, &SessionMessage::random},
    {2, Step::command1, 1, &SessionMessage::proof},
    {2, Step::response1, 2, &SessionMessage::proof},
    {2, Step::response1, 3, &SessionMessage::random},
}};
constexpr std::uint32_t session_payload = 10;  // + security
constexpr std::uint32_t session_step = 20;     // + step

bool is_response(Step step) { return step == Step::response0 || step == Step::response1; }

}  // namespace

std::string_view name_of(Status status) { return status_names[static_cast<std::size_t>(status)]; }

Bytes encode(const SessionMessage& message) {
  Bytes fields;
  if (is_response(message.step)) put_number(fields, 1, static_cast<std::uint64_t>(message.status));
  for (const SessionField& field : session_fields) {
    if (field.security == message.security && field.step == message.step)
      put_bytes(fields, field.number, message.*field.member);
  }
  const auto step = static_cast<std::uint32_t>(message.step);
  Bytes payload;
  put_number(payload, 1, step);
  put_message(payload, session_step + step, fields);
  Bytes out;
  put_number(out, 2, message.security);
  put_message(out, session_payload + message.security, payload);
  return out;
}

Result<SessionMessage> decode_session(ByteSpan bytes) {
  SessionMessage out;
  std::uint32_t scheme = 0;
  std::optional<std::uint32_t> payload_of;
  std::optional<std::uint32_t> step_of;
  const auto take_step = [&](const ProtobufField& field) {
    if (field.number == 1 && is_response(out.step)) return take_status(field, out.status);
    for (const SessionField& known : session_fields) {
      if (known.security == out.security && known.step == out.step && known.number == field.number)
        return take_bytes(field, out.*known.member);
    }
    return true;
  };
  const auto take_payload = [&](const ProtobufField& field) {
    if (field.number == 1) return take_enum(field, out.step, Step::response1);
    if (field.number < session_step || field.number > session_step + 3) return true;
    if (!field.is_bytes) return false;
    step_of = field.number - session_step;
    out.step = static_cast<Step>(*step_of);
    return each_field(field.bytes, take_step);
  };
  const bool good = each_field(bytes, [&](const ProtobufField& field) {
    if (field.number == 2) return take_number(field, scheme);
    if (field.number < session_payload || field.number > session_payload + 2) return true;
    if (!field.is_bytes) return false;
    payload_of = field.number - session_payload;
    out.security = *payload_of;
    return each_field(field.bytes, take_payload);
  });
  if (!good || !payload_of || scheme != *payload_of) return violated("a message of the handshake");
  // Some devices leave an empty step out (security 0).
  if (step_of && static_cast<Step>(*step_of) != out.step)
    return violated("a message of the handshake");
  return out;
}

namespace {

Bytes encode_status(const WifiStatus& wifi, Status status) {
  Bytes out;
  put_number(out, 1, static_cast<std::uint64_t>(status));
  put_number(out, 2, static_cast<std::uint64_t>(wifi.state));
  if (wifi.state == StationState::connected) {
    Bytes connected;
    put_bytes(connected, 1, as_bytes(wifi.ip));
    put_number(connected, 2, security_value(wifi.network.security));
    put_bytes(connected, 3, as_bytes(wifi.network.ssid));
    put_bytes(connected, 4, mac_bytes(wifi.network.bssid));
    put_number(connected, 5, wifi.network.channel);
    put_message(out, 11, connected);
  } else if (wifi.fail) {
    put_chosen_number(out, 10, static_cast<std::uint64_t>(*wifi.fail));
  } else if (wifi.attempts_remaining) {
    Bytes attempt;
    put_number(attempt, 1, *wifi.attempts_remaining);
    put_message(out, 12, attempt);
  }
  return out;
}

bool decode_network(ByteSpan bytes, pair::VisibleNetwork& out) {
  return each_field(bytes, [&](const ProtobufField& field) {
    switch (field.number) {
      case 1: return take_text(field, out.ssid);
      case 2: return take_number(field, out.channel);
      case 3: out.rssi_dbm = static_cast<std::int32_t>(field.value); return !field.is_bytes;
      case 4: out.bssid = to_hex(field.bytes, ":"); return field.is_bytes;
      case 5: out.security = security_name(field.value); return !field.is_bytes;
      default: return true;
    }
  });
}

bool decode_connected(ByteSpan bytes, WifiStatus& out) {
  return each_field(bytes, [&](const ProtobufField& field) {
    switch (field.number) {
      case 1: return take_text(field, out.ip);
      case 2: out.network.security = security_name(field.value); return !field.is_bytes;
      case 3: return take_text(field, out.network.ssid);
      case 4: out.network.bssid = to_hex(field.bytes, ":"); return field.is_bytes;
      case 5: return take_number(field, out.network.channel);
      default: return true;
    }
  });
}

bool decode_status(ByteSpan bytes, ConfigMessage& out) {
  WifiStatus& wifi = out.wifi;
  return each_field(bytes, [&](const ProtobufField& field) {
    switch (field.number) {
      case 1: return take_status(field, out.status);
      case 2: return take_enum(field, wifi.state, StationState::failed);
      case 10: return take_enum(field, wifi.fail.emplace(), FailReason::network_not_found);
      case 11: return field.is_bytes && decode_connected(field.bytes, wifi);
      case 12:
        wifi.attempts_remaining = 0;
        return field.is_bytes && each_field(field.bytes, [&](const ProtobufField& inner) {
                 return inner.number != 1 || take_number(inner, *wifi.attempts_remaining);
               });
      default: return true;
    }
  });
}

}  // namespace

Bytes encode(const ConfigMessage& message) {
  using Kind = ConfigMessage::Kind;
  Bytes fields;
  switch (message.kind) {
    case Kind::get_status:
    case Kind::apply: break;
    case Kind::status: fields = encode_status(message.wifi, message.status); break;
    case Kind::set:
      put_bytes(fields, 1, as_bytes(message.ssid));
      put_bytes(fields, 2, as_bytes(message.passphrase));
      put_bytes(fields, 3, message.bssid);
      put_number(fields, 4, message.channel);
      break;
    case Kind::set_done:
    case Kind::applied: put_number(fields, 1, static_cast<std::uint64_t>(message.status)); break;
  }
  const auto kind = static_cast<std::uint32_t>(message.kind);
  Bytes out;
  put_number(out, 1, kind);
  put_message(out, 10 + kind, fields);
  return out;
}

Result<ConfigMessage> decode_config(ByteSpan bytes) {
  using Kind = ConfigMessage::Kind;
  ConfigMessage out;
  std::optional<std::uint32_t> payload;
  const auto take_set = [&](const ProtobufField& field) {
    switch (field.number) {
      case 1: return take_text(field, out.ssid);
      case 2: return take_text(field, out.passphrase);
      case 3: return take_bytes(field, out.bssid);
      case 4: return take_number(field, out.channel);
      default: return true;
    }
  };
  const bool good = each_field(bytes, [&](const ProtobufField& field) {
    if (field.number == 1) return take_enum(field, out.kind, Kind::applied);
    if (field.number < 10 || field.number > 15) return true;
    if (!field.is_bytes) return false;
    payload = field.number - 10;
    switch (static_cast<Kind>(*payload)) {
      case Kind::get_status:
      case Kind::apply: return true;
      case Kind::status: return decode_status(field.bytes, out);
      case Kind::set: return each_field(field.bytes, take_set);
      case Kind::set_done:
      case Kind::applied:
        return each_field(field.bytes, [&](const ProtobufField& inner) {
          return inner.number != 1 || take_status(inner, out.status);
        });
    }
    return true;
  });
  if (!good || (payload && static_cast<Kind>(*payload) != out.kind))
    return violated("a message of prov-config");
  return out;
}

Bytes encode(const ScanMessage& message) {
  using Kind = ScanMessage::Kind;
  Bytes fields;
  switch (message.kind) {
    case Kind::start:
      put_number(fields, 1, message.blocking ? 1 : 0);
      put_number(fields, 3, message.group_channels);
      put_number(fields, 4, message.period_ms);
      break;
    case Kind::started:
    case Kind::get_status: break;
    case Kind::status:
      put_number(fields, 1, message.finished ? 1 : 0);
      put_number(fields, 2, message.count);
      break;
    case Kind::get_result:
      put_number(fields, 1, message.start);
      put_number(fields, 2, message.count);
      break;
    case Kind::result:
      for (const pair::VisibleNetwork& network : message.networks) {
        Bytes entry;
        put_bytes(entry, 1, as_bytes(network.ssid));
        put_number(entry, 2, network.channel);
        put_int32(entry, 3, network.rssi_dbm);
        put_bytes(entry, 4, mac_bytes(network.bssid));
        put_number(entry, 5, security_value(network.security));
        put_message(fields, 1, entry);
      }
      break;
  }
  const auto kind = static_cast<std::uint32_t>(message.kind);
  Bytes out;
  put_number(out, 1, kind);
  put_number(out, 2, static_cast<std::uint64_t>(message.status));
  put_message(out, 10 + kind, fields);
  return out;
}

Result<ScanMessage> decode_scan(ByteSpan bytes) {
  using Kind = ScanMessage::Kind;
  ScanMessage out;
  std::optional<std::uint32_t> payload;
  const auto take = [&](const ProtobufField& field) {
    switch (static_cast<Kind>(*payload)) {
      case Kind::start:
        if (field.number == 1) return take_flag(field, out.blocking);
        if (field.number == 3) return take_number(field, out.group_channels);
        return field.number != 4 || take_number(field, out.period_ms);
      case Kind::status:
        if (field.number == 1) return take_flag(field, out.finished);
        return field.number != 2 || take_number(field, out.count);
      case Kind::get_result:
        if (field.number == 1) return take_number(field, out.start);
        return field.number != 2 || take_number(field, out.count);
      case Kind::result:
        if (field.number != 1) return true;
        return field.is_bytes && out.networks.size() < most_networks &&
               decode_network(field.bytes, out.networks.emplace_back());
      default: return true;
    }
  };
  const bool good = each_field(bytes, [&](const ProtobufField& field) {
    if (field.number == 1) return take_enum(field, out.kind, Kind::result);
    if (field.number == 2) return take_status(field, out.status);
    if (field.number < 10 || field.number > 15) return true;
    payload = field.number - 10;
    return field.is_bytes && each_field(field.bytes, take);
  });
  if (!good || (payload && static_cast<Kind>(*payload) != out.kind))
    return violated("a message of prov-scan");
  return out;
}

Bytes encode(const ControlMessage& message) {
  const auto kind = static_cast<std::uint32_t>(message.kind);
  Bytes out;
  put_number(out, 1, kind);
  put_number(out, 2, static_cast<std::uint64_t>(message.status));
  put_message(out, 10 + kind, {});
  return out;
}

Result<ControlMessage> decode_control(ByteSpan bytes) {
  using Kind = ControlMessage::Kind;
  ControlMessage out;
  out.kind = Kind();
  const bool good = each_field(bytes, [&](const ProtobufField& field) {
    if (field.number == 1) return take_enum(field, out.kind, Kind::reprovision_done);
    return field.number != 2 || take_status(field, out.status);
  });
  if (!good || out.kind == Kind()) return violated("a message of prov-ctrl");
  return out;
}

bool Version::has(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

namespace json = boost::json;

std::string encode(const Version& version) {
  json::object members{{"ver", version.version}};
  if (version.security) {
    members["sec_ver"] = *version.security;
    if (version.patch != 0) members["sec_patch_ver"] = version.patch;
  }
  members["cap"] = json::value_from(version.capabilities);
  return json::serialize(json::object{{"prov", std::move(members)}});
}

Result<Version> decode_version(std::string_view text) {
  constexpr std::size_t longest_bytes = 4096;
  constexpr std::size_t most_capabilities = 64;
  constexpr std::size_t longest_plain_bytes = 32;
  Version out;
  const auto refuse = [&] {
    return violated("proto-ver").with_peer_text(std::string(text.substr(0, 200)));
  };
  if (!text.empty() && text.size() <= longest_plain_bytes && (text[0] | 0x20) == 'v') {
    out.version = text;
    return out;
  }
  boost::system::error_code error;
  const json::value parsed = text.size() > longest_bytes ? json::value() : json::parse(text, error);
  if (error || !parsed.is_object()) return refuse();
  const json::value* found = parsed.get_object().if_contains("prov");
  if (found == nullptr || !found->is_object()) return refuse();
  const json::object& members = found->get_object();
  const auto number = [&](std::string_view name) -> std::optional<std::uint32_t> {
    const json::value* value = members.if_contains(name);
    boost::system::error_code no_number;
    const auto got = value == nullptr ? 0U : value->to_number<std::uint32_t>(no_number);
    return value == nullptr || no_number ? std::nullopt : std::optional(got);
  };
  out.security = number("sec_ver");
  out.patch = number("sec_patch_ver").value_or(0);
  if (const json::value* version = members.if_contains("ver"); version && version->is_string())
    out.version = version->get_string();
  if (const json::value* list = members.if_contains("cap"); list && list->is_array()) {
    for (const json::value& capability : list->get_array()) {
      if (capability.is_string() && out.capabilities.size() < most_capabilities)
        out.capabilities.emplace_back(capability.get_string());
    }
  }
  return out;
}

}  // namespace aiot::protocomm
