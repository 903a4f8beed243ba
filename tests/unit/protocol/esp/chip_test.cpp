#include "protocol/esp/chip.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace aiot::esp;

TEST_CASE("every chip is found by its name and by what it says of itself") {
  CHECK(chips().size() == 10);
  std::string last;
  std::set<std::uint32_t> families;
  for (const Chip& chip : chips()) {
    CHECK(std::string(chip.name) > last);
    last = chip.name;
    CHECK(chip_by_name(chip.name) == &chip);
    CHECK(chip_by_name(chip.display) == &chip);
    CHECK(families.insert(chip.uf2_family).second);
    if (chip.magic != 0) CHECK(chip_by_magic(chip.magic) == &chip);
    if (chip.image_id) CHECK(chip_by_id(*chip.image_id) == &chip);
    CHECK((chip.magic != 0 || chip.rom.security_info_bytes == 20));
    CHECK(chip.stub_file == std::string(chip.name) + ".json");
    CHECK((!chip.watchdogs.can_reset || chip.watchdogs.config0 != 0));
  }
  CHECK(chip_by_magic(0) == nullptr);
  CHECK(chip_by_id(4) == nullptr);
  CHECK(chip_by_name("esp33") == nullptr);
}

// esptool 5.3.1, targets.
TEST_CASE("ids, boot loader offsets and UF2 families") {
  struct Row {
    const char* name;
    int id;
    std::uint32_t offset;
    std::uint32_t family;
  };
  const Row rows[] = {{"esp8266", -1, 0, 0x7EAB61ED},      {"esp32", 0, 0x1000, 0x1C5F21B0},
                      {"esp32s2", 2, 0x1000, 0xBFDD4EEE},  {"esp32s3", 9, 0, 0xC47E5767},
                      {"esp32c2", 12, 0, 0x2B88D29C},      {"esp32c3", 5, 0, 0xD42BA06C},
                      {"esp32c5", 23, 0x2000, 0xF71C0343}, {"esp32c6", 13, 0, 0x540DDF62},
                      {"esp32h2", 16, 0, 0x332726F6},      {"esp32p4", 18, 0x2000, 0x3D308E94}};
  for (const Row& row : rows) {
    const Chip* chip = chip_by_name(row.name);
    REQUIRE(chip != nullptr);
    CHECK((chip->image_id ? int{*chip->image_id} : -1) == row.id);
    CHECK(chip->bootloader_offset == row.offset);
    CHECK(chip->uf2_family == row.family);
  }
}

TEST_CASE("a bit field") {
  const BitField field{0, 20, 3};
  CHECK(field.of(0x00500000) == 5);
  CHECK(field.of(0xFFFFFFFF) == 7);
  CHECK(BitField().of(0xFFFFFFFF) == 0);
}
