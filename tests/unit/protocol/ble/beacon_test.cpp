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
  CHECK(beacon::find_homekit(paired)->hardware_id == "80:E7:14:6A:37:34");
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
  CHECK(found_in("10161b180126b20705040f0201ac018642") == "");  // in no known unit
}

// theengs/decoder, tests/BLE/test_ble.cpp, Mi_Body_Scale_2: a thing is weighed, not a person.
TEST_CASE("Xiaomi's second scale with bit 2 of its unit") {
  CHECK(found_in("10161b180624e607020e10293a0000fc03") ==
        "mi-scale-v2, Xiaomi Mi Home, , : mass_kg=5.1;mass_removed=false;object=true;stabilized=true");
  CHECK(found_in("10161b180724e607020e10293a0000ce04") ==
        "mi-scale-v2, Xiaomi Mi Home, , : mass_lb=12.3;mass_removed=false;object=true;stabilized=true");
}

namespace {

Advert named(std::string_view name, std::string_view hex) {
  Advert advert = advert_of(hex);
  advert.name = name;
  return advert;
}

std::string sensor_in(const Advert& advert, std::string_view vendor, std::string_view model) {
  std::string out;
  for (const Finding& f : beacon::find_all(advert)) {
    if (f.format.starts_with("ibeacon")) continue;
    CHECK(f.vendor == vendor);
    CHECK(f.model == model);
    out += (out.empty() ? "" : "\n") + std::string(f.format) + ": " + test::show(f.readings);
  }
  return out;
}

}  // namespace

// custom-components/ble_monitor, test/test_govee_parser.py; H5179 and the longer ones from theengs/decoder,
// tests/BLE/test_ble.cpp.
TEST_CASE("Govee") {
  const auto govee = [](std::string_view name, std::string_view hex, std::string_view model) {
    return sensor_in(named(name, hex), "Govee", model);
  };
  CHECK(govee("GVH5075_CB9B", "030388ec02010509ff88ec0003215d6400", "H5075") ==
        "govee: battery_percent=100;humidity_percent=14.9;temperature_celsius=20.5");
  CHECK(govee("GVH5075_CB9B", "030388ec02010509ff88ec0081c2896400", "H5075") ==
        "govee: battery_percent=100;humidity_percent=33.7;temperature_celsius=-11.5");
  CHECK(govee("GVH5075_1234",
              "22ff88ec000384e45c004c000215494e54454c4c495f524f434b535f48575075f2ffc2", "H5075") ==
        "govee: battery_percent=92;humidity_percent=62.8;temperature_celsius=23");
  CHECK(govee("", "0aff88ec0088078c116402", "") ==
        "govee: battery_percent=100;humidity_percent=44.92;temperature_celsius=19.28");
  CHECK(govee("", "0cff88ec00ba0af90f63020101", "") ==
        "govee: battery_percent=99;humidity_percent=40.89;temperature_celsius=27.46");
  CHECK(govee("GVH5102_CB9B", "030388ec02010509ff0100010103cb0164", "H5102") ==
        "govee: battery_percent=100;humidity_percent=57.7;temperature_celsius=24.8");
  CHECK(govee("GVH5106_4B99", "09ff010001010deeaa6f", "H5106") ==
        "govee: humidity_percent=74.5;pm2_5_ug_m3=7;temperature_celsius=23.3");
  CHECK(govee("B51788E45", "030388ec0201050cff010001010003a00f640000", "H5178") ==
        "govee: battery_percent=100;humidity_percent=58.3;sensor_id=0;temperature_celsius=23.7");
  CHECK(govee("Govee_H5179_1234", "0cff0188ec000101ee07581641", "H5179") ==
        "govee: battery_percent=65;humidity_percent=57.2;temperature_celsius=20.3");
  // Another's data with company 0001, and a Govee that is no thermometer.
  CHECK(found_in(named("Phone", "09ff0100010103cb0164")) == "");
  CHECK(govee("GVH6159_1234", "02010a", "H6159") == "govee: ");
}

// docs.ruuvi.com, data format 5, the test vectors there; format 3 from custom-components/ble_monitor,
// test/test_ruuvitag_parser.py.
TEST_CASE("Ruuvi") {
  const auto ruuvi = [](std::string_view hex) {
    return sensor_in(advert_of(hex), "Ruuvi", "RuuviTag");
  };
  CHECK(ruuvi("1bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f") ==
        "ruuvi-5: acceleration_x_mg=4;acceleration_y_mg=-4;acceleration_z_mg=1036;humidity_percent=53.49;"
        "movements=66;pressure_hpa=1000.44;sequence=205;temperature_celsius=24.3;tx_power_dbm=4;"
        "voltage_volt=2.977");
  // Every field "not available": only the tag itself is known.
  CHECK(sensor_in(advert_of("1bff9904058000ffffffff800080008000ffffffffffffffffffffff"), "Ruuvi", "") ==
        "ruuvi-5: ");
  CHECK(ruuvi("11ff990403291a1ece1efc18f94202ca0b53") ==
        "ruuvi-3: acceleration_x_mg=-1000;acceleration_y_mg=-1726;acceleration_z_mg=714;humidity_percent=20.5;"
        "pressure_hpa=1027.66;temperature_celsius=26.3;voltage_volt=2.899");
  CHECK(sensor_in(advert_of("05ff99040600"), "Ruuvi", "") == "ruuvi: ");
}

// custom-components/ble_monitor, test/test_switchbot.py.
TEST_CASE("SwitchBot") {
  CHECK(sensor_in(advert_of("09160d0054006400990e"), "SwitchBot", "Meter") ==
        "switchbot: battery_percent=100;humidity_percent=14;temperature_celsius=25");
  CHECK(sensor_in(advert_of("09163dfd690064009826"), "SwitchBot", "Meter Plus") ==
        "switchbot: battery_percent=100;humidity_percent=38;temperature_celsius=24");
  CHECK(sensor_in(advert_of("0eff6909c4f92675df22dc030096a909163dfd6900ba031938"), "SwitchBot",
                  "Meter Plus") ==
        "switchbot: battery_percent=58;humidity_percent=56;temperature_celsius=-25.3");
  // theengs/decoder: a bot.
  CHECK(sensor_in(advert_of("06160d0048d0db"), "SwitchBot", "Bot") == "switchbot: ");
}

// custom-components/ble_monitor, test/test_inkbird.py.
TEST_CASE("Inkbird") {
  CHECK(sensor_in(named("sps", "0aff9c08f41000ba4e6408"), "Inkbird", "IBS-TH") ==
        "inkbird: battery_percent=100;external_probe=false;humidity_percent=43.4;temperature_celsius=22.04");
  CHECK(sensor_in(named("sps", "0aff3b0af815018cbc6408"), "Inkbird", "IBS-TH") ==
        "inkbird: battery_percent=100;external_probe=true;humidity_percent=56.24;temperature_celsius=26.19");
  CHECK(sensor_in(named("tps", "0aff9ef8000000bcbc6406"), "Inkbird", "IBS-TH2") ==
        "inkbird: battery_percent=100;external_probe=false;temperature_celsius=-18.9");
  CHECK(found_in(named("sps", "0aff9c08f41000ba4f6408")) == "");  // its CRC is wrong
  CHECK(found_in(named("pen", "0aff9c08f41000ba4e6408")) == "");
  Advert grill = advert_of("02010603 02f0ff 0fff00000000 3414b5abf47b c800 d200");
  CHECK(found_in(grill) == "");  // another's address
  grill.address = {0x34, 0x14, 0xB5, 0xAB, 0xF4, 0x7B};
  CHECK(sensor_in(grill, "Inkbird", "iBBQ-2") ==
        "inkbird: temperature_2_celsius=21;temperature_celsius=20");
  Advert six = advert_of("17ff00000000 1893d7353559 d200 f6ff f6ff f6ff f6ff f6ff");
  six.address = {0x18, 0x93, 0xD7, 0x35, 0x35, 0x59};
  CHECK(sensor_in(six, "Inkbird", "iBBQ-6") == "inkbird: temperature_celsius=21");
}

// theengs/decoder, tests/BLE/test_ble.cpp; Bluetooth-Devices/mopeka-iot-ble has the same layout.
TEST_CASE("Mopeka") {
  Advert advert = advert_of("0dff5900035d41a4c150a8cc0323");
  CHECK(found_in(advert) == "");  // anyone's chip: the address decides
  advert.address = {0xC4, 0x64, 0xE3, 0x50, 0xA8, 0xCC};
  CHECK(sensor_in(advert, "Mopeka", "") ==
        "mopeka: button=false;level_mm=154.1;quality=3;temperature_celsius=25;voltage_volt=2.90625");
}

// custom-components/ble_monitor, test/test_oral_b.py; theengs/decoder, tests/BLE/test_ble.cpp.
TEST_CASE("Oral-B") {
  CHECK(sensor_in(advert_of("0effdc0003210b0328041107373804"), "Oral-B", "") ==
        "oral-b: duration_s=257;mode=7;sector=55;toothbrush=true;toothbrush_state=running");
  CHECK(sensor_in(advert_of("0effdc000202067320020f07080004"), "Oral-B", "") ==
        "oral-b: duration_s=135;mode=7;sector=8;toothbrush=false;toothbrush_state=sleeping");
}
