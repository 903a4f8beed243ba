#include "image/esp_chip.hpp"

#include <array>
#include <string>

namespace aiot::image {
namespace {

constexpr HeaderCode modes[] = {{"qio", 0}, {"qout", 1}, {"dio", 2}, {"dout", 3}};

constexpr HeaderCode esp8266_sizes[] = {{"512KB", 0x00},  {"256KB", 0x10}, {"1MB", 0x20},
                                        {"2MB", 0x30},    {"4MB", 0x40},   {"2MB-c1", 0x50},
                                        {"4MB-c1", 0x60}, {"8MB", 0x80},   {"16MB", 0x90}};
constexpr HeaderCode esp32_sizes[] = {{"1MB", 0x00},  {"2MB", 0x10},  {"4MB", 0x20},
                                      {"8MB", 0x30},  {"16MB", 0x40}, {"32MB", 0x50},
                                      {"64MB", 0x60}, {"128MB", 0x70}};

constexpr HeaderCode freqs_80[] = {{"80m", 0xF}, {"40m", 0x0}, {"26m", 0x1}, {"20m", 0x2}};
constexpr HeaderCode freqs_60[] = {{"60m", 0xF}, {"30m", 0x0}, {"20m", 0x1}, {"15m", 0x2}};
constexpr HeaderCode freqs_48[] = {{"48m", 0xF}, {"24m", 0x0}, {"16m", 0x1}, {"12m", 0x2}};
constexpr HeaderCode freqs_c5[] = {{"80m", 0xF}, {"40m", 0x0}, {"20m", 0x2}};
// The ESP32-C6's ROM divides its clock wrongly: 80 MHz is asked for with the code of 40 MHz.
constexpr HeaderCode freqs_c6[] = {{"80m", 0x0}, {"40m", 0x0}, {"20m", 0x2}};

constexpr std::uint32_t pages_64k[] = {0x10000};
constexpr std::uint32_t pages_c2[] = {0x4000, 0x8000, 0x10000};
constexpr std::uint32_t pages_c6[] = {0x2000, 0x4000, 0x8000, 0x10000};
constexpr std::uint32_t pages_s31[] = {0x8000, 0x10000, 0x20000, 0x40000};

/// Address ranges of the chips, as Espressif's own tools name them (the chapters "System and
/// Memory" of the technical reference manuals; esptool's memory maps).
namespace memory {

constexpr MemoryRange esp8266[] = {
    {0x3FF00000, 0x3FF00010, "DPORT"},
    {0x3FFE8000, 0x40000000, "DRAM"},
    {0x40100000, 0x40108000, "IRAM"},
    {0x40201010, 0x402E1010, "IROM"},
};
constexpr MemoryRange esp32[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3F400000, 0x3F800000, "DROM"},
    {0x3F800000, 0x3FC00000, "EXTRAM_DATA"},
    {0x3FF80000, 0x3FF82000, "RTC_DRAM"},
    {0x3FF90000, 0x40000000, "BYTE_ACCESSIBLE"},
    {0x3FFAE000, 0x40000000, "DRAM"},
    {0x3FFE0000, 0x3FFFFFFC, "DIRAM_DRAM"},
    {0x40000000, 0x40070000, "IROM"},
    {0x40070000, 0x40078000, "CACHE_PRO"},
    {0x40078000, 0x40080000, "CACHE_APP"},
    {0x40080000, 0x400A0000, "IRAM"},
    {0x400A0000, 0x400BFFFC, "DIRAM_IRAM"},
    {0x400C0000, 0x400C2000, "RTC_IRAM"},
    {0x400D0000, 0x40400000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
};
constexpr MemoryRange esp32s2[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3F000000, 0x3FF80000, "DROM"},
    {0x3F500000, 0x3FF80000, "EXTRAM_DATA"},
    {0x3FF9E000, 0x3FFA0000, "RTC_DRAM"},
    {0x3FF9E000, 0x40000000, "BYTE_ACCESSIBLE"},
    {0x3FF9E000, 0x40072000, "MEM_INTERNAL"},
    {0x3FFB0000, 0x40000000, "DRAM"},
    {0x40000000, 0x4001A100, "IROM_MASK"},
    {0x40020000, 0x40070000, "IRAM"},
    {0x40070000, 0x40072000, "RTC_IRAM"},
    {0x40080000, 0x40800000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
};
constexpr MemoryRange esp32s3[] = {
    {0x00000000, 0x00010000, "PADDING"},
    {0x3C000000, 0x3D000000, "DROM"},
    {0x3D000000, 0x3E000000, "EXTRAM_DATA"},
    {0x600FE000, 0x60100000, "RTC_DRAM"},
    {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FC88000, 0x403E2000, "MEM_INTERNAL"},
    {0x3FC88000, 0x3FD00000, "DRAM"},
    {0x40000000, 0x4001A100, "IROM_MASK"},
    {0x40370000, 0x403E0000, "IRAM"},
    {0x600FE000, 0x60100000, "RTC_IRAM"},
    {0x42000000, 0x42800000, "IROM"},
    {0x50000000, 0x50002000, "RTC_DATA"},
};
constexpr MemoryRange esp32c2[] = {
    {0x00000000, 0x00010000, "PADDING"},   {0x3C000000, 0x3C400000, "DROM"},
    {0x3FCA0000, 0x3FCE0000, "DRAM"},      {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF50000, "DROM_MASK"}, {0x40000000, 0x40090000, "IROM_MASK"},
    {0x42000000, 0x42400000, "IROM"},      {0x4037C000, 0x403C0000, "IRAM"},
};
constexpr MemoryRange esp32c3[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x3C000000, 0x3C800000, "DROM"},
    {0x3FC80000, 0x3FCE0000, "DRAM"},          {0x3FC88000, 0x3FD00000, "BYTE_ACCESSIBLE"},
    {0x3FF00000, 0x3FF20000, "DROM_MASK"},     {0x40000000, 0x40060000, "IROM_MASK"},
    {0x42000000, 0x42800000, "IROM"},          {0x4037C000, 0x403E0000, "IRAM"},
    {0x50000000, 0x50002000, "RTC_IRAM"},      {0x50000000, 0x50002000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32c5[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40800000, 0x40860000, "DRAM"},          {0x40800000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x4003A000, 0x40040000, "DROM_MASK"},     {0x40000000, 0x4003A000, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40800000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32c6[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x43000000, "DROM"},
    {0x40800000, 0x40880000, "DRAM"},          {0x40800000, 0x40880000, "BYTE_ACCESSIBLE"},
    {0x4004AC00, 0x40050000, "DROM_MASK"},     {0x40000000, 0x4004AC00, "IROM_MASK"},
    {0x42000000, 0x43000000, "IROM"},          {0x40800000, 0x40880000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32c61[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40800000, 0x40860000, "DRAM"},          {0x40800000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x4004AC00, 0x40050000, "DROM_MASK"},     {0x40000000, 0x4004AC00, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40800000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32h4[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x42000000, 0x44000000, "DROM"},
    {0x40810000, 0x40860000, "DRAM"},          {0x40810000, 0x40860000, "BYTE_ACCESSIBLE"},
    {0x40000000, 0x40050000, "DROM_MASK"},     {0x40000000, 0x40050000, "IROM_MASK"},
    {0x42000000, 0x44000000, "IROM"},          {0x40810000, 0x40860000, "IRAM"},
    {0x50000000, 0x50004000, "RTC_IRAM"},      {0x50000000, 0x50004000, "RTC_DRAM"},
    {0x60000000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32p4[] = {
    {0x00000000, 0x00010000, "PADDING"},       {0x40000000, 0x4C000000, "DROM"},
    {0x4FF00000, 0x4FFA0000, "DRAM"},          {0x4FF00000, 0x4FFA0000, "BYTE_ACCESSIBLE"},
    {0x4FC00000, 0x4FC20000, "DROM_MASK"},     {0x4FC00000, 0x4FC20000, "IROM_MASK"},
    {0x40000000, 0x4C000000, "IROM"},          {0x4FF00000, 0x4FFA0000, "IRAM"},
    {0x50108000, 0x50110000, "RTC_IRAM"},      {0x50108000, 0x50110000, "RTC_DRAM"},
    {0x600FE000, 0x60100000, "MEM_INTERNAL2"},
};
constexpr MemoryRange esp32s31[] = {
    {0x00000000, 0x00010000, "PADDING"},   {0x40000000, 0x54000000, "DROM"},
    {0x2F000000, 0x2F080000, "DRAM"},      {0x2F000000, 0x2F080000, "BYTE_ACCESSIBLE"},
    {0x2F800000, 0x2F850000, "DROM_MASK"}, {0x2F800000, 0x2F850000, "IROM_MASK"},
    {0x40000000, 0x54000000, "IROM"},      {0x2F000000, 0x2F080000, "IRAM"},
    {0x2E000000, 0x2E008000, "RTC_IRAM"},  {0x2E000000, 0x2E008000, "RTC_DRAM"},
};

}  // namespace memory

using namespace memory;
// The order of the fields is that of EspChip.
// clang-format off
const EspChip chips[] = {
    {"esp8266", "ESP8266", std::nullopt, 0x0, false, esp8266_sizes, freqs_80, esp8266,
     {0x40200000, 0x40300000, "IROM"}, {0, 0, "DROM"}, pages_64k},
    {"esp32", "ESP32", 0, 0x1000, false, esp32_sizes, freqs_80, esp32,
     {0x400D0000, 0x40400000, "IROM"}, {0x3F400000, 0x3F800000, "DROM"}, pages_64k},
    {"esp32s2", "ESP32-S2", 2, 0x1000, false, esp32_sizes, freqs_80, esp32s2,
     {0x40080000, 0x40B80000, "IROM"}, {0x3F000000, 0x3F3F0000, "DROM"}, pages_64k},
    {"esp32s3", "ESP32-S3", 9, 0x0, false, esp32_sizes, freqs_80, esp32s3,
     {0x42000000, 0x44000000, "IROM"}, {0x3C000000, 0x3E000000, "DROM"}, pages_64k},
    {"esp32c2", "ESP32-C2", 12, 0x0, true, esp32_sizes, freqs_60, esp32c2,
     {0x42000000, 0x42400000, "IROM"}, {0x3C000000, 0x3C400000, "DROM"}, pages_c2},
    {"esp32c3", "ESP32-C3", 5, 0x0, true, esp32_sizes, freqs_80, esp32c3,
     {0x42000000, 0x42800000, "IROM"}, {0x3C000000, 0x3C800000, "DROM"}, pages_64k},
    {"esp32c5", "ESP32-C5", 23, 0x2000, true, esp32_sizes, freqs_c5, esp32c5,
     {0x42000000, 0x44000000, "IROM"}, {0x42000000, 0x44000000, "DROM"}, pages_64k},
    {"esp32c6", "ESP32-C6", 13, 0x0, true, esp32_sizes, freqs_c6, esp32c6,
     {0x42000000, 0x42800000, "IROM"}, {0x42800000, 0x43000000, "DROM"}, pages_c6},
    {"esp32c61", "ESP32-C61", 20, 0x0, true, esp32_sizes, freqs_c5, esp32c61,
     {0x42000000, 0x42800000, "IROM"}, {0x42800000, 0x43000000, "DROM"}, pages_c6},
    {"esp32h2", "ESP32-H2", 16, 0x0, true, esp32_sizes, freqs_48, esp32c6,
     {0x42000000, 0x42800000, "IROM"}, {0x42800000, 0x43000000, "DROM"}, pages_c6},
    {"esp32h4", "ESP32-H4", 28, 0x2000, true, esp32_sizes, freqs_48, esp32h4,
     {0x42000000, 0x42800000, "IROM"}, {0x42800000, 0x43000000, "DROM"}, pages_c6},
    {"esp32p4", "ESP32-P4", 18, 0x2000, true, esp32_sizes, freqs_80, esp32p4,
     {0x40000000, 0x4C000000, "IROM"}, {0x40000000, 0x4C000000, "DROM"}, pages_64k},
    {"esp32s31", "ESP32-S31", 32, 0x2000, true, esp32_sizes, freqs_c5, esp32s31,
     {0x40000000, 0x54000000, "IROM"}, {0x40000000, 0x54000000, "DROM"}, pages_s31},
};
// clang-format on

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '-') out += lower(c);
  }
  return out;
}

bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string_view> EspChip::memory_names(std::uint32_t address) const {
  std::vector<std::string_view> names;
  for (const MemoryRange& range : memory) {
    if (address >= range.begin && address < range.end) names.push_back(range.name);
  }
  return names;
}

std::span<const EspChip> esp_chips() { return chips; }

const EspChip* find_chip(std::string_view name) {
  const std::string wanted = plain(name);
  for (const EspChip& chip : chips) {
    if (chip.name == wanted) return &chip;
  }
  return nullptr;
}

const EspChip* find_chip_by_image_id(std::uint16_t id) {
  for (const EspChip& chip : chips) {
    if (chip.image_id == id) return &chip;
  }
  return nullptr;
}

std::span<const HeaderCode> flash_modes() { return modes; }

std::optional<std::uint8_t> code_of(std::span<const HeaderCode> codes, std::string_view name) {
  for (const HeaderCode& code : codes) {
    if (same(code.name, name)) return code.code;
  }
  return std::nullopt;
}

std::string_view name_of(std::span<const HeaderCode> codes, std::uint8_t code) {
  for (const HeaderCode& entry : codes) {
    if (entry.code == code) return entry.name;
  }
  return {};
}

}  // namespace aiot::image
