#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Names of partition types and subtypes (ESP-IDF, esp_partition.h), for the table and its CSV.
namespace aiot::image {

/// "" when the type has no name.
std::string_view partition_type_name(std::uint8_t type);
std::optional<std::uint8_t> partition_type(std::string_view name);
/// "" when the subtype has no name. OTA and TEE slots are not in the table: they are counted.
std::string_view partition_subtype_name(std::uint8_t type, std::uint8_t subtype);
std::optional<std::uint8_t> partition_subtype(std::uint8_t type, std::string_view name);

/// What a partition's offset must be a multiple of: 64 KiB for applications, else a sector.
std::uint32_t partition_alignment(std::uint8_t type);
/// True for the types that describe the boot loader and the partition table themselves.
bool lies_below_table(std::uint8_t type);

}  // namespace aiot::image
