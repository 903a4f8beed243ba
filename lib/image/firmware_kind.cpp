#include <fmt/format.h>

#include <algorithm>

#include "image/elf.hpp"
#include "image/firmware_set.hpp"
#include "image/intel_hex.hpp"

/// What the bytes of a file are.
namespace aiot::image {
namespace {

bool has_table_at(ByteSpan data, std::size_t at) {
  return data.size() > at && parse_partition_table(data.subspan(at)).has_value();
}

/// A merged file is flash from 0 on: a boot loader where its chip looks for one, and with a boot
/// loader at 0 (which alone is no sign) the partition table behind it.
bool find_merged(Piece& piece) {
  const ByteSpan data = piece.data;
  for (const std::uint32_t at : {0x1000U, 0x2000U}) {
    if (data.size() <= at || data[at] != esp_image_magic) continue;
    auto info = parse_esp_image(data.subspan(at));
    if (info && info->intact() && info->chip->bootloader_offset == at &&
        info->kind() == EspImageKind::bootloader) {
      piece.image = std::move(*info);
      piece.image_at = at;
      return true;
    }
  }
  return piece.image && piece.image->chip && piece.image->chip->bootloader_offset == 0 &&
         piece.image->kind() == EspImageKind::bootloader &&
         piece.image->length_bytes <= partition_table_offset &&
         has_table_at(data, partition_table_offset);
}

Result<void> find_kind(Piece& piece) {
  const ByteSpan data = piece.data;
  if (data[0] == esp_image_magic || data[0] == esp8266_v2_magic) {
    auto info = parse_esp_image(data);
    if (info) {
      piece.kind =
          info->kind() == EspImageKind::bootloader ? PieceKind::bootloader : PieceKind::application;
      piece.image = std::move(*info);
    }
  }
  if (find_merged(piece)) piece.kind = PieceKind::merged;
  const bool table_magic = data.size() >= 2 && data[0] == 0xAA && data[1] == 0x50;
  if (table_magic && data.size() <= partition_table_sector) {
    AIOT_CHECK(parse_partition_table(data));
    piece.kind = PieceKind::partition_table;
  }
  return {};
}

Result<std::vector<Piece>> from_hex_file(const std::string& name, const Bytes& data) {
  AIOT_TRY(HexFile hex, parse_intel_hex(aiot::to_string(data)));
  if (hex.ranges.empty()) return make_error(Errc::empty_file, "no data records");
  std::vector<Piece> pieces;
  for (HexRange& range : hex.ranges) {
    Piece piece;
    piece.name = hex.ranges.size() == 1 ? name : fmt::format("{} at {:#x}", name, range.address);
    piece.offset = range.address;
    piece.data = std::move(range.data);
    AIOT_CHECK(find_kind(piece));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace

std::string_view to_string(PieceKind kind) {
  switch (kind) {
    case PieceKind::bootloader: return "esp-bootloader";
    case PieceKind::application: return "esp-app";
    case PieceKind::merged: return "merged";
    case PieceKind::partition_table: return "partition-table";
    case PieceKind::elf: return "elf";
    case PieceKind::raw: break;
  }
  return "raw";
}

Result<std::vector<Piece>> classify(std::string name, Bytes data) {
  if (data.empty()) return make_error(Errc::empty_file);
  if (is_intel_hex(data)) return from_hex_file(name, data);
  Piece piece;
  piece.name = std::move(name);
  piece.data = std::move(data);
  if (is_elf(piece.data)) {
    AIOT_CHECK(parse_elf(piece.data));
    piece.kind = PieceKind::elf;
  } else if (piece.name.ends_with(".csv") || piece.name.ends_with(".CSV")) {
    AIOT_TRY(const PartitionTable table, parse_partition_csv(aiot::to_string(piece.data)));
    AIOT_TRY(piece.data, encode_partition_table(table));
    piece.kind = PieceKind::partition_table;
  } else {
    AIOT_CHECK(find_kind(piece));
  }
  std::vector<Piece> pieces;
  pieces.push_back(std::move(piece));
  return pieces;
}

std::string_view what_it_is(const Piece& piece) {
  switch (piece.kind) {
    case PieceKind::bootloader: return "a boot loader";
    case PieceKind::application: return "an application";
    case PieceKind::merged: return "a merged image";
    case PieceKind::partition_table: return "a partition table";
    case PieceKind::elf: return "an ELF file";
    case PieceKind::raw: break;
  }
  const bool is_text = std::all_of(piece.data.begin(), piece.data.end(), [](std::uint8_t byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
  return is_text && is_utf8(aiot::to_string(piece.data)) ? "a text file" : "no image";
}

}  // namespace aiot::image
