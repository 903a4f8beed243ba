#include <doctest/doctest.h>

#include "image/firmware_set.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

std::string code(std::string_view json) {
  const auto args = parse_flasher_args(json);
  return args ? "ok" : args.error().stable_code();
}

// As ESP-IDF 5 writes it for its hello_world example.
const char* const hello_world = R"({
    "write_flash_args" : [ "--flash_mode", "dio", "--flash_size", "2MB", "--flash_freq", "40m" ],
    "flash_settings" : { "flash_mode": "dio", "flash_size": "2MB", "flash_freq": "40m" },
    "flash_files" : {
        "0x1000" : "bootloader/bootloader.bin",
        "0x10000" : "hello_world.bin",
        "0x8000" : "partition_table/partition-table.bin"
    },
    "bootloader" : { "offset" : "0x1000", "file" : "bootloader/bootloader.bin", "encrypted" : "false" },
    "app" : { "offset" : "0x10000", "file" : "hello_world.bin", "encrypted" : "true" },
    "partition-table" : { "offset" : "0x8000", "file" : "partition_table/partition-table.bin", "encrypted" : "false" },
    "extra_esptool_args" : { "after"  : "hard_reset", "before" : "default_reset", "stub"   : true, "chip"   : "esp32" }
})";

}  // namespace

TEST_CASE("flasher_args.json of an ESP-IDF build") {
  const auto args = parse_flasher_args(hello_world);
  REQUIRE(args.has_value());
  REQUIRE(args->files.size() == 3);
  CHECK(args->files[0].offset == 0x1000);
  CHECK(args->files[0].path == "bootloader/bootloader.bin");
  CHECK_FALSE(args->files[0].encrypted);
  CHECK(args->files[1].offset == 0x8000);
  CHECK(args->files[2].path == "hello_world.bin");
  CHECK(args->files[2].encrypted);
  CHECK(args->header.mode == "dio");
  CHECK(args->header.size == "2MB");
  CHECK(args->header.freq == "40m");
  CHECK(args->chip == "esp32");
  CHECK(args->before == "default_reset");
  CHECK(args->stub);
}

TEST_CASE("settings from the command line alone") {
  const auto args = parse_flasher_args(
      R"({"write_flash_args": ["--flash-mode", "qio", "--flash_freq", "80m", 3, "--flash_size"],
          "flash_files": {"0": "a.bin"}})");
  REQUIRE(args.has_value());
  CHECK(args->header.mode == "qio");
  CHECK(args->header.freq == "80m");
  CHECK(args->header.size.empty());
  CHECK(args->chip.empty());
}

TEST_CASE("what is no build is refused") {
  CHECK(code("") == "image.build");
  CHECK(code("[1]") == "image.build");
  CHECK(code("{}") == "image.build");
  CHECK(code(R"({"flash_files": {}})") == "image.build");
  CHECK(code(R"({"flash_files": {"zero": "a.bin"}})") == "image.build");
  CHECK(code(R"({"flash_files": {"0x100000000": "a.bin"}})") == "image.build");
  CHECK(code(R"({"flash_files": {"0": 5}})") == "image.build");
  CHECK(code(R"({"flash_files": {"0": ""}})") == "image.build");
  CHECK(code(std::string(100, '[')) == "image.build");
  const std::string text = hello_world;
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK(code(std::string_view(text).substr(0, size)) == "image.build");
  }
}
