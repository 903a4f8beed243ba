#include <fmt/format.h>

#include <filesystem>

#include "image/elf_image.hpp"
#include "image/files.hpp"
#include "image/firmware_set.hpp"
#include "image/flasher_args.hpp"
#include "image/intel_hex.hpp"

namespace aiot::image {
namespace {

namespace fs = std::filesystem;

std::string base_name(const std::string& path) { return fs::path(path).filename().string(); }

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

Result<void> tell_kind(Piece& piece) {
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
    AIOT_CHECK(tell_kind(piece));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

Result<std::vector<Piece>> load_file(const std::string& path) {
  AIOT_TRY(Bytes data, read_file(path));
  AIOT_TRY(std::vector<Piece> pieces, classify(base_name(path), std::move(data)).with(path));
  for (Piece& piece : pieces) piece.path = path;
  return pieces;
}

Result<void> load_build(FirmwareSet& set, const std::string& json_path) {
  constexpr std::uint64_t json_limit = 1 << 20;
  AIOT_TRY(const Bytes text, read_file(json_path, json_limit));
  AIOT_TRY(FlasherArgs args, parse_flasher_args(aiot::to_string(text)).with(json_path));
  if (set.chip.empty()) set.chip = args.chip;
  set.from_build = args.header;
  const std::string folder = fs::path(json_path).parent_path().string();
  for (const BuildFile& file : args.files) {
    AIOT_TRY(const std::string path, path_below(folder, file.path).with(json_path));
    AIOT_TRY(std::vector<Piece> pieces, load_file(path));
    if (file.encrypted) {
      set.notices.push_back({"",
                             "image.encrypted",
                             fmt::format("{} is meant to be encrypted by "
                                         "the device; it is written as it is",
                                         file.path),
                             {}});
    }
    if (pieces.size() != 1) {
      return make_error(Errc::bad_build, fmt::format("{} holds several pieces", file.path));
    }
    pieces[0].name = file.path;
    pieces[0].offset = file.offset;
    set.pieces.push_back(std::move(pieces[0]));
  }
  return {};
}

void note_chip(FirmwareSet& set) {
  for (const Piece& piece : set.pieces) {
    if (!set.chip.empty()) return;
    const EspChip* chip = piece.image ? piece.image->chip : nullptr;
    if (piece.kind == PieceKind::elf) {
      const auto elf = parse_elf(piece.data);
      if (elf) chip = chip_of_elf(*elf);
    }
    if (chip) set.chip = chip->name;
  }
}

Result<void> load_placement(FirmwareSet& set, const flash::Placement& placement) {
  std::string path = placement.path;
  const bool placed = placement.offset || !placement.partition.empty();
  if (is_directory(path)) path = (fs::path(path) / flasher_args_name).string();
  if (base_name(path) == flasher_args_name) {
    if (placed) {
      return make_error(Errc::bad_build, placement.path,
                        "a build says itself where its files go: give it without an offset");
    }
    return load_build(set, path);
  }
  AIOT_TRY(std::vector<Piece> pieces, load_file(path));
  for (Piece& piece : pieces) {
    if (placed && piece.offset) {
      return make_error(Errc::bad_hex, path,
                        "an Intel HEX file says itself where it goes: give it without an offset");
    }
    if (placement.offset) {
      if (*placement.offset > UINT32_MAX) {
        return make_error(Errc::does_not_fit, fmt::format("{} at {:#x}", path, *placement.offset));
      }
      piece.offset = static_cast<std::uint32_t>(*placement.offset);
    }
    piece.partition = placement.partition;
    set.pieces.push_back(std::move(piece));
  }
  return {};
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
    AIOT_CHECK(tell_kind(piece));
  }
  std::vector<Piece> pieces;
  pieces.push_back(std::move(piece));
  return pieces;
}

Result<FirmwareSet> load_firmware(const std::vector<flash::Placement>& placements) {
  FirmwareSet set;
  for (const flash::Placement& placement : placements) {
    AIOT_CHECK(load_placement(set, placement));
  }
  note_chip(set);
  return set;
}

}  // namespace aiot::image
