#include <doctest/doctest.h>

#include "protocol/coap/message.hpp"
#include "seen.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace aiot::discover {
void add_miio_info(const std::string& info_json, Observation& out);  // miio.cpp
}

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

Packet packet(ByteSpan payload, std::uint16_t from_port, std::uint16_t to_port = 40000) {
  Packet out;
  out.from_address = "10.0.0.7";
  out.from_port = from_port;
  out.to_address = "10.0.0.1";
  out.to_port = to_port;
  out.from_mac = "24:0a:c4:00:00:01";
  out.payload = payload;
  return out;
}

std::string words(const Observation& seen, std::string_view fact) {
  const std::optional<Value> value = find_fact(seen, fact);
  if (!value || value->array() == nullptr) return "none";
  std::string out;
  for (const Value& word : *value->array()) out += (out.empty() ? "" : " ") + *word.string();
  return out;
}

/// What a directory of these links says of its host.
Observation observe_links(const std::string& host, std::uint16_t port, std::string_view links) {
  coap::Message message;
  message.type = coap::Type::non_confirmable;
  message.code = coap::Code::content;
  message.add_uint(coap::option::content_format, coap::format::link);
  message.payload.assign(links.begin(), links.end());
  const Bytes bytes = coap::encode(message);
  Packet from = packet(bytes, port);
  from.from_address = host;
  const auto seen = protocol_named("coap").decode(from);
  REQUIRE(seen.size() == 1);
  return seen[0];
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

}  // namespace

// The answer of libcoap's coap-server-notls 4.3.1, captured.
TEST_CASE("coap-server's directory") {
  const Bytes answer =
      hex("61452b8b01c128ff3c2f3e3b7469746c653d2247656e6572616c20496e666f223b63743d302c3c2f74696d65"
          "3e3b69"
          "663d22636c6f636b223b72743d227469636b73223b7469746c653d22496e7465726e616c20436c6f636b223b"
          "63743d"
          "303b6f62732c3c2f6173796e633e3b63743d302c3c2f6578616d706c655f646174613e3b7469746c653d2245"
          "78616d"
          "706c652044617461223b63743d303b6f6273");
  const auto seen = observe("coap", packet(answer, 5683));
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].source == "coap");
  CHECK(has_identity(seen[0], IdentityKind::address, "10.0.0.7"));
  CHECK(has_identity(seen[0], IdentityKind::mac, "24:0a:c4:00:00:01"));
  CHECK(text_fact(seen[0], "ip") == "10.0.0.7");
  CHECK(words(seen[0], "coap.resources") == "/ /async /example_data /time");
  CHECK(words(seen[0], "coap.types") == "ticks");
  CHECK(words(seen[0], "coap.observable") == "/example_data /time");
  CHECK(joined(seen[0].addresses) == "coap://10.0.0.7/example_data coap://10.0.0.7/time");
  CHECK(joined(seen[0].jobs) == "listen");
  CHECK(text_fact(seen[0], "ecosystem") == "");
}

TEST_CASE("what is no directory is nobody's; a first block counts as far as it goes") {
  CHECK(observe("coap", packet({}, 5683)).empty());
  CHECK(observe("coap", packet(hex("60457d34ff32322e332043"), 5683)).empty());  // no format
  CHECK(observe("coap", packet(hex("60847d34c128ff3c2f613e"), 5683)).empty());  // 4.04
  CHECK(observe("coap", packet(hex("40017d34bb7465"), 5683)).empty());
  CHECK(observe("coap", packet(hex("60457d34c128ff3c2f61"), 5683)).empty());        // cut
  CHECK(observe("coap", packet(hex("60457d34c128b118ff3c2f613e"), 5683)).empty());  // second block
  const auto first =
      observe("coap", packet(hex("60457d34c128b108ff3c2f613e2c3c2f623e2c3c2f63"), 5683));
  REQUIRE(first.size() == 1);
  CHECK(words(first[0], "coap.resources") == "/a /b");
}

TEST_CASE("ecosystems by resource types; hosts on other ports and without resources") {
  const auto ocf = observe_links("fe80::1%dev0", 12345,
                                 R"(</oic/d>;rt="oic.wk.d oic.d.light",<http://x/>)");
  CHECK(text_fact(ocf, "ecosystem") == "OCF");
  CHECK(joined(ocf.addresses) == "coap://[fe80::1%dev0]:12345");
  CHECK(words(ocf, "coap.resources") == "/oic/d");
  CHECK(ocf.jobs.empty());
  CHECK(text_fact(observe_links("h", 1, R"(</>;rt="oma.lwm2m")"), "ecosystem") == "LwM2M");
  std::string many;
  for (int i = 0; i < 200; ++i) many += (i ? ",</" : "</") + std::to_string(i) + ">;obs";
  const auto bounded = observe_links("h", 5683, many);
  CHECK(bounded.addresses.size() == 8);
  CHECK(find_fact(bounded, "coap.resources")->array()->size() == 64);
}

TEST_CASE("a miIO device, provisioned or not; its token is not told") {
  const auto hidden = observe("miio", packet(hex("2131002000000000102695f0000b7567ffffffffffffffffffffffffffffffff"), 54321));
  REQUIRE(hidden.size() == 1);
  CHECK(has_identity(hidden[0], IdentityKind::hardware_id, "270964208"));
  CHECK(text_fact(hidden[0], "state") == "provisioned");
  CHECK(text_fact(hidden[0], "ecosystem") == "Xiaomi Mi Home");
  CHECK(joined(hidden[0].addresses) == "miio://10.0.0.7");
  CHECK(hidden[0].jobs.empty());

  const auto shown = observe("miio", packet(hex("213100200000000000c0c904000479703376c311e8894a4e27ccbb705e132fde"), 54321));
  REQUIRE(shown.size() == 1);
  CHECK(text_fact(shown[0], "state") == "unprovisioned");
  CHECK(joined(shown[0].jobs) == "pair");
  for (const Evidence& fact : evidence_of(shown[0])) {
    const std::string* text = fact.value.string();
    CHECK((text == nullptr || text->find("3376c311") == std::string::npos));
  }
  CHECK(observe("miio", packet(hex("21310020" + std::string(56, 'f')), 54321)).empty());
  CHECK(observe("miio", packet(hex("2131002000000000102695f0000b7567ffffffffffffffffffffffffffffffff"), 999))
            .empty());

  Observation more = shown[0];
  add_miio_info(R"({"model":"a.b.c","fw_ver":"1.2","mac":"34:CE:00:00:00:01","life":1})", more);
  CHECK(text_fact(more, "model") == "a.b.c");
  CHECK(text_fact(more, "version") == "1.2");
  CHECK(has_identity(more, IdentityKind::mac, "34:CE:00:00:00:01"));
  add_miio_info("[", more);
  add_miio_info(R"({"model":5})", more);
}

// Captured from a heat pump: see tests/unit/protocol/tuya.
TEST_CASE("a Tuya device") {
  const Bytes broadcast =
      hex("000055aa00000000000000130000009c000000006f02543bfe9d2ab4a04bf16f8867c44c9969edaf006b881d"
          "c7e3e0"
          "702c06fb879717e14e4c8fab8bc25f0ab1242cba941a7bcb75ef5bb8eb330ad344dd0b106868c2c8903dec4b"
          "ff0294"
          "046f69a2112cb14d42dae779bd097a67839861716672dad090fa96230f965190ab4e70ed4f7f61a87e102e94"
          "88471c"
          "99fadeba005d13bcc651832dd9b60158654b01a12a9a520237a3fb0000aa55");
  const auto seen = observe("tuya", packet(broadcast, 49154, 6667));
  REQUIRE(seen.size() == 1);
  CHECK(has_identity(seen[0], IdentityKind::hardware_id, "bf90769136c9ac3653oqwj"));
  CHECK(has_identity(seen[0], IdentityKind::address, "10.0.0.7"));
  CHECK(text_fact(seen[0], "tuya.protocol") == "3.3");
  CHECK(text_fact(seen[0], "tuya.product_key") == "3bhylhz5zhogklel");
  CHECK(text_fact(seen[0], "state") == "provisioned");
  CHECK(observe("tuya", packet(broadcast, 49154, 7000)).size() == 1);
  CHECK(observe("tuya", packet(broadcast, 7000, 40000)).size() == 1);
  CHECK(observe("tuya", packet(broadcast, 49154, 9999)).empty());
  CHECK(observe("tuya", packet(as_bytes("{}"), 49154, 6666)).empty());
}

// The payload is from iotkit-embedded's manual; see tests/unit/protocol/alibaba.
TEST_CASE("a Link Kit device, asked and unasked; its token is not told") {
  const std::string data =
      R"({"productKey":"a1GQc8iJOWI","deviceName":"gateway_test01","mac":"B0:F8:93:15:BF:21",)"
      R"("ip":"10.0.0.59","cipherType":4,"token":"B52C577E55DE6B3CAF5B0C882410D8BF"}})";
  Bytes answer = hex("50450001ff");
  append(answer, as_bytes(R"({"id":123,"code":200,"data":)" + data));
  // NON POST /sys/device/info/notify
  Bytes told = hex("50020002b37379730664657669636504696e666f066e6f74696679ff");
  append(told, as_bytes(R"({"id":"7","method":"device.info.notify","params":)" + data));
  for (const Bytes& bytes : {answer, told}) {
    const auto seen = observe("alibaba", packet(bytes, 5683));
    REQUIRE(seen.size() == 1);
    CHECK(has_identity(seen[0], IdentityKind::hardware_id, "a1GQc8iJOWI/gateway_test01"));
    CHECK(has_identity(seen[0], IdentityKind::mac, "B0:F8:93:15:BF:21"));
    CHECK(text_fact(seen[0], "ecosystem") == "Alibaba Tmall Genie");
    CHECK(text_fact(seen[0], "name") == "gateway_test01");
    for (const Evidence& fact : evidence_of(seen[0])) {
      CHECK((fact.value.string() == nullptr ||
             fact.value.string()->find("B52C577E") == std::string::npos));
    }
  }
  CHECK(observe("alibaba", packet(hex("40017d34bb7465"), 5683)).empty());
  CHECK(observe("alibaba", packet(hex("60457d34ff32322e332043"), 5683)).empty());
}
