#include "image/esp_image.hpp"

#include <doctest/doctest.h>

#include "files.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

// Written by esptool 4.8.1: elf2image --chip esp32c3 of an ELF with one 4-byte section
// (01 02 03 04 at 0x40380000, entry 0x40380000, dio, 40m, 4MB).
const char* const small_image =
    "e9010220 00003840"
    "ee000000 0500 00 0000 ffff 00000000 01"
    "00003840 04000000 01020304"
    "0000000000000000000000 eb"
    "d71791505d993c71e47bff8c4141a35cc0906ec036a36195f0c936223546c4be";

Bytes small() { return *from_hex(small_image); }

bool has_problem(const EspImageInfo& info, Errc code) {
  for (const Problem& p : info.problems) {
    if (p.code == code) return true;
  }
  return false;
}

struct Segment {
  std::uint32_t size;
  std::uint32_t address;
  std::uint64_t offset;
  const char* memory;
};

void check_segments(const EspImageInfo& info, std::initializer_list<Segment> expected) {
  REQUIRE(info.segments.size() == expected.size());
  std::size_t i = 0;
  for (const Segment& want : expected) {
    const EspSegment& s = info.segments[i++];
    CHECK(s.size_bytes == want.size);
    CHECK(s.address == want.address);
    CHECK(s.header_offset == want.offset);
    std::string memory;
    for (const std::string_view name : info.chip->memory_names(s.address)) {
      memory += memory.empty() ? "" : ", ";
      memory += name;
    }
    CHECK(memory == want.memory);
  }
}

}  // namespace

// The facts of the real images are what `esptool 4.8.1 image_info --version 2` prints of them.
TEST_CASE("real boot loader of the ESP32") {
  const auto file = test::real_image("bootloader_esp32_v5_2.bin");
  if (!file) return;
  const auto info = parse_esp_image(*file);
  REQUIRE(info.has_value());
  CHECK(info->intact());
  CHECK(info->chip->name == "esp32");
  CHECK(info->kind() == EspImageKind::bootloader);
  CHECK(info->entry == 0x40080650);
  CHECK(name_of(flash_modes(), info->mode) == "dout");
  CHECK(name_of(info->chip->sizes, info->size_freq & 0xF0) == "2MB");
  CHECK(name_of(info->chip->freqs, info->size_freq & 0x0F) == "40m");
  CHECK(info->wp_pin == 0xEE);
  CHECK(info->min_revision == 0);
  CHECK(info->max_revision == 399);
  check_segments(*info, {{0x1bdc, 0x3fff0030, 0x18, "BYTE_ACCESSIBLE, DRAM, DIRAM_DRAM"},
                         {0x3d20, 0x40078000, 0x1bfc, "CACHE_APP"},
                         {0x4, 0x40080400, 0x5924, "IRAM"},
                         {0xf2c, 0x40080404, 0x5930, "IRAM"}});
  CHECK(info->stored_checksum == 0xBE);
  CHECK(info->hash_valid());
  CHECK(to_hex(*info->stored_hash) ==
        "10cec8cf739f34fb0473993b3cb0e3bd78402d6a7cc5b1cb5e1add2b1105f8ac");
  REQUIRE(info->boot);
  CHECK(info->boot->version == 1);
  CHECK(info->boot->idf_version == "v5.2-dev-254-g1950b15");
  CHECK(info->boot->compiled == "Apr 25 2023 00:13:32");
  CHECK_FALSE(info->app);
  CHECK(info->length_bytes == file->size());
}

TEST_CASE("real boot loader of the ESP32-C3") {
  const auto file = test::real_image("bootloader_esp32c3.bin");
  if (!file) return;
  const auto info = parse_esp_image(*file);
  REQUIRE(info.has_value());
  CHECK(info->intact());
  CHECK(info->chip->name == "esp32c3");
  CHECK(info->entry == 0x403c0000);
  CHECK(name_of(flash_modes(), info->mode) == "dio");
  check_segments(*info, {{0x14, 0x3fcd6100, 0x18, "DRAM, BYTE_ACCESSIBLE"},
                         {0x1864, 0x3fcd6114, 0x34, "DRAM, BYTE_ACCESSIBLE"},
                         {0xde4, 0x403c0000, 0x18a0, "IRAM"},
                         {0x1e8c, 0x403c2000, 0x268c, "IRAM"}});
  CHECK(info->stored_checksum == 0x77);
  CHECK(to_hex(*info->stored_hash) ==
        "4faeab1bd3fd6a7d4adfa0fd38f41bfc67a8c3c0a9d6d882b65580da2e5e6347");
  CHECK_FALSE(info->boot);
}

TEST_CASE("real application of the ESP32-S2") {
  const auto file = test::real_image("esp_idf_blink_esp32s2.bin");
  if (!file) return;
  const auto info = parse_esp_image(*file);
  REQUIRE(info.has_value());
  CHECK(info->intact());
  CHECK(info->chip->name == "esp32s2");
  CHECK(info->kind() == EspImageKind::application);
  CHECK(info->entry == 0x40022f84);
  CHECK(name_of(info->chip->freqs, info->size_freq & 0x0F) == "80m");
  check_segments(*info, {{0x8c18, 0x3f000020, 0x18, "DROM"},
                         {0x204c, 0x3ffbde90, 0x8c38, "BYTE_ACCESSIBLE, MEM_INTERNAL, DRAM"},
                         {0x5384, 0x40022000, 0xac8c, "MEM_INTERNAL, IRAM"},
                         {0x15ce8, 0x40080020, 0x10018, "IROM"},
                         {0x6b0c, 0x40027384, 0x25d08, "MEM_INTERNAL, IRAM"},
                         {0x10, 0x50000000, 0x2c81c, "RTC_DATA"}});
  CHECK(info->stored_checksum == 0x18);
  CHECK(to_hex(*info->stored_hash) ==
        "10f48f4a71a48cc4c917d70d13bf717b1bc7f3187b3d564b00192f7e381531b7");
  REQUIRE(info->app);
  CHECK(info->app->project == "blink");
  CHECK(info->app->version == "qa-test-v5.0-20220830-4-g4532e6");
  CHECK(info->app->date == "Sep 13 2022");
  CHECK(info->app->time == "19:46:07");
  CHECK(to_hex(info->app->elf_sha256) ==
        "3059e6b55a965865febd28fa9f6028ad5cd0dab311febb0a3ea79eaa223ac2b0");
  CHECK(info->app->idf_version == "v5.0-beta1-427-g4532e6e0b2-dirt");
  CHECK(info->app->secure_version == 0);
}

TEST_CASE("real images of the ESP8266") {
  if (const auto file = test::real_image("bootloader_esp8266.bin")) {
    const auto info = parse_esp_image(*file);
    REQUIRE(info.has_value());
    CHECK(info->intact());
    CHECK(info->chip->name == "esp8266");
    CHECK(info->entry == 0x40100294);
    CHECK(name_of(info->chip->sizes, info->size_freq & 0xF0) == "512KB");
    check_segments(*info, {{0x574, 0x40100000, 0x8, "IRAM"},
                           {0x308, 0x3ffe8000, 0x584, "DRAM"},
                           {0x21c, 0x3ffe8308, 0x894, "DRAM"}});
    CHECK(info->stored_checksum == 0xC0);
    CHECK_FALSE(info->hash_appended);
  }
  if (const auto file = test::real_image("esp8266_deepsleep.bin")) {
    const auto info = parse_esp_image(*file);
    REQUIRE(info.has_value());
    CHECK(info->intact());
    CHECK(info->entry == 0x4010f29c);
    CHECK(name_of(info->chip->sizes, info->size_freq & 0xF0) == "4MB");
    check_segments(*info, {{0x568, 0x4010f000, 0x8, ""}});
    CHECK(info->stored_checksum == 0x2D);
    CHECK(info->length_bytes == 0x580);
  }
}

TEST_CASE("a small image, byte for byte") {
  const Bytes image = small();
  const auto info = parse_esp_image(image);
  REQUIRE(info.has_value());
  CHECK(info->intact());
  CHECK(info->chip->name == "esp32c3");
  EncodeOptions options;
  options.chip = find_chip("esp32c3");
  options.entry = 0x40380000;
  options.header = {2, 0x20};
  const std::vector<SegmentData> segments = {{0x40380000, {1, 2, 3, 4}}};
  CHECK(*encode_esp_image(segments, options) == image);
}

TEST_CASE("a cut image is understood as far as it goes") {
  const Bytes image = small();
  for (std::size_t size = 0; size < image.size(); ++size) {
    CAPTURE(size);
    const auto info = parse_esp_image(ByteSpan(image).first(size));
    if (size < 24) {
      CHECK(info.error().condition() == Condition::invalid_input);
    } else {
      REQUIRE(info.has_value());
      CHECK(has_problem(*info, Errc::truncated));
      CHECK(info->entry == 0x40380000);
      CHECK(info->length_bytes <= size);
    }
  }
}

TEST_CASE("a flipped bit anywhere is noticed") {
  const Bytes image = small();
  for (std::size_t at = 0; at < image.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = image;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1 << bit));
      const auto info = parse_esp_image(bad);
      // The flag that announces the hash is the only one whose loss nothing else shows.
      const bool hash_flag = at == 23 && bit == 0;
      CAPTURE(at);
      CAPTURE(bit);
      CHECK((!info || !info->intact()) == !hash_flag);
    }
  }
}

TEST_CASE("lengths and counts that lie") {
  Bytes image = small();
  image[1] = 200;
  CHECK(has_problem(*parse_esp_image(image), Errc::bad_header));
  image = small();
  store_le32(image.data() + 28, 0xFFFFFFFF);
  CHECK(has_problem(*parse_esp_image(image), Errc::truncated));
  image = small();
  store_le16(image.data() + 12, 0x7777);
  const auto info = parse_esp_image(image);
  CHECK(info->chip == nullptr);
  CHECK(info->chip_id == 0x7777);
  CHECK(parse_esp_image(Bytes{}).error().stable_code() == "image.empty");
  CHECK(parse_esp_image(Bytes(64, 0)).error().stable_code() == "image.format");
}

TEST_CASE("the header is patched, and its hash with it") {
  const EspChip& c3 = *find_chip("esp32c3");
  Bytes image = small();
  Bytes tail = {1, 2, 3};
  append(image, tail);
  CHECK(*patch_header(image, c3, {"qio", "80m", "16MB"}));
  CHECK(image[2] == 0);
  CHECK(image[3] == 0x4F);
  const auto info = parse_esp_image(image);
  CHECK(info->intact());
  CHECK(info->stored_checksum == 0xEB);
  CHECK(Bytes(image.end() - 3, image.end()) == tail);

  const Bytes before = image;
  CHECK_FALSE(*patch_header(image, c3, {"keep", "", "16MB"}));
  CHECK(image == before);
  CHECK(patch_header(image, c3, {"dual", "", ""}).error().condition() == Condition::usage);
  CHECK(patch_header(image, c3, {"", "48m", ""}).error().stable_code() == "image.setting");
  image[32] ^= 1;
  CHECK(patch_header(image, c3, {"dio", "", ""}).error().stable_code() == "image.hash");
}

TEST_CASE("header codes differ by chip") {
  CHECK(code_of(find_chip("esp8266")->sizes, "4MB") == 0x40);
  CHECK(code_of(find_chip("esp32")->sizes, "4mb") == 0x20);
  CHECK(code_of(find_chip("ESP32-H2")->freqs, "48m") == 0xF);
  CHECK(code_of(find_chip("esp32c2")->freqs, "60m") == 0xF);
  CHECK(find_chip("esp32c6")->bootloader_offset == 0);
  CHECK(find_chip("esp32p4")->bootloader_offset == 0x2000);
  CHECK(find_chip("esp99") == nullptr);
  CHECK(header_size_name(*find_chip("esp32"), 4 << 20) == "4MB");
  CHECK(header_size_name(*find_chip("esp32"), 5 << 20) == "4MB");
  CHECK(header_size_name(*find_chip("esp8266"), 1 << 20) == "1MB");
  CHECK(header_size_name(*find_chip("esp32"), 1024).empty());
}
