// aiot-make-images --chip esp32 --size 1M --version 1.2.3 --seed 1 --output FOLDER
//
// Writes into FOLDER what an ESP-IDF build leaves behind: bootloader.bin, partitions.bin,
// partitions.csv, app.bin, storage.bin and flasher_args.json. The files are valid (headers,
// checksums, SHA-256, descriptions) and the same for the same options; the code in them is made up
// and does not run. For trying aiotctl without a build at hand, and for its tests and benches.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "aiot/units.hpp"
#include "image/files.hpp"
#include "image/limits.hpp"
#include "image/partition_table.hpp"
#include "sample.hpp"

using namespace aiot;

namespace {

constexpr std::string_view usage =
    "usage: aiot-make-images [--chip NAME] [--size BYTES] [--version TEXT] [--seed N] [--text "
    "TEXT] "
    "[--output] FOLDER\n";

struct Options {
  sample::AppRequest app;
  std::string folder;
};

Result<void> run(const Options& options) {
  const image::EspChip& chip = *options.app.chip;
  AIOT_TRY(const Bytes boot, sample::make_bootloader(chip, options.app.seed));
  AIOT_TRY(const Bytes app, sample::make_application(options.app));
  const std::string csv = sample::partitions_csv(app.size());
  AIOT_TRY(const image::PartitionTable table, image::parse_partition_csv(csv));
  AIOT_TRY(const Bytes binary, image::encode_partition_table(table));
  const Bytes storage = sample::make_code_like(64 * 1024, options.app.seed + 1000);
  const std::string build = fmt::format(
      R"({{
  "write_flash_args": ["--flash_mode", "dio", "--flash_size", "4MB", "--flash_freq", "{1}"],
  "flash_settings": {{"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "{1}"}},
  "flash_files": {{"{2:#x}": "bootloader.bin", "0x8000": "partitions.bin", "{3:#x}": "app.bin"}},
  "extra_esptool_args": {{"after": "hard_reset", "before": "default_reset", "stub": true, "chip": "{0}"}}
}}
)",
      chip.name, image::name_of(chip.freqs, 0), chip.bootloader_offset,
      table.application()->offset);
  const std::string base = options.folder + "/";
  AIOT_CHECK(image::write_file(base + "bootloader.bin", boot));
  AIOT_CHECK(image::write_file(base + "partitions.bin", binary));
  AIOT_CHECK(image::write_file(base + "partitions.csv", as_bytes(csv)));
  AIOT_CHECK(image::write_file(base + "app.bin", app));
  AIOT_CHECK(image::write_file(base + "storage.bin", storage));
  return image::write_file(base + "flasher_args.json", as_bytes(build));
}

bool parse(int argc, char** argv, Options& options) {
  std::string chip = "esp32";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      if (!options.folder.empty()) return false;
      options.folder = word;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    if (word == "--output") {
      options.folder = value;
    } else if (word == "--chip") {
      chip = value;
    } else if (word == "--version") {
      options.app.version = value;
    } else if (word == "--size") {
      const auto size = parse_size(value);
      if (!size || *size > image::limits::file_bytes) return false;
      options.app.size_bytes = static_cast<std::size_t>(*size);
    } else if (word == "--text") {
      if (value.size() > 1024) return false;
      options.app.text = value;
    } else if (word == "--seed") {
      options.app.seed = std::strtoull(value.c_str(), nullptr, 0);
    } else {
      return false;
    }
  }
  options.app.chip = image::find_chip(chip);
  return options.app.chip != nullptr && !options.folder.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (const auto done = run(options); !done) {
    fmt::print(stderr, "aiot-make-images: {}\n", done.error().message());
    return 5;
  }
  return 0;
}
