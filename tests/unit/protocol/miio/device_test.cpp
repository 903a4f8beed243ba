#include "protocol/miio/device.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::miio;
using namespace std::chrono_literals;

namespace {

const Token token = *parse_token("00112233445566778899aabbccddeeff");

struct Bench {
  net::TimePoint now{std::chrono::hours(1)};
  Device device;

  static DeviceOptions options(bool provisioned) {
    DeviceOptions out;
    out.token = token;
    out.provisioned = provisioned;
    out.properties = {{"power", "\"on\""}, {"aqi", "4"}};
    return out;
  }
  explicit Bench(bool provisioned) : device(options(provisioned), now - 1000s) {}

  std::string send(const Bytes& packet) {
    net::Datagram datagram;
    datagram.payload = packet;
    device.on_datagram(now, datagram);
    const auto out = device.take_output();
    return out ? to_hex(out->payload) : "";
  }
  std::string ask(std::string_view text, const Token& with = token) {
    const std::string reply = send(seal(0x0BADF00D, 1000, text, with));
    return reply.empty() ? "" : *open(*from_hex(reply), token);
  }
};

}  // namespace

TEST_CASE("a device out of its box tells its token, and hides it once it has a network") {
  Bench bench(false);
  CHECK(bench.send(hello()) == "21310020000000000badf00d000003e800112233445566778899aabbccddeeff");
  CHECK(bench.ask(R"({"id":1,"method":"miIO.wifi_assoc_state","params":[]})") ==
        R"({"id":1,"result":{"state":"FAILED","auth_fail_count":0,"conn_success_count":0,)"
        R"("conn_fail_count":0,"dhcp_fail_count":0}})");
  CHECK(bench.ask(R"({"id":2,"method":"miIO.config_router","params":{"passwd":"secret"}})") ==
        R"({"id":2,"error":{"code":-5001,"message":"invalid_arg"}})");
  CHECK(bench.ask(R"({"id":3,"method":"miIO.config_router",)"
                  R"("params":{"ssid":"home","passwd":"secret","uid":1}})") ==
        R"({"id":3,"result":["ok"]})");
  CHECK(bench.device.ssid() == "home");
  CHECK(bench.send(hello()) == "21310020000000000badf00d000003e8ffffffffffffffffffffffffffffffff");
}

TEST_CASE("commands") {
  Bench bench(true);
  CHECK(bench.ask(R"({"id":7,"method":"get_prop","params":["power","aqi","none",5]})") ==
        R"({"id":7,"result":["on",4,null,null]})");
  CHECK(bench.ask(R"({"id":8,"method":"miIO.info","params":[]})")
            .starts_with(
                R"({"id":8,"result":{"model":"chuangmi.plug.m1","mac":"34:CE:00:00:00:01")"));
  CHECK(bench.ask(R"({"id":9,"method":"fly","params":[]})") ==
        R"({"id":9,"error":{"code":-32601,"message":"Method not found."}})");
}

TEST_CASE("silence: another token, no JSON, no method") {
  Bench bench(true);
  const Token other = *parse_token("ffeeddccbbaa99887766554433221100");
  CHECK(bench.ask(R"({"id":7,"method":"miIO.info"})", other) == "");
  CHECK(bench.ask("{") == "");
  CHECK(bench.ask("[]") == "");
  CHECK(bench.ask(R"({"id":7})") == "");
  CHECK(bench.send({}) == "");
  CHECK(bench.send(Bytes(32, 0x21)) == "");
}
