#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"

/// ESP-IDF partition tables: ESP-IDF Programming Guide, "Partition Tables".
namespace aiot::image {

inline constexpr std::uint32_t partition_table_offset = 0x8000;  ///< where ESP-IDF puts it
inline constexpr std::uint32_t partition_table_bytes = 0xC00;    ///< of the table in its sector
inline constexpr std::uint32_t partition_table_sector = 0x1000;

struct Partition {
  std::string name;  ///< at most 16 bytes
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  std::uint32_t offset = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t flags = 0;

  static constexpr std::uint8_t app = 0;
  static constexpr std::uint8_t data = 1;
  static constexpr std::uint32_t encrypted_flag = 1;
  static constexpr std::uint32_t readonly_flag = 2;

  std::uint64_t end() const { return std::uint64_t{offset} + size_bytes; }
  bool encrypted() const { return flags & encrypted_flag; }
  bool readonly() const { return flags & readonly_flag; }
  bool is_application() const { return type == app; }
  /// "app", "data", … or "0x40".
  std::string type_name() const;
  /// "factory", "ota_0", "nvs", … or "0x99".
  std::string subtype_name() const;
  bool operator==(const Partition&) const = default;
};

struct PartitionTable {
  std::vector<Partition> partitions;
  bool has_md5 = false;  ///< and it is right

  const Partition* find(std::string_view name) const;
  /// The same, or Errc::no_such_partition with the nearest name and all that there are. `whose` is
  /// what the message calls the table.
  Result<Partition> need(const std::string& name, std::string_view whose) const;
  /// Where an application goes: factory, else the first OTA slot; nullptr when there is neither.
  const Partition* application() const;
};

/// Reads a binary table: 32-byte entries (AA 50), the MD5 entry (EB EB), ended by FF or by the end
/// of `table`. Errc::bad_table for a wrong magic, MD5, or no entry; Errc::truncated for a part of
/// one.
Result<PartitionTable> parse_partition_table(ByteSpan table);

/// The same as the 3072 bytes that go to flash, MD5 entry included. Errc::bad_table when it does
/// not fit or a name is too long.
Result<Bytes> encode_partition_table(const PartitionTable& table);

/// Reads ESP-IDF's CSV: `name, type, subtype, offset, size, flags`, with comments, K and M, empty
/// offsets placed one after the other (applications on 64 KiB, the others on 4 KiB, after the
/// table's own sector) and negative sizes ("up to this offset"). Errc::bad_csv names the line.
Result<PartitionTable> parse_partition_csv(std::string_view text,
                                           std::uint32_t table_offset = partition_table_offset);
std::string to_csv(const PartitionTable& table);

/// Names unique, offsets aligned, nothing overlapping, nothing below the end of the table's sector:
/// Errc::bad_table. Beyond `flash_size_bytes` (0: any): Errc::does_not_fit.
Result<void> check_partition_table(const PartitionTable& table, std::uint64_t flash_size_bytes,
                                   std::uint32_t table_offset = partition_table_offset);

}  // namespace aiot::image
