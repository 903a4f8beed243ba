#include "protocol/ble/advert.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::ble;

namespace {

Advert advert_of(std::string_view hex) {
  Advert advert;
  add_advertising_data(*from_hex(hex), advert);
  return advert;
}

}  // namespace

// Adafruit, Bluefruit LE manual (AT+GAPSETADVDATA): 02-01-06-05-02-0D-18-0A-18.
TEST_CASE("flags and a list of services, from a maker's manual") {
  const Advert advert = advert_of("020106 05020D180A18");
  CHECK(advert.flags == 6);
  CHECK(advert.services == std::vector<Uuid>{Uuid::of(0x180D), Uuid::of(0x180A)});
  CHECK_FALSE(advert.damaged);
}

// Nordic DevZone, question 11970: an advertisement as an nRF51422 sends it, 31 bytes.
TEST_CASE("a whole advertisement, as a device sends it") {
  const Advert advert =
      advert_of("0B094C45445F426C696E6B79 03190000 020106 0BFFDEEFFF000000000000FF");
  CHECK(advert.name == "LED_Blinky");
  CHECK_FALSE(advert.name_is_short);
  CHECK(advert.appearance == 0);
  CHECK(advert.flags == 6);
  CHECK(to_hex(*find_manufacturer_data(advert, 0xEFDE)) == "ff000000000000ff");
  CHECK_FALSE(advert.damaged);
}

TEST_CASE("service data is kept whole, repeated data in its order") {
  const Advert advert = advert_of("0A16D2FC4002CA0903BF13 0416AAFE10 0416AAFE20");
  REQUIRE(advert.service_data.size() == 3);
  CHECK(advert.service_data[0].service.str() == "fcd2");
  CHECK(to_hex(*find_service_data(advert, 0xFCD2)) == "4002ca0903bf13");
  CHECK(to_hex(*find_service_data(advert, 0xFEAA)) == "10");
  CHECK(to_hex(advert.service_data[2].data) == "20");
  CHECK(find_service_data(advert, 0xFE95) == nullptr);
  CHECK(offers(advert, Uuid::of(0xFEAA)));
}

TEST_CASE("manufacturer data of several makers") {
  const Advert advert = advert_of("05FF4C000215 04FFA80171");
  CHECK(to_hex(*find_manufacturer_data(advert, 0x004C)) == "0215");
  CHECK(to_hex(*find_manufacturer_data(advert, 0x01A8)) == "71");
}

TEST_CASE("a whole name replaces a short one, in either order") {
  CHECK(advert_of("03084142 0409414243").name == "ABC");
  const Advert advert = advert_of("0409414243 03084142");
  CHECK(advert.name == "ABC");
  CHECK_FALSE(advert.name_is_short);
  CHECK(advert_of("03084142").name_is_short);
}

TEST_CASE("UUIDs of three widths are the same UUID") {
  // Improv's service, as its devices send it: the last byte first.
  const Advert advert = advert_of("1106 00802678742763467222286268774600");
  REQUIRE(advert.services.size() == 1);
  CHECK(advert.services[0].str() == "00467768-6228-2272-4663-277478268000");
  CHECK(Uuid::parse("0000FE95-0000-1000-8000-00805F9B34FB") == Uuid::of(0xFE95));
  CHECK(Uuid::parse("fe95") == Uuid::of(0xFE95));
  CHECK(Uuid::parse("0000fe95") == Uuid::of(0xFE95));
  CHECK(Uuid::of(0x12345678).str() == "12345678");
  for (const char* bad : {"", "fe9", "zzzz", "0000fe95-0000-1000-8000-00805f9b34f", "fe 5",
                          "0000fe95 0000-1000-8000-00805f9b34fb"}) {
    CAPTURE(bad);
    CHECK_FALSE(Uuid::parse(bad).has_value());
  }
}

TEST_CASE("data that breaks off keeps what came before") {
  for (const char* cut :
       {"020106 0A16D2FC40", "020106 FF", "020106 0116", "020106 02FF4C", "020106 0403 0918 FF"}) {
    CAPTURE(cut);
    const Advert advert = advert_of(cut);
    CHECK(advert.flags == 6);
    CHECK(advert.damaged);
  }
  CHECK_FALSE(advert_of("020106 00 00 00").damaged);      // padding
  CHECK_FALSE(advert_of("0101 0119 010A 0109").damaged);  // types without a value
  CHECK(advert_of("").name.empty());
}

TEST_CASE("data longer than an advertisement can be is cut") {
  Bytes data;
  for (int i = 0; i < 1000; ++i) append(data, *from_hex("03FF4C00"));
  Advert advert;
  add_advertising_data(data, advert);
  CHECK(advert.damaged);
  CHECK(advert.manufacturer_data.size() == 412);
}

TEST_CASE("addresses as people write them") {
  const DeviceAddress address = {0x58, 0x2D, 0x34, 0x12, 0x20, 0x89};
  CHECK(address_text(address) == "58:2D:34:12:20:89");
  for (const char* text : {"58:2D:34:12:20:89", "58-2d-34-12-20-89", "582d34122089"}) {
    CHECK(parse_mac(text) == address);
  }
  for (const char* bad : {"", "58:2D:34:12:20", "58:2D:34:12:20:8", "582d3412208",
                          "58:2D:34:12:20:8G", "58:2D:34:12:20:89:00", "5 8:2D:34:12:2:89"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_mac(bad).has_value());
  }
}
