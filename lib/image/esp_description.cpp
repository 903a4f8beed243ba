#include "image/esp_description.hpp"

#include <algorithm>
#include <string_view>

namespace aiot::image {
namespace {

constexpr std::uint32_t app_magic = 0xABCD5432;
constexpr std::uint8_t boot_magic = 0x50;

// Offsets in esp_app_desc_t (ESP-IDF, esp_app_desc.h).
constexpr std::size_t at_secure = 4, at_version = 16, at_project = 48, at_time = 80, at_date = 96,
                      at_idf = 112, at_elf = 144, at_min_block = 176, at_max_block = 178,
                      at_mmu = 180;
// Offsets in esp_bootloader_desc_t (esp_bootloader_desc.h).
constexpr std::size_t at_boot_version = 4, at_boot_idf = 8, at_boot_date = 40;

std::string text(ByteSpan data, std::size_t at, std::size_t size) {
  const ByteSpan field = data.subspan(at, size);
  return to_string(field.first(
      static_cast<std::size_t>(std::find(field.begin(), field.end(), 0) - field.begin())));
}

void put(Bytes& out, std::size_t at, std::size_t size, std::string_view value) {
  std::copy_n(value.begin(), std::min(size, value.size()),
              out.begin() + static_cast<std::ptrdiff_t>(at));
}

bool printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::optional<AppDescription> parse_app_description(ByteSpan data) {
  if (data.size() < app_description_size || load_le32(data.data()) != app_magic) return {};
  AppDescription app;
  app.secure_version = load_le32(data.data() + at_secure);
  app.version = text(data, at_version, 32);
  app.project = text(data, at_project, 32);
  app.time = text(data, at_time, 16);
  app.date = text(data, at_date, 16);
  app.idf_version = text(data, at_idf, 32);
  std::copy_n(data.begin() + at_elf, 32, app.elf_sha256.begin());
  app.min_efuse_block_revision = load_le16(data.data() + at_min_block);
  app.max_efuse_block_revision = load_le16(data.data() + at_max_block);
  const std::uint8_t page_log2 = data[at_mmu];
  if (page_log2 != 0 && page_log2 < 32) app.mmu_page_size_bytes = 1U << page_log2;
  return app;
}

std::optional<BootDescription> parse_boot_description(ByteSpan data) {
  if (data.size() < boot_description_size || data[0] != boot_magic) return {};
  BootDescription boot;
  boot.version = load_le32(data.data() + at_boot_version);
  boot.idf_version = text(data, at_boot_idf, 32);
  boot.compiled = text(data, at_boot_date, 24);
  if (boot.idf_version.empty() || !printable(boot.idf_version) || !printable(boot.compiled)) {
    return {};
  }
  return boot;
}

Bytes encode_app_description(const AppDescription& app) {
  Bytes out(app_description_size, 0);
  store_le32(out.data(), app_magic);
  store_le32(out.data() + at_secure, app.secure_version);
  put(out, at_version, 31, app.version);
  put(out, at_project, 31, app.project);
  put(out, at_time, 15, app.time);
  put(out, at_date, 15, app.date);
  put(out, at_idf, 31, app.idf_version);
  std::copy(app.elf_sha256.begin(), app.elf_sha256.end(), out.begin() + at_elf);
  store_le16(out.data() + at_min_block, app.min_efuse_block_revision);
  store_le16(out.data() + at_max_block, app.max_efuse_block_revision);
  for (std::uint8_t log2 = 1; log2 < 32; ++log2) {
    if (app.mmu_page_size_bytes == 1U << log2) out[at_mmu] = log2;
  }
  return out;
}

Bytes encode_boot_description(const BootDescription& boot) {
  Bytes out(boot_description_size, 0);
  out[0] = boot_magic;
  store_le32(out.data() + at_boot_version, boot.version);
  put(out, at_boot_idf, 31, boot.idf_version);
  put(out, at_boot_date, 23, boot.compiled);
  return out;
}

}  // namespace aiot::image
