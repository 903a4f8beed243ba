// The encrypted advert and its key are those of bthome.io/encryption.
#include "protocol/ble/sensor.hpp"

#include <doctest/doctest.h>

#include "protocol/ble/advert.hpp"

using namespace aiot;
using namespace aiot::ble;

namespace {

const DeviceAddress sender = {0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5};
constexpr const char* key = "231d39c1d7cc1ab1aee224cd096db932";

std::optional<SensorData> decode(SensorDecoder& decoder, std::uint32_t service,
                                 std::string_view hex, const DeviceAddress& from = sender) {
  Advert advert;
  advert.address = from;
  return decoder.decode(advert, {Uuid::of(service), *from_hex(hex)});
}

double value_of(const SensorData& data, std::string_view name) {
  for (const Reading& reading : data.readings) {
    if (full_name(reading) == name) return std::get<double>(reading.value.storage());
  }
  return -1000;
}

}  // namespace

TEST_CASE("what is in no sensor's format, or damaged, is not decoded") {
  SensorDecoder decoder;
  CHECK_FALSE(decode(decoder, 0x180F, "64"));
  CHECK_FALSE(decode(decoder, 0xFCD2, ""));
  CHECK_FALSE(decode(decoder, 0xFE95, "58"));
}

TEST_CASE("a key opens; a wrong one is a problem of that device at the first advert") {
  SensorDecoder right(Keys{{sender, *from_hex(key)}});
  const auto opened = decode(right, 0xFCD2, "41a47266c95f730011223378237214");
  REQUIRE(opened);
  CHECK(opened->format == "bthome-v2");
  CHECK(opened->security == Security::opened);
  CHECK(value_of(*opened, "temperature_celsius") == 25.06);
  CHECK(right.key_problems().empty());

  SensorDecoder wrong(Keys{{sender, *from_hex("231d39c1d7cc1ab1aee224cd096db933")}});
  const auto refused = decode(wrong, 0xFCD2, "41a47266c95f730011223378237214");
  REQUIRE(refused);
  CHECK(refused->security == Security::wrong_key);
  CHECK(refused->readings.empty());
  REQUIRE(wrong.key_problems().size() == 1);
  CHECK(key_problem_text(sender, wrong.key_problems().at(sender)) ==
        "54:48:E6:8F:80:A5: wrong key");

  SensorDecoder none;
  CHECK(decode(none, 0xFCD2, "41a47266c95f730011223378237214")->security == Security::needs_key);
  CHECK(none.key_problems().empty());
}

TEST_CASE("MiBeacon: the product, and that it asks to be bound") {
  // ble_monitor, test_xiaomi_parser.py, test_Xiaomi_LYWSDCGQ.
  SensorDecoder decoder;
  const DeviceAddress thermometer = {0x58, 0x2D, 0x34, 0x35, 0x93, 0x21};
  const auto plain = decode(decoder, 0xFE95, "5020aa01da219335342d580d1004fe004802", thermometer);
  REQUIRE(plain);
  CHECK(plain->model == "LYWSDCGQ");
  CHECK(plain->product == 0x01AA);
  CHECK(plain->security == Security::plain);
  CHECK(value_of(*plain, "temperature_celsius") == 25.4);
  CHECK(value_of(*plain, "humidity_percent") == 58.4);
}

TEST_CASE("what BlueZ and what a sniffer reports is an advert") {
  net::ScannedAdvert heard;
  heard.address = sender;
  heard.random_address = false;
  heard.rssi_dbm = 127;  // not known
  heard.service_data = {{"0000fcd2-0000-1000-8000-00805f9b34fb", {0x40, 0x02}}, {"nonsense", {1}}};
  heard.manufacturer_data = {{0x01A8, {1, 2}}};
  const auto advert = to_advert(heard);
  CHECK(advert.address == sender);
  CHECK(advert.kind == AddressKind::public_address);
  CHECK_FALSE(advert.rssi_dbm);
  REQUIRE(advert.service_data.size() == 1);
  CHECK(advert.service_data[0].service == Uuid::of(0xFCD2));
  REQUIRE(advert.manufacturer_data.size() == 1);
  CHECK_FALSE(advert.damaged);

  net::ScannedAdvert sniffed;
  sniffed.connectable = false;
  sniffed.data = *from_hex("02010603020ff9");
  sniffed.complete = false;
  const Advert raw = to_advert(sniffed);
  CHECK_FALSE(raw.connectable);
  CHECK(raw.flags == 6);
  CHECK(raw.services == std::vector{Uuid::of(0xF90F)});
  CHECK(raw.damaged);
}
