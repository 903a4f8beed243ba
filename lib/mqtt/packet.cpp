#include "mqtt/packet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aiot::mqtt {
namespace {

constexpr std::size_t longest_text = 65'535;

constexpr std::array<std::string_view, 16> type_names = {
    "reserved", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
    "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
    "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};

/// Reads a packet's body. The first error stays, and everything read after it is empty.
class Reader {
 public:
  explicit Reader(ByteSpan bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  bool failed() const { return failed_.has_value(); }
  Errc error() const { return *failed_; }
  void fail(Errc why) {
    if (!failed_) failed_ = why;
    rest_ = {};
  }

  ByteSpan take(std::size_t count) {
    if (count > rest_.size()) {
      fail(Errc::packet_length);
      return {};
    }
    const ByteSpan out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  std::uint32_t integer(std::size_t size) {
    std::uint32_t out = 0;
    for (const std::uint8_t byte : take(size)) out = out << 8 | byte;
    return out;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  /// 1.5.5 of version 5: in as few bytes as possible.
  std::uint32_t variable() {
    std::uint32_t out = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t byte = u8();
      out |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && shift > 0) break;
      return out;
    }
    fail(Errc::packet_length);
    return 0;
  }
  std::string_view binary() { return view(take(u16())); }
  std::string_view text() {
    const std::string_view out = binary();
    if (!is_utf8(out) || out.find('\0') != std::string_view::npos) fail(Errc::packet_text);
    return out;
  }
  std::string_view payload() { return view(take(left())); }
  std::uint16_t packet_id() {
    const std::uint16_t out = u16();
    if (out == 0) fail(Errc::packet_id);
    return out;
  }

 private:
  static std::string_view view(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  ByteSpan rest_;
  std::optional<Errc> failed_;
};

/// How a property's value is written, and what it may be (2.2.2.2 and the chapter of each).
enum class Kind : std::uint8_t {
  none,
  flag,  ///< a byte, 0 or 1
  u16,
  nonzero_u16,
  u32,
  nonzero_u32,
  id,  ///< a variable byte integer above 0
  text,
  topic,
  binary,
  pair,
};

constexpr unsigned mask(PacketType type) { return 1U << static_cast<unsigned>(type); }

struct PropertyRule {
  Kind kind = Kind::none;
  unsigned packets = 0;  ///< that a server sends with it
};

/// MQTT 5, table 2-4, with the packets that a server sends.
constexpr std::array<PropertyRule, 43> make_property_rules() {
  using enum PacketType;
  constexpr unsigned acks = mask(puback) | mask(pubrec) | mask(pubrel) | mask(pubcomp);
  constexpr unsigned answers =
      mask(connack) | acks | mask(suback) | mask(unsuback) | mask(disconnect) | mask(auth);
  std::array<PropertyRule, 43> out{};
  const auto set = [&](PropertyId id, Kind kind, unsigned packets) {
    out[static_cast<std::size_t>(id)] = {kind, packets};
  };
  set(PropertyId::payload_format, Kind::flag, mask(publish));
  set(PropertyId::message_expiry, Kind::u32, mask(publish));
  set(PropertyId::content_type, Kind::text, mask(publish));
  set(PropertyId::response_topic, Kind::topic, mask(publish));
  set(PropertyId::correlation_data, Kind::binary, mask(publish));
  set(PropertyId::subscription_id, Kind::id, mask(publish));
  set(PropertyId::session_expiry, Kind::u32, mask(connack));
  set(PropertyId::assigned_client_id, Kind::text, mask(connack));
  set(PropertyId::server_keep_alive, Kind::u16, mask(connack));
  set(PropertyId::authentication_method, Kind::text, mask(connack) | mask(auth));
  set(PropertyId::authentication_data, Kind::binary, mask(connack) | mask(auth));
  set(PropertyId::response_information, Kind::text, mask(connack));
  set(PropertyId::server_reference, Kind::text, mask(connack) | mask(disconnect));
  set(PropertyId::reason_string, Kind::text, answers);
  set(PropertyId::receive_maximum, Kind::nonzero_u16, mask(connack));
  set(PropertyId::topic_alias_maximum, Kind::u16, mask(connack));
  set(PropertyId::topic_alias, Kind::nonzero_u16, mask(publish));
  set(PropertyId::maximum_qos, Kind::flag, mask(connack));
  set(PropertyId::retain_available, Kind::flag, mask(connack));
  set(PropertyId::user_property, Kind::pair, answers | mask(publish));
  set(PropertyId::maximum_packet_size, Kind::nonzero_u32, mask(connack));
  set(PropertyId::wildcard_subscription_available, Kind::flag, mask(connack));
  set(PropertyId::subscription_id_available, Kind::flag, mask(connack));
  set(PropertyId::shared_subscription_available, Kind::flag, mask(connack));
  return out;
}
constexpr std::array<PropertyRule, 43> property_rules = make_property_rules();

constexpr std::uint64_t bit(PropertyId id) { return 1ULL << static_cast<unsigned>(id); }

}  // namespace

/// Checks the properties of a packet once, and reads them again afterwards.
class PropertyReader {
 public:
  /// One of those that the packets of the mask have.
  static Property next(Reader& in, unsigned packets = ~0U) {
    Property out;
    const std::uint32_t id = in.variable();
    if (in.failed()) return out;
    const PropertyRule rule = id < property_rules.size() ? property_rules[id] : PropertyRule();
    if ((rule.packets & packets) == 0) {
      in.fail(Errc::property);
      return out;
    }
    out.id = static_cast<PropertyId>(id);
    read_value(in, rule.kind, out);
    return out;
  }

  /// The properties at `in`: their length, and all of them checked.
  static Properties check(Reader& in, PacketType type) {
    const ByteSpan bytes = in.take(in.variable());
    Reader each(bytes);
    std::uint64_t seen = 0;
    while (each.left() > 0) {
      const Property one = next(each, mask(type));
      // A message may match several subscriptions of the client, each with an identifier.
      const bool repeats =
          one.id == PropertyId::user_property || one.id == PropertyId::subscription_id;
      if (!each.failed() && !repeats && (seen & bit(one.id)) != 0) each.fail(Errc::property_twice);
      seen |= bit(one.id);
    }
    if (each.failed()) in.fail(each.error());
    return Properties(in.failed() ? ByteSpan() : bytes);
  }

 private:
  static void read_value(Reader& in, Kind kind, Property& out) {
    switch (kind) {
      case Kind::flag:
        out.number = in.u8();
        if (out.number > 1) in.fail(Errc::property_value);
        break;
      case Kind::u16: out.number = in.u16(); break;
      case Kind::nonzero_u16:
        out.number = in.u16();
        if (out.number == 0 && !in.failed()) in.fail(Errc::property_value);
        break;
      case Kind::u32: out.number = in.integer(4); break;
      case Kind::nonzero_u32:
        out.number = in.integer(4);
        if (out.number == 0 && !in.failed()) in.fail(Errc::property_value);
        break;
      case Kind::id:
        out.number = in.variable();
        if (out.number == 0 && !in.failed()) in.fail(Errc::property_value);
        break;
      case Kind::text: out.text = in.text(); break;
      case Kind::topic:
        out.text = in.text();
        if (!in.failed() && !is_topic_name(out.text)) in.fail(Errc::packet_topic);
        break;
      case Kind::binary: out.text = in.binary(); break;
      case Kind::pair:
        out.key = in.text();
        out.text = in.text();
        break;
      case Kind::none: in.fail(Errc::property); break;
    }
  }
};

namespace {

constexpr bool is_server_packet(PacketType type) {
  using enum PacketType;
  switch (type) {
    case connack:
    case publish:
    case puback:
    case pubrec:
    case pubrel:
    case pubcomp:
    case suback:
    case unsuback:
    case pingresp: return true;
    default: return false;
  }
}

struct ReasonName {
  std::uint8_t code;
  unsigned packets;  ///< of version 5, sent by a server, that have it
  std::string_view name;
};

/// MQTT 5, table 2-6.
constexpr std::array<ReasonName, 41> make_reasons() {
  using enum PacketType;
  constexpr unsigned pub = mask(puback) | mask(pubrec);
  return {{
      {0x00,
       mask(connack) | pub | mask(pubrel) | mask(pubcomp) | mask(suback) | mask(unsuback) |
           mask(disconnect) | mask(auth),
       "Success"},
      {0x01, mask(suback), "Granted QoS 1"},
      {0x02, mask(suback), "Granted QoS 2"},
      {0x10, pub, "No matching subscribers"},
      {0x11, mask(unsuback), "No subscription existed"},
      {0x18, mask(auth), "Continue authentication"},
      {0x80, mask(connack) | pub | mask(suback) | mask(unsuback) | mask(disconnect),
       "Unspecified error"},
      {0x81, mask(connack) | mask(disconnect), "Malformed packet"},
      {0x82, mask(connack) | mask(disconnect), "Protocol error"},
      {0x83, mask(connack) | pub | mask(suback) | mask(unsuback) | mask(disconnect),
       "Implementation specific error"},
      {0x84, mask(connack), "Unsupported protocol version"},
      {0x85, mask(connack), "Client identifier not valid"},
      {0x86, mask(connack), "Bad user name or password"},
      {0x87, mask(connack) | pub | mask(suback) | mask(unsuback) | mask(disconnect),
       "Not authorized"},
      {0x88, mask(connack), "Server unavailable"},
      {0x89, mask(connack) | mask(disconnect), "Server busy"},
      {0x8A, mask(connack), "Banned"},
      {0x8B, mask(disconnect), "Server shutting down"},
      {0x8C, mask(connack) | mask(disconnect), "Bad authentication method"},
      {0x8D, mask(disconnect), "Keep alive timeout"},
      {0x8E, mask(disconnect), "Session taken over"},
      {0x8F, mask(suback) | mask(unsuback) | mask(disconnect), "Topic filter invalid"},
      {0x90, mask(connack) | pub | mask(disconnect), "Topic name invalid"},
      {0x91, pub | mask(suback) | mask(unsuback), "Packet identifier in use"},
      {0x92, mask(pubrel) | mask(pubcomp), "Packet identifier not found"},
      {0x93, mask(disconnect), "Receive maximum exceeded"},
      {0x94, mask(disconnect), "Topic alias invalid"},
      {0x95, mask(connack) | mask(disconnect), "Packet too large"},
      {0x96, mask(disconnect), "Message rate too high"},
      {0x97, mask(connack) | pub | mask(suback) | mask(disconnect), "Quota exceeded"},
      {0x98, mask(disconnect), "Administrative action"},
      {0x99, mask(connack) | pub | mask(disconnect), "Payload format invalid"},
      {0x9A, mask(connack) | mask(disconnect), "Retain not supported"},
      {0x9B, mask(connack) | mask(disconnect), "QoS not supported"},
      {0x9C, mask(connack) | mask(disconnect), "Use another server"},
      {0x9D, mask(connack) | mask(disconnect), "Server moved"},
      {0x9E, mask(suback) | mask(disconnect), "Shared subscriptions not supported"},
      {0x9F, mask(connack) | mask(disconnect), "Connection rate exceeded"},
      {0xA0, mask(disconnect), "Maximum connect time"},
      {0xA1, mask(suback) | mask(disconnect), "Subscription identifiers not supported"},
      {0xA2, mask(suback) | mask(disconnect), "Wildcard subscriptions not supported"},
  }};
}
constexpr std::array<ReasonName, 41> reasons = make_reasons();

const ReasonName* find_reason(std::uint8_t code) {
  const auto* at = std::find_if(reasons.begin(), reasons.end(),
                                [code](const ReasonName& row) { return row.code == code; });
  return at == reasons.end() ? nullptr : at;
}

/// MQTT 3.1.1, table 3.1.
constexpr std::array<std::string_view, 6> return_codes = {
    "Connection accepted", "Unacceptable protocol version", "Identifier rejected",
    "Server unavailable",  "Bad user name or password",     "Not authorized"};

void check_reason(Reader& in, PacketType type, std::uint8_t reason) {
  const ReasonName* known = find_reason(reason);
  if (known == nullptr || (known->packets & mask(type)) == 0) in.fail(Errc::packet_reason);
}

/// What follows a reason code: properties, or nothing.
Properties optional_properties(Reader& in, PacketType type) {
  return in.left() > 0 ? PropertyReader::check(in, type) : Properties();
}

Connack decode_connack(Reader& in, Version version) {
  Connack out;
  const std::uint8_t flags = in.u8();
  out.reason = in.u8();
  if (in.failed()) return out;
  if (flags > 1) in.fail(Errc::packet_flags);
  out.session_present = flags == 1;
  // A server of 3.1.1 alone answers in its own form that it does not speak version 5.
  const bool old_form = version == Version::v3_1_1 || (in.left() == 0 && out.reason == 1);
  if (old_form) {
    if (out.reason >= return_codes.size()) in.fail(Errc::packet_reason);
  } else {
    check_reason(in, PacketType::connack, out.reason);
    out.properties = PropertyReader::check(in, PacketType::connack);
  }
  // MQTT-3.2.2-4 (3.1.1), MQTT-3.2.2-6 (5).
  if (out.session_present && out.reason != 0) in.fail(Errc::packet_flags);
  return out;
}

Publish decode_publish(Reader& in, std::uint8_t flags, Version version) {
  Publish out;
  out.qos = flags >> 1 & 3;
  out.retained = (flags & 1) != 0;
  out.duplicate = (flags & 8) != 0;
  out.topic = in.text();
  if (out.qos > 0) out.id = in.packet_id();
  if (version == Version::v5) out.properties = PropertyReader::check(in, PacketType::publish);
  if (!in.failed()) {
    const bool by_alias = out.topic.empty() && version == Version::v5 &&
                          out.properties.number(PropertyId::topic_alias).has_value();
    if (!by_alias && (out.topic.empty() || out.topic.find_first_of("+#") != out.topic.npos)) {
      in.fail(Errc::packet_topic);
    }
  }
  out.payload = in.payload();
  return out;
}

Ack decode_ack(Reader& in, PacketType type, Version version) {
  Ack out;
  out.type = type;
  out.id = in.packet_id();
  if (version == Version::v3_1_1 || in.left() == 0) return out;
  out.reason = in.u8();
  check_reason(in, type, out.reason);
  out.properties = optional_properties(in, type);
  return out;
}

SubscribeAck decode_subscribe_ack(Reader& in, PacketType type, Version version) {
  SubscribeAck out;
  out.type = type;
  out.id = in.packet_id();
  if (version == Version::v5) out.properties = PropertyReader::check(in, type);
  if (type == PacketType::unsuback && version == Version::v3_1_1) return out;
  if (in.left() == 0) in.fail(Errc::packet_length);
  out.reasons = in.take(in.left());
  for (const std::uint8_t reason : out.reasons) {
    // MQTT-3.9.3-2 (3.1.1).
    if (version == Version::v3_1_1 && reason > 2 && reason != 0x80) in.fail(Errc::packet_reason);
    if (version == Version::v5) check_reason(in, type, reason);
  }
  return out;
}

Notice decode_notice(Reader& in, PacketType type) {
  Notice out;
  out.type = type;
  if (in.left() == 0) return out;  // reason 0 (3.14.2.1, 3.15.2.1)
  out.reason = in.u8();
  check_reason(in, type, out.reason);
  out.properties = optional_properties(in, type);
  return out;
}

Error malformed(Errc why, PacketType type) {
  return make_error(why, std::string(name(type)), "the broker is at fault, or what is between");
}

}  // namespace

std::string_view name(PacketType type) { return type_names[static_cast<std::size_t>(type) & 15U]; }

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  for (Reader in(bytes_); in.left() > 0;) {
    if (const Property one = PropertyReader::next(in); one.id == id) return one.number;
  }
  return std::nullopt;
}

std::string_view Properties::text(PropertyId id) const {
  for (Reader in(bytes_); in.left() > 0;) {
    if (const Property one = PropertyReader::next(in); one.id == id) return one.text;
  }
  return {};
}

std::vector<Property> Properties::all() const {
  std::vector<Property> out;
  for (Reader in(bytes_); in.left() > 0;) out.push_back(PropertyReader::next(in));
  return out;
}

Result<std::optional<Frame>> next_frame(ByteSpan input, Version version, std::size_t limit_bytes) {
  if (input.empty()) return std::optional<Frame>();
  const auto type = static_cast<PacketType>(input[0] >> 4);
  const unsigned flags = input[0] & 0x0F;
  const bool of_v5 = type == PacketType::disconnect || type == PacketType::auth;
  if (!is_server_packet(type) && !(of_v5 && version == Version::v5)) {
    return malformed(Errc::packet_type, type);
  }
  // 2.1.3: a fixed value for all but PUBLISH; there, DUP needs a QoS (MQTT-3.3.1-2).
  if (type == PacketType::publish) {
    if ((flags >> 1 & 3) == 3) return malformed(Errc::packet_qos, type);
    if ((flags & 0xE) == 8) return malformed(Errc::packet_flags, type);
  } else if (flags != (type == PacketType::pubrel ? 2U : 0U)) {
    return malformed(Errc::packet_flags, type);
  }
  std::size_t length = 0;
  for (unsigned i = 0; i < 4; ++i) {
    if (input.size() < i + 2) return std::optional<Frame>();
    const std::uint8_t byte = input[i + 1];
    length |= static_cast<std::size_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    // Only version 5 asks for the shortest form (MQTT-1.5.5-1).
    if (byte == 0 && i > 0 && version == Version::v5) break;
    const std::size_t header = i + 2;
    if (length > limit_bytes - std::min(limit_bytes, header)) {
      return make_error(Errc::packet_too_large, fmt::format("{} of {} bytes, up to {} are accepted",
                                                            name(type), length, limit_bytes));
    }
    if (input.size() < header + length) return std::optional<Frame>();
    return std::optional<Frame>({input[0], input.subspan(header, length), header + length});
  }
  return malformed(Errc::packet_length, type);
}

Result<Packet> decode(const Frame& frame, Version version) {
  Reader in(frame.body);
  const auto type = static_cast<PacketType>(frame.first >> 4);
  Packet out;
  using enum PacketType;
  switch (type) {
    case connack: out = decode_connack(in, version); break;
    case publish: out = decode_publish(in, frame.first & 0x0F, version); break;
    case puback:
    case pubrec:
    case pubrel:
    case pubcomp: out = decode_ack(in, type, version); break;
    case suback:
    case unsuback: out = decode_subscribe_ack(in, type, version); break;
    case pingresp: out = Pingresp(); break;
    case disconnect:
    case auth: out = decode_notice(in, type); break;
    default: in.fail(Errc::packet_type); break;
  }
  if (in.left() > 0) in.fail(Errc::packet_length);
  if (in.failed()) return malformed(in.error(), type);
  return out;
}

std::string reason_text(std::uint8_t reason, Version version) {
  if (version == Version::v3_1_1 && reason < return_codes.size()) {
    return std::string(return_codes[reason]);
  }
  const ReasonName* known = find_reason(reason);
  return known != nullptr ? std::string(known->name) : fmt::format("reason 0x{:02x}", reason);
}

bool is_topic_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_text && is_utf8(text) &&
         text.find_first_of(std::string_view("+#\0", 3)) == std::string_view::npos;
}

bool is_topic_filter(std::string_view text) {
  if (text.empty() || text.size() > longest_text || !is_utf8(text)) return false;
  if (text.find('\0') != std::string_view::npos) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+' && text[i] != '#') continue;
    if (i > 0 && text[i - 1] != '/') return false;
    const bool last = i + 1 == text.size();
    if (!last && (text[i] == '#' || text[i + 1] != '/')) return false;
  }
  return true;
}

}  // namespace aiot::mqtt
