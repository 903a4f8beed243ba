#include "image/elf.hpp"

#include <doctest/doctest.h>

#include "elf_builder.hpp"

using namespace aiot;
using namespace aiot::image;
using test::build_elf;
using test::filled;

namespace {

constexpr std::uint16_t xtensa = 94, riscv = 243;

Bytes app_description(std::uint32_t page = 0) {
  AppDescription app;
  app.version = "1.2.3";
  app.project = "demo";
  app.mmu_page_size_bytes = page;
  return encode_app_description(app);
}

Bytes esp32_elf() {
  return build_elf(xtensa, 0x40080400,
                   {{".dram0.data", 0x3FFB0000, filled(0x1234, 1)},
                    {".iram0.vectors", 0x40080000, filled(0x403, 2)},
                    {".iram0.text", 0x40080404, filled(0x9000, 3)},
                    {".dram0.bss", 0x3FFB2000, Bytes(64), 8},
                    {".flash.appdesc", 0x3F400020, app_description()},
                    {".flash.rodata", 0x3F400120, filled(0x5003, 4)},
                    {".flash.text", 0x400D0020, filled(0xFFF0, 5)},
                    {".debug_info", 0, filled(77, 6)}});
}

std::string image_sha256(const Bytes& file, std::string_view chip) {
  const auto elf = parse_elf(file);
  REQUIRE(elf.has_value());
  EncodeOptions options;
  options.chip = find_chip(chip);
  options.header = {2, 0x20};  // dio, 40m, 4MB
  const auto image = elf_to_esp_image(file, *elf, options);
  if (!image) return image.error().stable_code();
  CHECK(parse_esp_image(*image)->intact());
  return to_hex(crypto::sha256(*image));
}

}  // namespace

TEST_CASE("headers of an ELF") {
  const Bytes file = esp32_elf();
  const auto elf = parse_elf(file);
  REQUIRE(elf.has_value());
  CHECK(elf->machine == Elf::xtensa);
  CHECK(elf->entry == 0x40080400);
  REQUIRE(elf->sections.size() == 10);
  CHECK(elf->sections[1].name == ".dram0.data");
  CHECK(elf->sections[1].address == 0x3FFB0000);
  CHECK(contents(file, elf->sections[1]).size() == 0x1234);
  CHECK(contents(file, elf->sections[4]).empty());
  REQUIRE(elf->segments.size() == 8);
  CHECK(elf->segments[3].memory_bytes == 64);
  CHECK(elf->segments[3].size_bytes == 0);
  CHECK(chip_of_elf(*elf)->name == "esp32");
}

// Expected: the SHA-256 of what esptool 4.8.1 writes for the same ELF files with
// `elf2image --flash_mode dio --flash_freq 40m --flash_size 4MB`, and `--elf-sha256-offset 0xb0`
// where there is an application description (newer versions do that by themselves).
TEST_CASE("an ESP image is, byte for byte, what esptool makes of the ELF") {
  CHECK(image_sha256(esp32_elf(), "esp32") ==
        "bf06ef8794119beef16c52b99c53a1898eb6dbe4fcbbfbd6f3b5a6b60dd80717");
  CHECK(image_sha256(build_elf(riscv, 0x40380000,
                               {{".iram0.text", 0x40380000, filled(0x8001, 1)},
                                {".dram0.data", 0x3FC90000, filled(0x600, 2)},
                                {".flash.text", 0x42000020, filled(0x23456, 3)},
                                {".flash.appdesc", 0x3C030020, app_description()},
                                {".flash.rodata", 0x3C030120, filled(0x3000, 4)},
                                {".init_array", 0x3C033120, filled(8, 7), 14}}),
                     "esp32c3") ==
        "937e02c70f4a3f356de171516db1f4874613f2d4d2a7f1b24f343d1e3fafbb10");
  // With --flash-mmu-page-size 32KB, which newer versions read from the description.
  CHECK(image_sha256(build_elf(riscv, 0x40800000,
                               {{".flash.text", 0x42000020, filled(0x8000, 3)},
                                {".flash.appdesc", 0x42810020, app_description(0x8000)},
                                {".flash.rodata", 0x42810120, filled(0x3000, 4)},
                                {".iram0.text", 0x40800000, filled(0x4001, 1)},
                                {".dram0.data", 0x40810000, filled(0x600, 2)}}),
                     "esp32c6") ==
        "982036b7edad488d91df207397d2e2d853585ea17f1eab12f2357ba6c290b762");
  Bytes description(80, 0);
  description[0] = 0x50;
  CHECK(image_sha256(build_elf(xtensa, 0x40374000,
                               {{".dram0.bootdesc", 0x3FCE2700, description},
                                {".dram0.data", 0x3FCE2750, filled(0x1000, 2)},
                                {".iram.text", 0x403C8700, filled(0x2000, 3)},
                                {".iram_loader.text", 0x403C0000, filled(0x1801, 4)}}),
                     "esp32s3") ==
        "7eb90fd4035bc6397de031f87ee3b67a980eb15303597bbcd5e93ac056bbfe38");
}

TEST_CASE("an ELF that no image can be made of") {
  CHECK(image_sha256(esp32_elf(), "esp32c3") == "image.chip");
  CHECK(image_sha256(esp32_elf(), "esp8266") == "image.unsupported");
  CHECK(image_sha256(build_elf(xtensa, 0, {{".text", 0x20000000, filled(4, 1)}}), "esp32") ==
        "image.chip");
  CHECK(image_sha256(build_elf(xtensa, 0,
                               {{".flash.rodata", 0x3F400020, filled(4, 1)},
                                {".more", 0x3F400120, filled(4, 1)}}),
                     "esp32") == "image.elf");
  CHECK(image_sha256(build_elf(xtensa, 0, {}), "esp32") == "image.header");
}

TEST_CASE("a cut or wrong ELF is refused, never read beyond") {
  const Bytes file = build_elf(riscv, 0x40380000, {{".iram0.text", 0x40380000, {1, 2, 3, 4}}});
  REQUIRE(parse_elf(file).has_value());
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_elf(ByteSpan(file).first(size)).has_value());
  }
  Bytes wide = file;
  wide[4] = 2;
  CHECK(parse_elf(wide).error().stable_code() == "image.elf");
  Bytes huge = file;
  store_le32(huge.data() + 32, 0xFFFFFFF0);  // section headers
  CHECK(parse_elf(huge).error().stable_code() == "image.elf");
  huge = file;
  store_le32(huge.data() + 52 + 16, 0xFFFFFFFF);  // size of the segment
  CHECK(parse_elf(huge).error().stable_code() == "image.elf");
}
