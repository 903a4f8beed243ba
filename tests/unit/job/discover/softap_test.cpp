#include "job/discover/wifi.hpp"

#include <doctest/doctest.h>

#include "seen.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace {

wifi::AccessPoint point(std::string_view name) {
  wifi::AccessPoint out;
  out.ssid.assign(name.begin(), name.end());
  out.bssid = "24:0a:c4:00:00:01";
  out.frequency_mhz = 2437;
  out.signal_dbm = -40;
  return out;
}

std::string ecosystem(std::string_view name) {
  const auto seen = observe_soft_ap(point(name));
  return seen ? text_fact(*seen, "ecosystem") : "nobody";
}

}  // namespace

TEST_CASE("a device that waits to be set up is known by its network's name") {
  CHECK(ecosystem("PROV_1A2B3C") == "Espressif");
  CHECK(ecosystem("adh_a1b2c3d4e5f_6789AB") == "Alibaba Tmall Genie");
  CHECK(ecosystem("SmartLife-BEEC") == "Tuya");
  CHECK(ecosystem("zhimi-airpurifier-m1_miap1A2B") == "Xiaomi Mi Home");
  CHECK(ecosystem("shelly1-8CAAB5") == "Shelly");
  CHECK(ecosystem("tasmota-3FA2C1-0449") == "Tasmota");
  CHECK(ecosystem("tasmota_3FA2C1-0449") == "Tasmota");
  CHECK(ecosystem("tasmota-7718") == "Tasmota");
  CHECK(ecosystem("Kitchen Fallback Hotspot") == "ESPHome");
  CHECK(ecosystem("WLED-AP") == "WLED");
  CHECK(ecosystem("TP-LINK_Smart Plug_1A2B") == "TP-Link Kasa");
}

TEST_CASE("other networks are not devices") {
  for (const char* name : {"", "PROV_", "FRITZ!Box 7590", "adh_", "approval", "SL-", "xx miap"})
    CHECK_MESSAGE(ecosystem(name) == "nobody", name);
}

TEST_CASE("what it says is kept with the point's own address") {
  const auto seen = observe_soft_ap(point("PROV_1A2B3C"));
  REQUIRE(seen.has_value());
  CHECK(has_identity(*seen, IdentityKind::mac, "24:0a:c4:00:00:01"));
  CHECK(text_fact(*seen, "state") == "unprovisioned");
  CHECK(text_fact(*seen, "wifi.ssid") == "PROV_1A2B3C");
  CHECK(std::get<std::uint64_t>(find_fact(*seen, "wifi.channel")->storage()) == 6);
  CHECK(seen->jobs == std::vector<std::string>{"pair"});
}

TEST_CASE("no name is written twice") {
  for (const SoftApName& a : soft_ap_names()) {
    int same = 0;
    for (const SoftApName& b : soft_ap_names()) {
      if (a.prefix == b.prefix && a.inside == b.inside) ++same;
    }
    CHECK_MESSAGE(same == 1, a.prefix);
  }
}
