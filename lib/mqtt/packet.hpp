#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"
#include "mqtt/error.hpp"

/// The packets of MQTT 3.1.1 and 5.0 (OASIS, 29 October 2014 and 7 March 2019), as a client uses
/// them: it encodes what a client sends and decodes what a server sends. Pure bytes, no I/O.
namespace aiot::mqtt {

/// The protocol level of CONNECT (3.1.2.2).
enum class Version : std::uint8_t { v3_1_1 = 4, v5 = 5 };

/// 2.1.2.
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};
/// "PUBLISH".
std::string_view name(PacketType type);

/// MQTT 5, table 2-4.
enum class PropertyId : std::uint8_t {
  payload_format = 1,
  message_expiry = 2,
  content_type = 3,
  response_topic = 8,
  correlation_data = 9,
  subscription_id = 11,
  session_expiry = 17,
  assigned_client_id = 18,
  server_keep_alive = 19,
  authentication_method = 21,
  authentication_data = 22,
  request_problem_information = 23,
  will_delay = 24,
  request_response_information = 25,
  response_information = 26,
  server_reference = 28,
  reason_string = 31,
  receive_maximum = 33,
  topic_alias_maximum = 34,
  topic_alias = 35,
  maximum_qos = 36,
  retain_available = 37,
  user_property = 38,
  maximum_packet_size = 39,
  wildcard_subscription_available = 40,
  subscription_id_available = 41,
  shared_subscription_available = 42,
};

/// One property; its views point into the packet.
struct Property {
  PropertyId id{};
  std::uint32_t number = 0;    ///< of an integer
  std::string_view text = {};  ///< of a string or of binary data; the value of a user property
  std::string_view key = {};   ///< of a user property
};

/// The properties of a decoded packet: a view of bytes that decode() has checked.
class Properties {
 public:
  Properties() = default;
  bool empty() const { return bytes_.empty(); }
  std::optional<std::uint32_t> number(PropertyId id) const;
  /// "" where there is none.
  std::string_view text(PropertyId id) const;
  /// All of them, in the packet's order.
  std::vector<Property> all() const;

 private:
  friend class PropertyReader;
  explicit Properties(ByteSpan checked) : bytes_(checked) {}
  ByteSpan bytes_;
};

/// 3.2.
struct Connack {
  bool session_present = false;
  std::uint8_t reason = 0;
  Properties properties = {};
};
/// 3.3.
struct Publish {
  std::string_view topic;  ///< "" only beside a topic alias
  std::string_view payload;
  std::uint16_t id = 0;  ///< 0 at QoS 0
  int qos = 0;
  bool retained = false;
  bool duplicate = false;
  Properties properties = {};
};
/// PUBACK, PUBREC, PUBREL, PUBCOMP: 3.4 to 3.7.
struct Ack {
  PacketType type{};
  std::uint16_t id = 0;
  std::uint8_t reason = 0;
  Properties properties = {};
};
/// SUBACK and UNSUBACK: 3.9, 3.11.
struct SubscribeAck {
  PacketType type{};
  std::uint16_t id = 0;
  ByteSpan reasons;  ///< one a topic filter; none in UNSUBACK of 3.1.1
  Properties properties = {};
};
/// 3.13.
struct Pingresp {};
/// DISCONNECT and AUTH: 3.14, 3.15.
struct Notice {
  PacketType type{};
  std::uint8_t reason = 0;
  Properties properties = {};
};
using Packet = std::variant<Connack, Publish, Ack, SubscribeAck, Pingresp, Notice>;

/// A whole packet that is not decoded yet.
struct Frame {
  std::uint8_t first = 0;  ///< type and flags
  ByteSpan body;           ///< variable header and payload
  std::size_t size = 0;    ///< with the fixed header
};
/// The largest packet there can be: 5 bytes of header and 268,435,455 (2.1.4).
constexpr std::size_t largest_packet_bytes = 5 + 268'435'455;

/// The packet at the start of `input`; nullopt while it is not all there. The type, the flags and
/// the length are checked as soon as they are there: Errc::packet_type, packet_flags,
/// packet_length, packet_too_large for one of more than `limit_bytes`.
Result<std::optional<Frame>> next_frame(ByteSpan input, Version version, std::size_t limit_bytes);
/// Its content, as views into `frame`. An Errc for each way in which it may be malformed.
Result<Packet> decode(const Frame& frame, Version version);

/// The name of a CONNACK's, SUBACK's, acknowledgement's or DISCONNECT's reason code: MQTT 5, table
/// 2-6, and MQTT 3.1.1, table 3.1 (CONNACK alone).
std::string reason_text(std::uint8_t reason, Version version);

/// True for a topic name (4.7): 1 to 65,535 bytes of UTF-8 without U+0000, + and #.
bool is_topic_name(std::string_view text);
/// The same for a filter, in which + stands for a level and a # at the end for all below.
bool is_topic_filter(std::string_view text);

/// A message for a broker.
struct Publication {
  std::string topic;  ///< without wildcards; up to 65,535 bytes
  std::string payload;
  int qos = 0;
  bool retained = false;
};

/// 3.1. Fields of version 5 alone are marked so.
struct Connect {
  Version version = Version::v5;
  std::string client_id;
  bool clean_start = true;
  std::uint16_t keep_alive_s = 0;
  std::string user;  ///< "": none
  std::string password;
  const Publication* will = nullptr;
  std::uint32_t session_expiry_s = 0;      ///< v5
  std::uint16_t receive_maximum = 0;       ///< v5; 0: not said
  std::uint32_t maximum_packet_bytes = 0;  ///< v5; 0: not said
  std::uint16_t topic_alias_maximum = 0;   ///< v5
};

// Each appends one packet to `out`. Topics have been checked, texts fit in 65,535 bytes.
void encode(Bytes& out, const Connect& connect);
/// `id` counts from 1 for QoS 1 and 2.
void encode_publish(Bytes& out, Version version, const Publication& what, std::uint16_t id,
                    bool duplicate);
/// PUBACK, PUBREC, PUBREL or PUBCOMP.
void encode_ack(Bytes& out, PacketType type, std::uint16_t id, std::uint8_t reason,
                Version version);
void encode_subscribe(Bytes& out, Version version, std::uint16_t id,
                      const std::vector<std::string>& filters, int qos);
void encode_unsubscribe(Bytes& out, Version version, std::uint16_t id,
                        const std::vector<std::string>& filters);
void encode_pingreq(Bytes& out);
/// `session_expiry_s` replaces the one of CONNECT. Version 3.1.1 has neither.
void encode_disconnect(Bytes& out, Version version, std::uint8_t reason,
                       std::optional<std::uint32_t> session_expiry_s = std::nullopt);
/// Version 5 alone. `method` and `data` of an extended authentication (4.12).
void encode_auth(Bytes& out, std::uint8_t reason, std::string_view method, std::string_view data);

}  // namespace aiot::mqtt
