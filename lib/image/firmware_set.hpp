#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/event.hpp"
#include "aiot/flash.hpp"
#include "aiot/result.hpp"
#include "image/esp_image.hpp"
#include "image/partition_table.hpp"

/// From the files a user names to the bytes that go to flash, and where.
namespace aiot::image {

/// What a piece's bytes are.
enum class PieceKind {
  raw,
  bootloader,       ///< ESP image that the ROM loads
  application,      ///< ESP image that the boot loader maps
  merged,           ///< flash from its first byte on, boot loader and more inside
  partition_table,  ///< binary (a CSV has become one)
  elf,              ///< becomes an application when the chip is known
};
std::string_view to_string(PieceKind kind);

/// Bytes on their way to one place in flash.
struct Piece {
  std::string name;  ///< for people: the file's name, or a part of it
  std::string path;
  std::optional<std::uint32_t> offset;  ///< nullopt until resolve()
  std::string partition;                ///< wanted partition, "" for none
  Bytes data;
  PieceKind kind = PieceKind::raw;
  std::optional<EspImageInfo> image;  ///< of the image that `data` begins with, or that a merged
                                      ///< file has as its boot loader
  std::uint32_t image_at = 0;         ///< where in `data` that image begins
};

/// What the piece is, for people: "a text file".
std::string_view what_it_is(const Piece& piece);

/// All that one request wants written.
struct FirmwareSet {
  std::vector<Piece> pieces;  ///< in the order given; after resolve() by offset
  std::string chip;           ///< the chip the files are for, "" when they do not say
  std::optional<flash::HeaderPatch> from_build;  ///< what flasher_args.json asks for
  std::vector<event::Notice> notices;            ///< what the user should know; `device` is ""
};

/// Classifies `data` by its bytes; the end of `name` matters for CSV alone.
/// One file may be several pieces (Intel HEX). Errc::bad_hex, Errc::bad_csv, Errc::empty_file.
Result<std::vector<Piece>> classify(std::string name, Bytes data);

/// Reads the files of the placements: anything of classify(), a flasher_args.json, or a folder with
/// one. Files of a build must lie in its folder (Errc::unsafe_path). Unreadable, empty or larger
/// than 64 MiB: Condition::invalid_input.
Result<FirmwareSet> load_firmware(const std::vector<flash::Placement>& placements);

struct ResolveOptions {
  bool force = false;  ///< wrong chip, revision or damage become notices; so does an
                       ///< application larger than the partition at its offset
  std::optional<std::uint32_t> chip_revision;  ///< major * 100 + minor
};

/// Gives every piece its offset on `chip` and checks that the set can go there: boot loader at the
/// chip's offset, partition table at 0x8000, application in the factory (else first OTA) partition
/// of the set's own table, else of `device_table`, else at 0x10000 with a notice; merged files at
/// 0; partitions by name. `header` wins over what the build asks for; "detect" is
/// `flash_size_bytes` (0: unknown). ELF files become images. Afterwards pieces are sorted, in
/// bounds and do not overlap.
///
/// Errc::wrong_chip, wrong_revision, does_not_fit: Condition::mismatch.
/// Errc::no_such_partition, overlap, needs_offset, bad_checksum, bad_hash, truncated:
/// Condition::invalid_input.
Result<void> resolve(FirmwareSet& set, const EspChip& chip,
                     const std::optional<PartitionTable>& device_table,
                     const flash::HeaderPatch& header, std::uint64_t flash_size_bytes,
                     const ResolveOptions& options);

inline constexpr std::string_view flasher_args_name = "flasher_args.json";

struct BuildFile {
  std::uint32_t offset = 0;
  std::string path;  ///< relative to the build's folder; not yet checked
  bool encrypted = false;
};

struct FlasherArgs {
  std::vector<BuildFile> files;  ///< by offset
  flash::HeaderPatch header;
  std::string chip;    ///< "" when not given
  std::string before;  ///< esptool's words: "default_reset", "usb_reset", "no_reset" …
  std::string after;
  bool stub = true;
};

/// Errc::bad_build with what is wrong: not JSON, no `flash_files`, an offset that is no number.
Result<FlasherArgs> parse_flasher_args(std::string_view json);

}  // namespace aiot::image
