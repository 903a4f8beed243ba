#include "protocol/protocomm/message.hpp"

#include <doctest/doctest.h>

#include "protocol/protocomm/protobuf.hpp"
#include "provisioning/error.hpp"
#include "support/show.hpp"

using namespace aiot;
using namespace aiot::protocomm;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

ConfigMessage config(ConfigMessage::Kind kind) {
  ConfigMessage out;
  out.kind = kind;
  return out;
}

}  // namespace

// protobuf.dev, "Encoding": 150 in field 1, "testing" in field 2.
TEST_CASE("Protocol Buffers' fields") {
  Bytes out;
  put_number(out, 1, 150);
  put_bytes(out, 2, as_bytes("testing"));
  CHECK(to_hex(out) == "089601120774657374696e67");
  ProtobufReader reader(out);
  const auto number = reader.next();
  REQUIRE(number);
  CHECK(number->number == 1);
  CHECK(number->value == 150);
  const auto text = reader.next();
  REQUIRE(text);
  CHECK(to_string(text->bytes) == "testing");
  CHECK_FALSE(reader.next());
  CHECK(reader.ok());

  Bytes negative;
  put_int32(negative, 1, -2);
  CHECK(to_hex(negative) == "08feffffffffffffffff01");
  Bytes nothing;
  put_number(nothing, 1, 0);
  put_bytes(nothing, 2, {});
  CHECK(nothing.empty());

  for (const char* broken : {"08", "08ffffffffffffffffffff01", "0a05abcd", "0b", "0f", "00", "0501",
                             "0dffffff", "0901020304050607", "0affffffffffffffffff01"}) {
    CAPTURE(broken);
    const Bytes bytes = hex(broken);
    ProtobufReader bad(bytes);
    while (bad.next()) {
    }
    CHECK_FALSE(bad.ok());
  }
}

// Made with esp_prov's messages, and with what wifi_config.c answers.
TEST_CASE("messages of prov-config") {
  using Kind = ConfigMessage::Kind;
  ConfigMessage set = config(Kind::set);
  set.ssid = "home";
  set.passphrase = "secret-pass";
  CHECK(to_hex(encode(set)) == "080262130a04686f6d65120b7365637265742d70617373");
  CHECK(to_hex(encode(config(Kind::set_done))) == "08036a00");
  CHECK(to_hex(encode(config(Kind::apply))) == "08047200");
  CHECK(to_hex(encode(config(Kind::applied))) == "08057a00");
  CHECK(to_hex(encode(config(Kind::get_status))) == "5200");
  ConfigMessage failed = config(Kind::status);
  failed.wifi.state = StationState::failed;
  failed.wifi.fail = FailReason::auth_error;
  CHECK(to_hex(encode(failed)) == "08015a0410035000");

  const Result<ConfigMessage> read =
      decode_config(hex("080262130a04686f6d65120b7365637265742d70617373"));
  REQUIRE(read);
  CHECK(read->kind == Kind::set);
  CHECK(read->ssid == "home");
  CHECK(read->passphrase == "secret-pass");
  CHECK(decode_config(hex("08036a00"))->status == Status::success);
  CHECK(decode_config(hex("08036a020804"))->status == Status::bad_argument);
  CHECK(decode_config(hex("5200"))->kind == Kind::get_status);
  const Result<ConfigMessage> status = decode_config(hex("08015a0410035000"));
  REQUIRE(status);
  CHECK(status->wifi.state == StationState::failed);
  CHECK(status->wifi.fail == FailReason::auth_error);
  CHECK(decode_config(hex("08015a0410035001"))->wifi.fail == FailReason::network_not_found);
  // An answer without any field in it: the station is connected.
  CHECK(decode_config(hex("08015a00"))->wifi.state == StationState::connected);
  // Connecting; one of several attempts has failed, two are left (from v5.4.1 on).
  const Result<ConfigMessage> attempt = decode_config(hex("08015a06100162020802"));
  REQUIRE(attempt);
  CHECK(attempt->wifi.state == StationState::connecting);
  CHECK(attempt->wifi.attempts_remaining == 2);
}

TEST_CASE("a connected station, there and back") {
  ConfigMessage message = config(ConfigMessage::Kind::status);
  message.wifi.ip = "192.168.1.40";
  message.wifi.network.ssid = "home";
  message.wifi.network.bssid = "24:0a:c4:00:00:01";
  message.wifi.network.channel = 6;
  message.wifi.network.security = "wpa2/wpa3";
  const Bytes bytes = encode(message);
  // Field by field: connected{ip4=1, auth=2, ssid=3, bssid=4, channel=5} in field 11.
  CHECK(to_hex(bytes) ==
        "08015a22"
        "5a20"
        "0a0c3139322e3136382e312e3430"
        "1007"
        "1a04686f6d65"
        "2206240ac4000001"
        "2806");
  const Result<ConfigMessage> read = decode_config(bytes);
  REQUIRE(read);
  CHECK(read->wifi.state == StationState::connected);
  CHECK(read->wifi.ip == "192.168.1.40");
  CHECK(read->wifi.network.bssid == "24:0a:c4:00:00:01");
  CHECK(read->wifi.network.security == "wpa2/wpa3");
  CHECK(read->wifi.network.channel == 6);
}

TEST_CASE("messages of prov-scan") {
  using Kind = ScanMessage::Kind;
  ScanMessage start;
  start.blocking = true;
  start.group_channels = 5;
  start.period_ms = 120;
  CHECK(to_hex(encode(start)) == "5206080118052078");
  ScanMessage ask;
  ask.kind = Kind::get_result;
  ask.start = 4;
  ask.count = 4;
  CHECK(to_hex(encode(ask)) == "0804720408041004");
  CHECK(decode_scan(hex("08036a0408011005"))->count == 5);
  CHECK(decode_scan(hex("08036a0408011005"))->finished);
  CHECK(decode_scan(hex("080310056a00"))->status == Status::internal);

  ScanMessage list;
  list.kind = Kind::result;
  list.networks.push_back({"home", "24:0a:c4:00:00:01", 6, -60, "wpa2"});
  const Bytes bytes = encode(list);
  CHECK(to_hex(bytes) ==
        "08057a1f"
        "0a1d"
        "0a04686f6d65"
        "1006"
        "18c4ffffffffffffffff01"
        "2206240ac4000001"
        "2803");
  const Result<ScanMessage> read = decode_scan(bytes);
  REQUIRE(read);
  REQUIRE(read->networks.size() == 1);
  CHECK(read->networks[0].ssid == "home");
  CHECK(read->networks[0].rssi_dbm == -60);
  CHECK(read->networks[0].security == "wpa2");
  CHECK(decode_scan(hex("08057a040a022810"))->networks.at(0).security == "type 16");

  Bytes many;
  for (int i = 0; i < 300; ++i) append(many, hex("0a00"));
  Bytes message = hex("0805");
  put_message(message, 15, many);
  CHECK_FALSE(decode_scan(message));
}

TEST_CASE("messages of prov-ctrl") {
  using Kind = ControlMessage::Kind;
  CHECK(to_hex(encode(ControlMessage())) == "08015a00");
  CHECK(to_hex(encode(ControlMessage{Kind::reprovision, Status::success})) == "08036a00");
  CHECK(decode_control(hex("08026200"))->kind == Kind::reset_done);
  CHECK(decode_control(hex("080410057200"))->status == Status::internal);
  CHECK_FALSE(decode_control({}));
}

TEST_CASE("unknown fields are skipped, damaged messages refused") {
  CHECK(decode_config(hex("0803 6a00 f83f01 c23e03616263"))->status == Status::success);
  CHECK(decode_config(hex("0803 6a07 f83f01 0804 7800"))->status == Status::bad_argument);
  for (const char* broken : {"0806", "08035200", "08036a", "08036a020808", "6800", "08016a00",
                             "0a00", "08015a0410045000", "08015a025002"}) {
    CAPTURE(broken);
    const Result<ConfigMessage> read = decode_config(hex(broken));
    REQUIRE_FALSE(read);
    CHECK(read.error().code == provisioning::Errc::protocol_violated);
  }
  CHECK_FALSE(decode_scan(hex("08066a00")));
  CHECK_FALSE(decode_scan(hex("08036800")));
  CHECK_FALSE(decode_session(hex("1001")));
  CHECK_FALSE(decode_session(hex("100262005a00")));
  CHECK_FALSE(decode_session(hex("10025a00")));
  CHECK_FALSE(decode_config(Bytes(70000, 0)));
}

TEST_CASE("what proto-ver answers") {
  const Result<Version> full = decode_version(
      R"({"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1,"cap":["wifi_scan"]}})");
  REQUIRE(full);
  CHECK(full->version == "v1.1");
  CHECK(full->scheme() == 2);
  CHECK(full->patch == 1);
  CHECK(full->has("wifi_scan"));
  CHECK(encode(*full) ==
        R"({"prov":{"ver":"v1.1","sec_ver":2,"sec_patch_ver":1,"cap":["wifi_scan"]}})");
  // Before ESP-IDF v5.0.
  CHECK(decode_version(R"({"prov":{"ver":"v1.1","cap":["no_sec"]}})")->scheme() == 0);
  CHECK(decode_version(R"({"prov":{"ver":"v1.1","cap":["wifi_scan"]}})")->scheme() == 1);
  CHECK(decode_version(R"({"prov":{"ver":"v1.1","sec_ver":2}})")->patch == 0);
  // network_provisioning, with an application's own member.
  const Result<Version> network = decode_version(
      R"({"my-app":{"ver":"1"},"prov":{"ver":"netprov-v1.2","sec_ver":1,"cap":["wifi_prov","no_pop"]}})");
  REQUIRE(network);
  CHECK(network->has("no_pop"));
  CHECK(decode_version("V0.1")->version == "V0.1");
  for (const char* bad : {"", "{", "[]", "{}", R"({"prov":1})", "\xFF\xFE", "---"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_version(bad));
  }
  CHECK(decode_version(R"({"prov":{"ver":1,"sec_ver":-1,"cap":[1,null]}})")->scheme() == 1);
}
