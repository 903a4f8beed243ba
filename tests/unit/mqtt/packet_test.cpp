// The packets as bytes. "capture" marks what mosquitto 2.0.11, mosquitto_sub and mosquitto_pub of
// Debian 12 sent to each other; chapters are those of MQTT 5.0 and 3.1.1 (OASIS).
#include "mqtt/packet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::mqtt;

namespace {

constexpr std::size_t limit = 1024 * 1024;

Bytes hex(std::string_view text) { return *from_hex(text); }

/// Decodes one packet; "ok", or the code of what is wrong with it.
struct Decoded {
  Bytes bytes;
  Packet packet;
  std::string code = "incomplete";

  Decoded(Bytes of, Version version) : bytes(std::move(of)) {
    Result<std::optional<Frame>> frame = next_frame(bytes, version, limit);
    if (!frame) {
      code = frame.error().stable_code();
      return;
    }
    if (!*frame) return;
    Result<Packet> decoded = decode(**frame, version);
    code = decoded ? "ok" : decoded.error().stable_code();
    if (decoded) packet = *decoded;
    if ((*frame)->size != bytes.size()) code += ", more follows";
  }
  Decoded(std::string_view text, Version version) : Decoded(hex(text), version) {}
  template <class T>
  const T& as() const {
    REQUIRE_MESSAGE(std::holds_alternative<T>(packet), code);
    return std::get<T>(packet);
  }
};

std::string code_of(std::string_view text, Version version = Version::v5) {
  return Decoded(text, version).code;
}

constexpr Version v5 = Version::v5;
constexpr Version v3 = Version::v3_1_1;

}  // namespace

TEST_CASE("CONNACK") {
  const Decoded captured("20 09 00 00 06 22 00 0a 21 00 14", v5);  // capture
  const Connack& connack = captured.as<Connack>();
  CHECK_FALSE(connack.session_present);
  CHECK(connack.reason == 0);
  CHECK(connack.properties.number(PropertyId::topic_alias_maximum) == 10);
  CHECK(connack.properties.number(PropertyId::receive_maximum) == 20);
  CHECK_FALSE(connack.properties.number(PropertyId::server_keep_alive).has_value());
  CHECK(Decoded("20 02 00 00", v3).as<Connack>().reason == 0);  // capture
  CHECK(Decoded("20 02 01 00", v3).as<Connack>().session_present);
  CHECK(Decoded("20 02 00 05", v3).as<Connack>().reason == 5);
  // A server of 3.1.1 alone answers version 5 in its own form.
  CHECK(Decoded("20 02 00 01", v5).as<Connack>().reason == 1);
  const Decoded refused("20 0a 00 87 07 1f 00 04 6e 6f 21 21", v5);
  CHECK(refused.as<Connack>().reason == 0x87);
  CHECK(refused.as<Connack>().properties.text(PropertyId::reason_string) == "no!!");
}

TEST_CASE("PUBLISH") {
  const Decoded old(  // capture
      "34 12 00 0a 68 6f 6d 65 2f 61 74 74 69 63 00 01 32 31 2e 35", v3);
  CHECK(old.as<Publish>().topic == "home/attic");
  CHECK(old.as<Publish>().payload == "21.5");
  CHECK(old.as<Publish>().id == 1);
  CHECK(old.as<Publish>().qos == 2);
  CHECK_FALSE(old.as<Publish>().retained);
  CHECK_FALSE(old.as<Publish>().duplicate);

  const Decoded captured(  // capture
      "30 39 00 0a 68 6f 6d 65 2f 61 74 74 69 63 28 03 00 0a 74 65 78 74 2f 70 6c 61 69 6e 26 00 "
      "04 75 6e 69 74 00 01 43 08 00 03 72 2f 31 09 00 03 61 62 63 02 00 00 01 2c 32 31 2e 35",
      v5);
  const Publish& publish = captured.as<Publish>();
  CHECK(publish.topic == "home/attic");
  CHECK(publish.payload == "21.5");
  CHECK(publish.properties.text(PropertyId::content_type) == "text/plain");
  CHECK(publish.properties.text(PropertyId::response_topic) == "r/1");
  CHECK(publish.properties.text(PropertyId::correlation_data) == "abc");
  CHECK(publish.properties.number(PropertyId::message_expiry) == 300);
  const std::vector<Property> all = publish.properties.all();
  REQUIRE(all.size() == 5);
  CHECK(all[1].id == PropertyId::user_property);
  CHECK(all[1].key == "unit");
  CHECK(all[1].text == "C");

  CHECK(Decoded("31 04 00 01 61 00", v5).as<Publish>().retained);
  CHECK(Decoded("3a 06 00 01 61 00 07 00", v5).as<Publish>().duplicate);
  // An alias alone; several subscription identifiers, several user properties of one name.
  CHECK(Decoded("30 06 00 00 03 23 00 01", v5).as<Publish>().topic.empty());
  CHECK(code_of("30 0a 00 01 61 07 0b 01 0b 80 01 78") == "mqtt.packet-length");
  CHECK(code_of("30 0a 00 01 61 05 0b 01 0b 80 01 78") == "ok");
  CHECK(code_of("30 12 00 01 61 0e 26 00 01 6b 00 01 76 26 00 01 6b 00 01 77") == "ok");
}

TEST_CASE("acknowledgements, SUBACK, UNSUBACK, PINGRESP, DISCONNECT, AUTH") {
  const Decoded puback("40 03 00 01 10", v5);  // capture: no matching subscribers
  CHECK(puback.as<Ack>().type == PacketType::puback);
  CHECK(puback.as<Ack>().id == 1);
  CHECK(puback.as<Ack>().reason == 0x10);
  CHECK(Decoded("50 02 00 01", v3).as<Ack>().type == PacketType::pubrec);   // capture
  CHECK(Decoded("62 02 00 01", v5).as<Ack>().type == PacketType::pubrel);   // capture
  CHECK(Decoded("70 02 00 01", v3).as<Ack>().type == PacketType::pubcomp);  // capture
  CHECK(code_of("50 04 00 01 97 00") == "ok");
  CHECK(code_of("70 04 00 01 92 00") == "ok");
  const Decoded suback("90 04 00 01 00 02", v5);  // capture
  CHECK(suback.as<SubscribeAck>().id == 1);
  REQUIRE(suback.as<SubscribeAck>().reasons.size() == 1);
  CHECK(suback.as<SubscribeAck>().reasons[0] == 2);
  CHECK(Decoded("90 03 00 01 02", v3).as<SubscribeAck>().reasons[0] == 2);  // capture
  CHECK(Decoded("90 03 00 01 80", v3).as<SubscribeAck>().reasons[0] == 0x80);
  CHECK(Decoded("b0 02 00 03", v3).as<SubscribeAck>().type == PacketType::unsuback);
  CHECK(Decoded("b0 04 00 03 00 11", v5).as<SubscribeAck>().reasons[0] == 0x11);
  CHECK(code_of("d0 00", v3) == "ok");
  CHECK(Decoded("e0 00", v5).as<Notice>().reason == 0);
  CHECK(Decoded("e0 01 8b", v5).as<Notice>().reason == 0x8B);
  CHECK(Decoded("e0 08 9c 06 1c 00 03 62 3a 31", v5)
            .as<Notice>()
            .properties.text(PropertyId::server_reference) == "b:1");
  CHECK(Decoded("f0 08 18 06 15 00 03 47 53 53", v5).as<Notice>().type == PacketType::auth);
}

TEST_CASE("each way to break a packet has its name") {
  struct Case {
    const char* bytes;
    const char* code;
    Version version = v5;
  };
  const Case cases[] = {
      // The packets at which libmosquitto 2.0.11 ends the process.
      {"20 06 00 00 03 41 00 00", "mqtt.property"},
      {"30 06 00 01 61 02 41 00", "mqtt.property"},
      {"36 06 00 01 61 00 01 00", "mqtt.packet-qos"},
      {"36 05 00 01 61 00 01", "mqtt.packet-qos", v3},
      // 2.1.2, 2.1.3: packets of a client, and flags.
      {"00 00", "mqtt.packet-type"},
      {"10 00", "mqtt.packet-type"},
      {"82 00", "mqtt.packet-type"},
      {"c0 00", "mqtt.packet-type"},
      {"e0 00", "mqtt.packet-type", v3},
      {"f0 00", "mqtt.packet-type", v3},
      {"21 02 00 00", "mqtt.packet-flags", v3},
      {"60 02 00 01", "mqtt.packet-flags"},
      {"93 03 00 01 00", "mqtt.packet-flags"},
      {"38 03 00 01 61", "mqtt.packet-flags", v3},
      {"20 02 02 00", "mqtt.packet-flags", v3},
      {"20 02 01 05", "mqtt.packet-flags", v3},
      {"20 03 01 87 00", "mqtt.packet-flags"},
      // 1.5.5, 2.1.4: lengths.
      {"30 ff ff ff ff", "mqtt.packet-length"},
      {"d0 80 00", "mqtt.packet-length"},
      {"30 ff ff ff 7f", "mqtt.packet-too-large"},
      {"30 fe ff 3f", "mqtt.packet-too-large"},
      {"20 01 00", "mqtt.packet-length", v3},
      {"20 03 00 00 00", "mqtt.packet-length", v3},
      {"20 02 00 00", "mqtt.packet-length"},
      {"20 06 00 00 04 21 00 14", "mqtt.packet-length"},
      {"20 06 00 00 02 21 00 14", "mqtt.packet-length"},
      {"30 03 00 02 61", "mqtt.packet-length"},
      {"30 01 00", "mqtt.packet-length", v3},
      {"32 04 00 01 61 00", "mqtt.packet-length", v3},
      {"40 01 01", "mqtt.packet-length"},
      {"40 03 00 01 00", "mqtt.packet-length", v3},
      {"90 02 00 01", "mqtt.packet-length", v3},
      {"90 03 00 01 00", "mqtt.packet-length"},
      {"b0 03 00 01 00", "mqtt.packet-length", v3},
      {"d0 01 00", "mqtt.packet-length"},
      {"30 07 00 01 61 80 00 00 00", "mqtt.packet-length"},
      // 1.5.4: strings.
      {"30 04 00 01 ff 00", "mqtt.packet-text"},
      {"30 04 00 01 00 00", "mqtt.packet-text"},
      {"30 06 00 03 ed a0 80 00", "mqtt.packet-text"},
      {"30 08 00 01 61 04 03 00 01 80", "mqtt.packet-text"},
      {"30 0b 00 01 61 07 26 00 01 c0 00 01 61", "mqtt.packet-text"},
      // 4.7: topics.
      {"30 03 00 00 00", "mqtt.packet-topic"},
      {"30 02 00 00", "mqtt.packet-topic", v3},
      {"30 05 00 03 61 2f 2b", "mqtt.packet-topic", v3},
      {"30 04 00 01 23 00", "mqtt.packet-topic"},
      {"30 08 00 01 61 04 08 00 01 2b", "mqtt.packet-topic"},
      // 2.2.1: identifiers.
      {"32 06 00 01 61 00 00 00", "mqtt.packet-id"},
      {"40 02 00 00", "mqtt.packet-id"},
      {"90 04 00 00 00 00", "mqtt.packet-id"},
      // 2.4: reason codes.
      {"20 03 00 01 00", "mqtt.packet-reason"},
      {"20 02 00 06", "mqtt.packet-reason", v3},
      {"40 03 00 01 01", "mqtt.packet-reason"},
      {"62 03 00 01 10", "mqtt.packet-reason"},
      {"90 04 00 01 00 03", "mqtt.packet-reason"},
      {"90 03 00 01 83", "mqtt.packet-reason", v3},
      {"e0 01 04", "mqtt.packet-reason"},
      {"f0 01 19", "mqtt.packet-reason"},
      // 2.2.2: properties.
      {"20 05 00 00 02 24 02", "mqtt.property-value"},
      {"20 06 00 00 03 21 00 00", "mqtt.property-value"},
      {"20 08 00 00 05 27 00 00 00 00", "mqtt.property-value"},
      {"30 07 00 01 61 03 23 00 00", "mqtt.property-value"},
      {"30 06 00 01 61 02 0b 00", "mqtt.property-value"},
      {"30 06 00 01 61 02 01 02", "mqtt.property-value"},
      {"20 09 00 00 06 22 00 0a 22 00 0a", "mqtt.property-twice"},
      {"30 08 00 01 61 04 01 00 01 00", "mqtt.property-twice"},
      {"20 05 00 00 02 01 00", "mqtt.property"},
      {"20 05 00 00 02 17 01", "mqtt.property"},
      {"e0 07 00 05 11 00 00 00 00", "mqtt.property"},
      {"40 07 00 01 00 03 23 00 01", "mqtt.property"},
      {"30 08 00 01 61 04 1f 00 01 61", "mqtt.property"},
      {"30 05 00 01 61 01 00", "mqtt.property"},
      {"30 08 00 01 61 04 ff ff ff 7f", "mqtt.property"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.bytes));
    CAPTURE(static_cast<int>(one.version));
    CHECK(code_of(one.bytes, one.version) == one.code);
  }
}

TEST_CASE("a packet in pieces is waited for, what is wrong with its head is not") {
  const Bytes whole = hex("90 04 00 01 00 02");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(
        Decoded(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), v5).code ==
        "incomplete");
  }
  CHECK(code_of("36") == "mqtt.packet-qos");
  CHECK(code_of("48") == "mqtt.packet-flags");
  CHECK(code_of("30 ff ff ff") == "incomplete");
  CHECK(code_of("30 ff ff ff 7e") == "mqtt.packet-too-large");
  // 3.1.1 does not ask for the shortest form of a length.
  CHECK(code_of("d0 80 00", v3) == "ok");
  Bytes two = hex("d0 00 d0 00");
  Result<std::optional<Frame>> first = next_frame(two, v3, limit);
  REQUIRE(first);
  REQUIRE(first->has_value());
  CHECK((*first)->size == 2);
  // The limit is for the whole packet.
  const Bytes four = hex("30 02 00 00");
  CHECK(next_frame(four, v3, 4));
  CHECK(next_frame(four, v3, 3).error().code == Errc::packet_too_large);
  CHECK(next_frame(four, v3, 0).error().code == Errc::packet_too_large);
}

TEST_CASE("3,000 malformed packets, each with a named error") {
  // Good packets, as a broker sends them, with bytes changed, cut out, added and cut off.
  const std::vector<Bytes> good = {
      hex("20 09 00 00 06 22 00 0a 21 00 14"),
      hex("30 39 00 0a 68 6f 6d 65 2f 61 74 74 69 63 28 03 00 0a 74 65 78 74 2f 70 6c 61 69 6e 26 "
          "00 04 75 6e 69 74 00 01 43 08 00 03 72 2f 31 09 00 03 61 62 63 02 00 00 01 2c 32 31 2e "
          "35"),
      hex("34 13 00 0a 68 6f 6d 65 2f 61 74 74 69 63 00 02 00 32 31 2e 35"),
      hex("40 03 00 01 10"),
      hex("62 02 00 01"),
      hex("90 04 00 01 00 02"),
      hex("b0 04 00 03 00 11"),
      hex("e0 08 9c 06 1c 00 03 62 3a 31"),
      hex("f0 08 18 06 15 00 03 47 53 53"),
  };
  std::mt19937 random(20260131);
  const auto below = [&](std::size_t count) { return random() % count; };
  int malformed = 0;
  for (int tries = 0; malformed < 3000 && tries < 1'000'000; ++tries) {
    Bytes bytes = good[below(good.size())];
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
      const auto value = static_cast<std::uint8_t>(random());
      const std::size_t how = below(4);
      if (how == 0) bytes.insert(at, value);
      if (how == 1 && bytes.size() > 1) bytes.erase(at);
      if (how > 1) *at = value;
    }
    const Version version = below(2) == 0 ? v5 : v3;
    const Decoded decoded(bytes, version);
    const bool fine = decoded.code.starts_with("ok") || decoded.code.starts_with("incomplete");
    if (fine) continue;
    ++malformed;
    CAPTURE(to_hex(bytes, " "));
    CHECK(decoded.code.starts_with("mqtt."));
  }
  CHECK(malformed == 3000);
}

TEST_CASE("CONNECT") {
  Publication will{"w/t", "gone", 1, true};
  Connect connect;
  connect.client_id = "cap";
  connect.keep_alive_s = 60;
  connect.user = "me";
  connect.password = "pw";
  connect.will = &will;
  connect.receive_maximum = 2;
  Bytes out;
  encode(out, connect);
  CHECK(out == hex("10 27 00 04 4d 51 54 54 05 ee 00 3c 03 21 00 02 00 03 63 61 70 00 00 03 77 2f "
                   "74 00 04 67 6f 6e 65 00 02 6d 65 00 02 70 77"));  // capture
  connect.version = v3;
  out.clear();
  encode(out, connect);
  CHECK(out == hex("10 22 00 04 4d 51 54 54 04 ee 00 3c 00 03 63 61 70 00 03 77 2f 74 00 04 67 6f "
                   "6e 65 00 02 6d 65 00 02 70 77"));  // capture
  Connect plain;
  plain.version = v3;
  plain.client_id = "p";
  plain.keep_alive_s = 10;
  out.clear();
  encode(out, plain);
  CHECK(out == hex("10 0d 00 04 4d 51 54 54 04 02 00 0a 00 01 70"));  // mosquitto's CONNECT.json
  Connect kept;
  kept.clean_start = false;
  kept.session_expiry_s = 3600;
  kept.maximum_packet_bytes = 0x10000;
  kept.topic_alias_maximum = 32;
  out.clear();
  encode(out, kept);
  CHECK(out == hex("10 1a 00 04 4d 51 54 54 05 00 00 00 0d 11 00 00 0e 10 27 00 01 00 00 22 00 20 "
                   "00 00"));
}

TEST_CASE("what else a client sends") {
  const auto publish = [](Version version, const Publication& what, std::uint16_t id,
                          bool again = false) {
    Bytes out;
    encode_publish(out, version, what, id, again);
    return to_hex(out, " ");
  };
  CHECK(publish(v5, {"home/x", "hello", 1, true}, 1) ==
        "33 10 00 06 68 6f 6d 65 2f 78 00 01 00 68 65 6c 6c 6f");  // capture
  CHECK(publish(v3, {"home/x", "hello", 2, false}, 1) ==
        "34 0f 00 06 68 6f 6d 65 2f 78 00 01 68 65 6c 6c 6f");  // capture
  CHECK(publish(v3, {"a", "", 1, false}, 0x1234, true) == "3a 05 00 01 61 12 34");
  CHECK(publish(v3, {"a", std::string(125, 'x')}, 0).starts_with("30 80 01 00 01 61 78"));

  Bytes out;
  encode_subscribe(out, v5, 1, {"home/#"}, 0);
  CHECK(to_hex(out, " ") == "82 0c 00 01 00 00 06 68 6f 6d 65 2f 23 00");  // capture
  out.clear();
  encode_subscribe(out, v3, 1, {"home/#"}, 2);
  CHECK(to_hex(out, " ") == "82 0b 00 01 00 06 68 6f 6d 65 2f 23 02");  // capture
  out.clear();
  encode_unsubscribe(out, v3, 2, {"a", "b"});
  CHECK(to_hex(out, " ") == "a2 08 00 02 00 01 61 00 01 62");
  out.clear();
  encode_ack(out, PacketType::pubrec, 1, 0, v5);  // capture, as are the next two
  encode_ack(out, PacketType::pubrel, 1, 0, v5);
  encode_ack(out, PacketType::pubcomp, 2, 0, v3);
  encode_ack(out, PacketType::pubcomp, 2, 0x92, v5);
  encode_ack(out, PacketType::pubcomp, 2, 0x92, v3);
  CHECK(to_hex(out, " ") == "50 02 00 01 62 02 00 01 70 02 00 02 70 03 00 02 92 70 02 00 02");
  out.clear();
  encode_pingreq(out);
  encode_disconnect(out, v5, 0);  // capture
  encode_disconnect(out, v5, 0x82);
  encode_disconnect(out, v3, 0x82, 0);
  encode_disconnect(out, v5, 0, 0);
  encode_auth(out, 0x18, "GSS", "xy");
  CHECK(to_hex(out, " ") ==
        "c0 00 e0 00 e0 01 82 e0 00 e0 07 00 05 11 00 00 00 00 f0 0d 18 0b 15 00 03 47 53 53 16 00 "
        "02 78 79");
}

TEST_CASE("topic names and filters") {
  for (const char* good : {"a", "/", "a//b", "$SYS/x", "m\xc3\xbcll", "a b"}) {
    CHECK(is_topic_name(good));
    CHECK(is_topic_filter(good));
  }
  for (const char* bad : {"", "a/+", "#", "a\xff"}) CHECK_FALSE(is_topic_name(bad));
  CHECK_FALSE(is_topic_name(std::string_view("a\0b", 3)));
  CHECK_FALSE(is_topic_name(std::string(65'536, 'x')));
  CHECK(is_topic_name(std::string(65'535, 'x')));
  // 4.7.1.2, 4.7.1.3.
  for (const char* good : {"#", "sport/tennis/player1/#", "+", "+/tennis/#", "sport/+/player1"}) {
    CAPTURE(std::string(good));
    CHECK(is_topic_filter(good));
  }
  for (const char* bad : {"", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "+a", "a/#b"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(is_topic_filter(bad));
  }
}
