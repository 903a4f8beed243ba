#include "mqtt/packet.hpp"

namespace aiot::mqtt {
namespace {

void put_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put_u32(Bytes& out, std::uint32_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xFFFF);
}
void put_variable(Bytes& out, std::size_t value) {
  do {
    const std::uint8_t more = value > 0x7F ? 0x80 : 0;
    out.push_back(static_cast<std::uint8_t>((value & 0x7F) | more));
    value >>= 7;
  } while (value > 0);
}
void put_text(Bytes& out, std::string_view text) {
  put_u16(out, text.size());
  append(out, as_bytes(text));
}
void put_id(Bytes& out, PropertyId id) { out.push_back(static_cast<std::uint8_t>(id)); }

void put_packet(Bytes& out, PacketType type, unsigned flags, const Bytes& body) {
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags));
  put_variable(out, body.size());
  append(out, body);
}

Bytes connect_properties(const Connect& connect) {
  Bytes out;
  if (connect.session_expiry_s != 0) {
    put_id(out, PropertyId::session_expiry);
    put_u32(out, connect.session_expiry_s);
  }
  if (connect.receive_maximum != 0) {
    put_id(out, PropertyId::receive_maximum);
    put_u16(out, connect.receive_maximum);
  }
  if (connect.maximum_packet_bytes != 0) {
    put_id(out, PropertyId::maximum_packet_size);
    put_u32(out, connect.maximum_packet_bytes);
  }
  if (connect.topic_alias_maximum != 0) {
    put_id(out, PropertyId::topic_alias_maximum);
    put_u16(out, connect.topic_alias_maximum);
  }
  return out;
}

void encode_topics(Bytes& out, PacketType type, Version version, std::uint16_t id,
                   const std::vector<std::string>& filters, std::optional<int> qos) {
  Bytes body;
  put_u16(body, id);
  if (version == Version::v5) body.push_back(0);
  for (const std::string& filter : filters) {
    put_text(body, filter);
    if (qos) body.push_back(static_cast<std::uint8_t>(*qos));
  }
  put_packet(out, type, 2, body);
}

}  // namespace

void encode(Bytes& out, const Connect& connect) {
  const bool v5 = connect.version == Version::v5;
  unsigned flags = connect.clean_start ? 0x02 : 0;
  if (connect.will != nullptr) {
    flags |= 0x04 | static_cast<unsigned>(connect.will->qos) << 3;
    if (connect.will->retained) flags |= 0x20;
  }
  const bool login = !connect.user.empty();  // 3.1.1 has no password without a user name
  if (login) flags |= connect.password.empty() ? 0x80 : 0xC0;
  Bytes body;
  put_text(body, "MQTT");
  body.push_back(static_cast<std::uint8_t>(connect.version));
  body.push_back(static_cast<std::uint8_t>(flags));
  put_u16(body, connect.keep_alive_s);
  if (v5) {
    const Bytes properties = connect_properties(connect);
    put_variable(body, properties.size());
    append(body, properties);
  }
  put_text(body, connect.client_id);
  if (connect.will != nullptr) {
    if (v5) body.push_back(0);
    put_text(body, connect.will->topic);
    put_text(body, connect.will->payload);
  }
  if (login) put_text(body, connect.user);
  if (login && !connect.password.empty()) put_text(body, connect.password);
  put_packet(out, PacketType::connect, 0, body);
}

void encode_publish(Bytes& out, Version version, const Publication& what, std::uint16_t id,
                    bool duplicate) {
  const unsigned flags =
      (duplicate ? 8U : 0U) | static_cast<unsigned>(what.qos) << 1 | (what.retained ? 1U : 0U);
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(PacketType::publish) << 4 | flags));
  put_variable(out, 2 + what.topic.size() + (what.qos > 0 ? 2 : 0) +
                        (version == Version::v5 ? 1 : 0) + what.payload.size());
  put_text(out, what.topic);
  if (what.qos > 0) put_u16(out, id);
  if (version == Version::v5) out.push_back(0);
  append(out, as_bytes(what.payload));
}

void encode_ack(Bytes& out, PacketType type, std::uint16_t id, std::uint8_t reason,
                Version version) {
  Bytes body;
  put_u16(body, id);
  if (version == Version::v5 && reason != 0) body.push_back(reason);
  put_packet(out, type, type == PacketType::pubrel ? 2 : 0, body);
}

void encode_subscribe(Bytes& out, Version version, std::uint16_t id,
                      const std::vector<std::string>& filters, int qos) {
  encode_topics(out, PacketType::subscribe, version, id, filters, qos);
}

void encode_unsubscribe(Bytes& out, Version version, std::uint16_t id,
                        const std::vector<std::string>& filters) {
  encode_topics(out, PacketType::unsubscribe, version, id, filters, std::nullopt);
}

void encode_pingreq(Bytes& out) { put_packet(out, PacketType::pingreq, 0, {}); }

void encode_disconnect(Bytes& out, Version version, std::uint8_t reason,
                       std::optional<std::uint32_t> session_expiry_s) {
  Bytes body;
  if (version == Version::v5 && (reason != 0 || session_expiry_s)) {
    body.push_back(reason);
    if (session_expiry_s) {
      body.push_back(5);
      put_id(body, PropertyId::session_expiry);
      put_u32(body, *session_expiry_s);
    }
  }
  put_packet(out, PacketType::disconnect, 0, body);
}

void encode_auth(Bytes& out, std::uint8_t reason, std::string_view method, std::string_view data) {
  Bytes properties;
  put_id(properties, PropertyId::authentication_method);
  put_text(properties, method);
  if (!data.empty()) {
    put_id(properties, PropertyId::authentication_data);
    put_text(properties, data);
  }
  Bytes body = {reason};
  put_variable(body, properties.size());
  append(body, properties);
  put_packet(out, PacketType::auth, 0, body);
}

}  // namespace aiot::mqtt
