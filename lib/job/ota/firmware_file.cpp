#include "job/ota/firmware_file.hpp"

#include <algorithm>
#include <optional>

#include "image/elf.hpp"
#include "image/esp_image.hpp"
#include "image/intel_hex.hpp"
#include "image/mcuboot.hpp"
#include "image/rauc.hpp"
#include "image/swu.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

constexpr std::string_view build_again =
    "build the firmware again, and add the file that the build made";

Error damaged(std::string format, std::string what) {
  return make_error(Errc::bad_image, std::move(format) + ": " + std::move(what),
                    std::string(build_again));
}

void take_app(FirmwareFacts& facts, const image::AppDescription& app) {
  facts.version = app.version;
  facts.project = app.project;
}

// Each reader leaves a file that is not of its format to the others.

Result<std::optional<FirmwareFacts>> read_mcuboot(ByteSpan file) {
  if (!image::is_mcuboot(file)) return std::optional<FirmwareFacts>();
  AIOT_TRY(const image::McubootImage image, image::parse_mcuboot(file));
  if (!image.hash_valid) return damaged("MCUboot image", "its hash is wrong or missing");
  return std::optional(FirmwareFacts{"mcuboot", image.version, {}, {}});
}

Result<std::optional<FirmwareFacts>> read_esp(ByteSpan file) {
  const auto image = image::parse_esp_image(file);
  // One byte of magic: a raw file may begin with it.
  if (!image || image->chip == nullptr) return std::optional<FirmwareFacts>();
  if (!image->intact()) return damaged("ESP image", image->problems.front().text);
  FirmwareFacts facts{"esp-image", {}, std::string(image->chip->name), {}};
  if (image->app) take_app(facts, *image->app);
  return std::optional(facts);
}

Result<std::optional<FirmwareFacts>> read_elf(ByteSpan file) {
  if (!image::is_elf(file)) return std::optional<FirmwareFacts>();
  AIOT_CHECK(image::check_elf(file));
  const auto elf = image::parse_elf(file);
  // A program for Linux has 64 bits on many machines: its bytes are what counts.
  if (!elf) return std::optional(FirmwareFacts{"elf", {}, {}, {}});
  FirmwareFacts facts{"elf", {}, {}, {}};
  if (const image::EspChip* chip = image::chip_of_elf(*elf)) facts.chip = chip->name;
  for (const image::ElfSection& section : elf->sections) {
    if (section.name != ".flash.appdesc") continue;
    if (const auto app = image::parse_app_description(image::contents(file, section))) {
      take_app(facts, *app);
    }
  }
  return std::optional(facts);
}

Result<std::optional<FirmwareFacts>> read_hex(ByteSpan file) {
  if (!image::is_intel_hex(file)) return std::optional<FirmwareFacts>();
  AIOT_TRY(const image::HexFile hex, image::parse_intel_hex(to_string(file)));
  if (hex.ranges.empty()) return damaged("Intel HEX", "it has no data");
  FirmwareFacts facts{"intel-hex", {}, {}, {}};
  for (const image::HexRange& range : hex.ranges) {
    for (const auto reader : {read_mcuboot, read_esp}) {
      AIOT_TRY(const auto inside, reader(range.data));
      if (!inside || !facts.version.empty()) continue;
      facts = *inside;
      facts.format = "intel-hex";
    }
  }
  return std::optional(facts);
}

Result<std::optional<FirmwareFacts>> read_swu(ByteSpan file) {
  if (!image::is_swu(file)) return std::optional<FirmwareFacts>();
  AIOT_TRY(image::SwuArchive archive, image::parse_swu(file));
  if (!archive.problems.empty()) return damaged("SWUpdate", archive.problems.front().text);
  FirmwareFacts facts{"swu", archive.version, {}, archive.name};
  facts.archive = std::move(archive);
  return std::optional(std::move(facts));
}

Result<std::optional<FirmwareFacts>> read_rauc(ByteSpan file) {
  if (!image::is_rauc(file)) return std::optional<FirmwareFacts>();
  AIOT_TRY(const image::RaucBundle bundle, image::parse_rauc(file));
  if (bundle.format == image::RaucFormat::verity && !image::is_tree_valid(file, bundle)) {
    return damaged("RAUC bundle", "its blocks are not those of its manifest");
  }
  return std::optional(FirmwareFacts{"rauc", bundle.version, {}, bundle.compatible});
}

}  // namespace

Result<FirmwareFacts> read_facts(ByteSpan file) {
  for (const auto reader : {read_mcuboot, read_elf, read_swu, read_rauc, read_hex, read_esp}) {
    auto facts = reader(file);
    if (!facts) {
      Error error = std::move(facts).error();
      if (error.hint.empty()) error.hint = build_again;
      return error;
    }
    if (*facts) return **std::move(facts);
  }
  return FirmwareFacts{"raw", {}, {}, {}};
}

}  // namespace aiot::ota
