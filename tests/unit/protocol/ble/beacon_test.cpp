#include <doctest/doctest.h>

#include "protocol/ble/beacon.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::ble;
using beacon::Finding;

namespace {

Advert advert_of(std::string_view hex) {
  Advert advert;
  add_advertising_data(*from_hex(hex), advert);
  return advert;
}

/// "format, ecosystem, state, job: readings" of each finding, one a line.
std::string found_in(const Advert& advert) {
  std::string out;
  for (const Finding& f : beacon::find_all(advert)) {
    std::vector<Reading> readings = f.readings;
    if (f.discriminator) readings.push_back({"discriminator", int{*f.discriminator}});
    if (f.vendor_id) readings.push_back({"vendor_id", int{*f.vendor_id}});
    if (f.product_id) readings.push_back({"product_id", int{*f.product_id}});
    out += fmt::format("{}{}, {}, {}, {}: {}", out.empty() ? "" : "\n", f.format, f.ecosystem,
                       f.state, f.job, test::show(readings));
    if (f.address) out += " @" + address_text(*f.address);
  }
  return out;
}

std::string found_in(std::string_view hex) { return found_in(advert_of(hex)); }

}  // namespace

// theengs/decoder, tests/BLE/test_ble.cpp: BlueCharm and NRF51822, with an AD header.
TEST_CASE("iBeacon") {
  CHECK(found_in("1AFF4C000215426C7565436861726D426561636F6E730EFE1355C5") ==
        "ibeacon, , , : major=3838;minor=4949;tx_power_1m_dbm=-59;"
        "uuid=426c7565-4368-6172-6d42-6561636f6e73");
  CHECK(found_in("19FF4C000215426C7565436861726D426561636F6E730EFE1355") == "");
  CHECK(found_in("05FF4C001219") == "");  // another of Apple's
}

// Captures: MikroTik's manual of its Bluetooth gateways (last-data, with these values beside it),
// and the Blue Charm BC011 that Android's ScanController.java carries for its test mode.
TEST_CASE("Eddystone: identity and telemetry, as gateways heard them") {
  CHECK(found_in("0201060303AAFE1116AAFE20000B701549023532D802384F46") ==
        "eddystone-tlm, , , : adverts=37040856;battery_volt=2.928;"
        "temperature_celsius=21.28515625;uptime_s=3724474.2");
  CHECK(found_in("0201060303AAFE1716AAFE00EE626C7565636861726D310000000000010000") ==
        "eddystone-uid, , , : instance=000000000001;namespace=626c7565636861726d31;"
        "tx_power_0m_dbm=-18");
  CHECK(found_in("0201060303AAFE1116AAFE20000BF017000008874803FB9354") ==
        "eddystone-tlm, , , : adverts=558920;battery_volt=3.056;temperature_celsius=23;"
        "uptime_s=6681890");
}

// reelyActive's advlib (README): its own address; advertising data from the eighth byte.
TEST_CASE("Eddystone: addresses of web pages") {
  CHECK(found_in("1216aafe10fc017265656c7961637469766507") ==
        "eddystone-url, , , : tx_power_0m_dbm=-4;url=https://www.reelyactive.com");
  CHECK(found_in("0e16aafe1000036d79702e6d653f41") ==
        "eddystone-url, , , : tx_power_0m_dbm=0;url=https://myp.me?A");
  CHECK(found_in("0816aafe10000441420000") == "");  // a scheme that is not known
}

TEST_CASE("Eddystone: no battery, no thermometer, and what is cut") {
  CHECK(found_in("1116AAFE20000000800000000001 00000001") ==
        "eddystone-tlm, , , : adverts=1;uptime_s=0.1");
  CHECK(found_in("0D16AAFE309A0E0F1B001F66D29B") ==
        "eddystone-eid, , , : ephemeral_id=0e0f1b001f66d29b;tx_power_0m_dbm=-102");
  CHECK(found_in("0616AAFE200100") == "eddystone-tlm, , , : encrypted=true");
  CHECK(found_in("0516AAFE0000") == "");
  CHECK(found_in("1016AAFE21010b0c1318000021fffdfc12") == "");  // BlueCharm's own
}

// The peripheral of Google's Cirque (its virtual Bluetooth tests), and the sample device of the
// Matter SDK: discriminator 3840, vendor fff1, product 8000.
TEST_CASE("Matter, waiting to be commissioned") {
  CHECK(found_in("0201060b16f6ff00000f5a23010000") ==
        "matter, Matter, unprovisioned, pair: additional_data=false;discriminator=3840;"
        "extended_announcement=false;product_id=1;vendor_id=9050");
  CHECK(found_in("0201060b16f6ff00000ff1ff008000") ==
        "matter, Matter, unprovisioned, pair: additional_data=false;discriminator=3840;"
        "extended_announcement=false;product_id=32768;vendor_id=65521");
  CHECK(found_in("0b16f6ff00ffff000000000003") ==
        "matter, Matter, unprovisioned, pair: additional_data=false;discriminator=4095;"
        "extended_announcement=false");
  CHECK(found_in("0b16f6ff01000ff1ff008000") == "");  // an opcode that is not known
  CHECK(found_in("0a16f6ff00000ff1ff0080") == "");
}

// aiohomekit, tests/test_ble_controller.py: manufacturer data 76.
TEST_CASE("HomeKit, paired and not") {
  CHECK(found_in("12FF4C0006310080e7146a37340600 9f2104023cb9eb0e") ==
        "homekit, Apple, provisioned, : category=6;configuration=4;state_number=8607");
  const Advert paired = advert_of("12FF4C0006310080e7146a373406009f2104023cb9eb0e");
  CHECK(beacon::find_homekit(paired)->hardware_id == "80:e7:14:6a:37:34");
  CHECK(found_in("12FF4C0006310180e7146a373406009f2104023cb9eb0e") ==
        "homekit, Apple, unprovisioned, pair: category=6;configuration=4;state_number=8607");
}

// Home Assistant core, tests/components/improv_ble/__init__.py: service data 4677.
TEST_CASE("Improv") {
  CHECK(found_in("1107008026787427634672222862687746 00 0916774601000000 0000") ==
        "improv, Improv Wi-Fi, unprovisioned, pair: identifies=false;needs_button=true");
  CHECK(found_in("09167746020100000000") ==
        "improv, Improv Wi-Fi, unprovisioned, pair: identifies=true");
  CHECK(found_in("09167746040000000000") ==
        "improv, Improv Wi-Fi, provisioned, : identifies=false");
  CHECK(found_in("110700802678742763467222286268774600") == "improv, Improv Wi-Fi, , pair: ");
}

TEST_CASE("ESP-IDF's provisioning by service or by name") {
  const char* told = "esp-provisioning, Espressif, unprovisioned, pair: ";
  CHECK(found_in("110707ed9b2d0f067c879b43436b4d247517") == told);
  CHECK(found_in("1107b4df5a1c3f6bf4bfea4a820304901a02") == told);
  CHECK(found_in("0C0950524F565F363146434445") == told);  // PROV_61FCDE
}

// help.aliyun.com, document 173315: b5, function mask, product, address; the example product and
// address are those of the Tmall Genie guide (2628, 10:9e:3a:23:71:0b).
TEST_CASE("Tmall Genie") {
  CHECK(found_in("0FFFA801B503440A00000B71233A9E10") ==
        "alibaba, Alibaba Tmall Genie, unprovisioned, pair: authenticated=false;ota=false;"
        "product_id=2628;subtype=gatt @10:9E:3A:23:71:0B");
  CHECK(found_in("0FFFA801B52F440A00000B71233A9E10") ==
        "alibaba, Alibaba Tmall Genie, provisioned, : authenticated=true;ota=true;"
        "product_id=2628;subtype=gatt @10:9E:3A:23:71:0B");
  CHECK(found_in("11FFA8019500440A0B71233A9E10112233 0099") ==
        "alibaba, Alibaba Tmall Genie, , : product_id=2628;subtype=beacon @10:9E:3A:23:71:0B");
  CHECK(found_in("0303B3FE") == "alibaba, Alibaba Tmall Genie, , : ");
  CHECK(found_in("05FFA801B503") == "alibaba, Alibaba Tmall Genie, , : subtype=gatt");
  // The same device, not yet in a mesh.
  CHECK(found_in("15162718A80171440A00000B71233A9E1000000000 00") ==
        "mesh-provisioning, Alibaba Tmall Genie, unprovisioned, pair: oob_info=0;product_id=2628 "
        "@10:9E:3A:23:71:0B");
}

TEST_CASE("a mesh device of another maker") {
  const Advert advert = advert_of("15162718 00112233445566778899AABBCCDDEEFF 0020");
  CHECK(found_in(advert) == "mesh-provisioning, Bluetooth Mesh, unprovisioned, pair: oob_info=32");
  CHECK(beacon::find_mesh_provisioning(advert)->hardware_id == "00112233445566778899aabbccddeeff");
  CHECK(found_in("05162718A801") == "");
}

TEST_CASE("pairing helpers of Google and Microsoft") {
  CHECK(found_in("06162CFE00200B") == "fast-pair, Google, unprovisioned, : model_id=00200b");
  CHECK(found_in("09162CFE00302AB4C901") == "fast-pair, Google, provisioned, : ");
  CHECK(found_in("06FF0600030080") == "swift-pair, Microsoft, unprovisioned, : scenario=le");
  CHECK(found_in("06FF0600010920") == "");  // Microsoft's devices speaking of themselves
}

TEST_CASE("makers whose adverts are not public") {
  CHECK(found_in("030303FE") == "amazon, Amazon, , : ");
  CHECK(found_in("0303C2FD") == "baidu, Baidu, , : ");
  CHECK(found_in("030335FE") == "huawei, Huawei, , : ");
  CHECK(found_in("04FF7D0201") == "huawei, Huawei, , : ");
  CHECK(found_in("030350FD") == "tuya, Tuya, , : ");
  CHECK(found_in("07FFD00780030000") == "tuya, Tuya, provisioned, : protocol_version=3");
  CHECK(found_in("020106") == "");
}

TEST_CASE("every cut of every advert is read without a crash") {
  for (const char* hex :
       {"1AFF4C000215426C7565436861726D426561636F6E730EFE1355C5",
        "1116AAFE20000B701549023532D802384F46", "0e16aafe1000036d79702e6d653f41",
        "0b16f6ff00000f5a23010000", "12FF4C0006310080e7146a373406009f2104023cb9eb0e",
        "09167746010000000000", "0FFFA801B503440A00000B71233A9E10",
        "11FFA8019500440A0B71233A9E10112233", "15162718A80171440A00000B71233A9E100000000000",
        "06162CFE00200B", "06FF0600030080", "07FFD00780030000"}) {
    const Bytes whole = *from_hex(hex);
    for (std::size_t size = 2; size < whole.size(); ++size) {
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      cut[0] = static_cast<std::uint8_t>(size - 1);
      Advert advert;
      add_advertising_data(cut, advert);
      CHECK(advert.services.empty());
      found_in(advert);
    }
  }
}

// custom-components/ble_monitor, test/test_miscale_parser.py, and Bluetooth-Devices/xiaomi-ble,
// tests/test_parser.py, whose adverts are the same.
TEST_CASE("Xiaomi's scales") {
  CHECK(found_in("0d161d18a22044b20701010a1a15") ==
        "mi-scale-v1, Xiaomi Mi Home, , : mass_kg=87.2;mass_removed=true;stabilized=true");
  CHECK(found_in("0d161d18821400e507040b101708") ==
        "mi-scale-v1, Xiaomi Mi Home, , : mass_kg=0.1;mass_removed=true;stabilized=false");
  CHECK(found_in("0d161d18229e43e507040b101301") ==
        "mi-scale-v1, Xiaomi Mi Home, , : mass_kg=86.55;mass_removed=false;stabilized=true");
  CHECK(found_in("10161b180204b207010112101a0000a852") ==
        "mi-scale-v2, Xiaomi Mi Home, , : mass_kg=105.8;mass_removed=false;stabilized=false");
  CHECK(found_in("10161b180226b20705040f0201ac018642") ==
        "mi-scale-v2, Xiaomi Mi Home, , : "
        "impedance_ohm=428;mass_kg=85.15;mass_removed=false;stabilized=true");
  CHECK(found_in("0c161d18a22044b20701010a1a") == "");          // another's weight scale
  CHECK(found_in("10161b180726b20705040f0201ac018642") == "");  // in no known unit
}
