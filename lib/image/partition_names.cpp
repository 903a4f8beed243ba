#include "image/partition_names.hpp"

#include <charconv>

namespace aiot::image {
namespace {

struct TypeName {
  std::uint8_t type;
  std::string_view name;
};
constexpr TypeName types[] = {{0, "app"}, {1, "data"}, {2, "bootloader"}, {3, "partition_table"}};

struct SubtypeName {
  std::uint8_t type;
  std::uint8_t subtype;
  std::string_view name;
};
constexpr SubtypeName subtypes[] = {
    {0, 0x00, "factory"},  {0, 0x20, "test"},   {0, 0x30, "tee_0"},     {0, 0x31, "tee_1"},
    {1, 0x00, "ota"},      {1, 0x01, "phy"},    {1, 0x02, "nvs"},       {1, 0x03, "coredump"},
    {1, 0x04, "nvs_keys"}, {1, 0x05, "efuse"},  {1, 0x06, "undefined"}, {1, 0x80, "esphttpd"},
    {1, 0x81, "fat"},      {1, 0x82, "spiffs"}, {1, 0x83, "littlefs"},  {1, 0x90, "tee_ota"},
    {2, 0x00, "primary"},  {2, 0x01, "ota"},    {2, 0x02, "recovery"},  {3, 0x00, "primary"},
    {3, 0x01, "ota"},
};

constexpr std::uint8_t app = 0, first_ota = 0x10, ota_slots = 16;

}  // namespace

std::string_view partition_type_name(std::uint8_t type) {
  for (const TypeName& t : types) {
    if (t.type == type) return t.name;
  }
  return {};
}

std::optional<std::uint8_t> partition_type(std::string_view name) {
  for (const TypeName& t : types) {
    if (t.name == name) return t.type;
  }
  return std::nullopt;
}

std::string_view partition_subtype_name(std::uint8_t type, std::uint8_t subtype) {
  for (const SubtypeName& s : subtypes) {
    if (s.type == type && s.subtype == subtype) return s.name;
  }
  return {};
}

std::optional<std::uint8_t> partition_subtype(std::uint8_t type, std::string_view name) {
  for (const SubtypeName& s : subtypes) {
    if (s.type == type && s.name == name) return s.subtype;
  }
  if (type == app && name.starts_with("ota_")) {
    std::uint8_t slot = 0;
    const char* last = name.data() + name.size();
    const auto [end, error] = std::from_chars(name.data() + 4, last, slot);
    if (error == std::errc() && end == last && slot < ota_slots) {
      return static_cast<std::uint8_t>(first_ota + slot);
    }
  }
  return std::nullopt;
}

std::uint32_t partition_alignment(std::uint8_t type) { return type == app ? 0x10000 : 0x1000; }

bool lies_below_table(std::uint8_t type) { return type == 2 || type == 3; }

}  // namespace aiot::image
