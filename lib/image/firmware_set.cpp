#include "image/firmware_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "aiot/units.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "image/intel_hex.hpp"
#include "image/limits.hpp"

namespace aiot::image {
namespace {

namespace fs = std::filesystem;

std::string base_name(const std::string& path) { return fs::path(path).filename().string(); }

/// The MMU maps flash in pages of 64 KiB (ESP-IDF Programming Guide, "Partition Tables": partitions
/// of type app are aligned to them).
constexpr std::uint32_t mapped_page = 0x10000;

Result<std::vector<Piece>> load_file(const std::string& path) {
  AIOT_TRY(Bytes data, read_file(path));
  AIOT_TRY(std::vector<Piece> pieces, classify(base_name(path), std::move(data)).with(path));
  for (Piece& piece : pieces) piece.path = path;
  return pieces;
}

Result<void> load_build(FirmwareSet& set, const std::string& json_path) {
  AIOT_TRY(const Bytes text, read_file(json_path, limits::build_json_bytes));
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

constexpr std::uint32_t default_application_offset = 0x10000;
constexpr std::uint32_t esp8266_v2_offset = 0x1000;

/// The table that counts, and where it lies.
struct KnownTable {
  std::optional<PartitionTable> table;
  bool in_set = false;
};

/// One call of resolve(): the set, and what it is resolved against.
class Resolver {
 public:
  Resolver(FirmwareSet& set, const EspChip& chip, std::uint64_t flash_size,
           const ResolveOptions& options)
      : set_(set), chip_(chip), flash_size_(flash_size), options_(options) {}

  Result<void> run(const std::optional<PartitionTable>& device_table,
                   const flash::HeaderPatch& header) {
    const flash::HeaderPatch patch = effective(header);
    for (Piece& piece : set_.pieces) {
      if (piece.kind == PieceKind::elf) {
        AIOT_CHECK(link(piece, patch).with(piece.name));
      }
      AIOT_CHECK(check_image(piece).with(piece.name));
    }
    AIOT_TRY(known_, find_table(device_table));
    for (Piece& piece : set_.pieces) {
      AIOT_CHECK(place(piece).with(piece.name));
      AIOT_CHECK(patch_boot_loader(piece, patch).with(piece.name));
      AIOT_CHECK(check_bounds(piece).with(piece.name));
      AIOT_CHECK(check_place(piece).with(piece.name));
    }
    return check_overlap();
  }

 private:
  void notice(std::string code, std::string text, std::string hint = {}) {
    set_.notices.push_back({"", std::move(code), std::move(text), std::move(hint)});
  }

  /// The error itself, or a notice of it when the user forces.
  Result<void> refuse(Error error) {
    if (!options_.force) return error;
    notice(error.stable_code(), error.message(), "forced");
    return {};
  }

  /// What was asked for, else what the build asks for, with "detect" turned into a size.
  flash::HeaderPatch effective(const flash::HeaderPatch& header) {
    flash::HeaderPatch patch = set_.from_build.value_or(flash::HeaderPatch{});
    if (!header.mode.empty()) patch.mode = header.mode;
    if (!header.freq.empty()) patch.freq = header.freq;
    if (!header.size.empty()) patch.size = header.size;
    if (patch.size == "detect") {
      patch.size = std::string(header_size_name(chip_, flash_size_));
      if (patch.size.empty()) {
        notice("image.size_unknown", "the flash's size is not known: the header keeps its own");
      }
    }
    return patch;
  }

  Result<void> link(Piece& piece, const flash::HeaderPatch& patch) {
    AIOT_TRY(const Elf elf, parse_elf(piece.data));
    EncodeOptions options;
    options.chip = &chip_;
    constexpr std::uint8_t dio = 2;
    options.header.mode = dio;
    options.header.size_freq =
        code_of(chip_.sizes, header_size_name(chip_, flash_size_)).value_or(0);
    AIOT_TRY(options.header, apply_patch(options.header, chip_, patch));
    auto image = elf_to_esp_image(piece.data, elf, options);
    if (!image) return std::move(image).error();
    piece.data = *std::move(image);
    AIOT_TRY(piece.image, parse_esp_image(piece.data));
    piece.kind = piece.image->kind() == EspImageKind::bootloader ? PieceKind::bootloader
                                                                 : PieceKind::application;
    return {};
  }

  Result<void> check_image(const Piece& piece) {
    if (!piece.image) return {};
    const EspImageInfo& info = *piece.image;
    if (info.chip != &chip_) {
      AIOT_CHECK(refuse(make_error(
          Errc::wrong_chip,
          info.chip
              ? fmt::format("it is for the {}, the device is an {}", info.chip->title, chip_.title)
              : fmt::format("it is for chip id {}, the device is an {}", info.chip_id, chip_.title),
          "build the firmware for this chip, or choose another device")));
    }
    if (!info.intact()) {
      const Problem& problem = info.problems.front();
      AIOT_CHECK(refuse(
          make_error(problem.code, problem.text, "the file is damaged: copy or build it again")));
    }
    if (!options_.chip_revision || info.chip != &chip_) return {};
    const std::uint32_t have = *options_.chip_revision;
    const RevisionRange range = info.revisions();
    if (!range.holds(have)) {
      AIOT_CHECK(refuse(make_error(
          Errc::wrong_revision,
          fmt::format("it is for revision v{}.{} {}, the device is v{}.{}", range.least / 100,
                      range.least % 100,
                      range.most ? fmt::format("to v{}.{}", *range.most / 100, *range.most % 100)
                                 : "and later",
                      have / 100, have % 100),
          "build the firmware for this revision of the chip")));
    }
    return {};
  }

  Result<KnownTable> find_table(const std::optional<PartitionTable>& device_table) {
    KnownTable known{device_table, false};
    for (const Piece& piece : set_.pieces) {
      ByteSpan bytes = piece.data;
      std::uint32_t at = piece.offset.value_or(partition_table_offset);
      if (piece.kind == PieceKind::merged && bytes.size() > partition_table_offset) {
        at = partition_table_offset;
        bytes = bytes.subspan(at);
      } else if (piece.kind != PieceKind::partition_table) {
        continue;
      }
      auto table = parse_partition_table(bytes);
      if (!table) {
        if (piece.kind == PieceKind::merged) continue;  // a merged file may have none
        return std::move(table).error().with(piece.name);
      }
      if (auto checked = check_partition_table(*table, flash_size_, at); !checked) {
        AIOT_CHECK(refuse(std::move(checked).error().with(piece.name)));
      }
      known = {std::move(*table), true};
    }
    return known;
  }

  Result<void> place(Piece& piece) {
    if (!piece.partition.empty()) return place_by_name(piece);
    if (piece.offset) return {};
    switch (piece.kind) {
      case PieceKind::bootloader: piece.offset = chip_.bootloader_offset; return {};
      case PieceKind::partition_table: piece.offset = partition_table_offset; return {};
      case PieceKind::merged: piece.offset = 0; return {};
      case PieceKind::application: return place_application(piece);
      case PieceKind::elf:
      case PieceKind::raw: break;
    }
    return make_error(Errc::needs_offset, {}, "say where it goes: FILE@OFFSET or FILE@PARTITION");
  }

  Result<void> place_by_name(Piece& piece) {
    const std::string_view whose = known_.in_set ? "the new partition table" : "the device's table";
    if (!known_.table) {
      return make_error(Errc::no_such_partition,
                        fmt::format("\"{}\": no partition table is known", piece.partition),
                        "give an offset, or a partition table with the files");
    }
    AIOT_TRY(const Partition partition, known_.table->need(piece.partition, whose));
    piece.offset = partition.offset;
    AIOT_CHECK(suits(piece, partition));
    return fits(piece, partition);
  }

  Result<void> place_application(Piece& piece) {
    if (piece.image && piece.image->version == 2) {
      piece.offset = esp8266_v2_offset;
      return {};
    }
    const Partition* partition = known_.table ? known_.table->application() : nullptr;
    if (partition) {
      piece.offset = partition->offset;
      piece.partition = partition->name;
      return {};  // check_bounds() sees whether it fits
    }
    piece.offset = default_application_offset;
    notice("image.default_offset",
           fmt::format("{} goes to {:#x}: no partition table says otherwise", piece.name,
                       default_application_offset),
           "give an offset if the application lies elsewhere");
    return {};
  }

  /// The boot loader starts what an application's partition holds. Encrypted bytes look like any.
  Result<void> suits(const Piece& piece, const Partition& partition) {
    const bool is_application = piece.kind == PieceKind::application;
    if (partition.encrypted() || partition.is_application() == is_application) return {};
    if (is_application) {
      return refuse(make_error(
          Errc::misplaced,
          fmt::format("it is an application, and partition \"{}\" is for data", partition.name),
          "choose a partition of type app"));
    }
    return refuse(
        make_error(Errc::misplaced,
                   fmt::format("it is {}, and the device starts what partition \"{}\" holds",
                               what_it_is(piece), partition.name),
                   "write an application there, and data into a partition of type data"));
  }

  /// An application covers whole pages of the flash's memory map, behind the partition table.
  Result<void> check_place(const Piece& piece) {
    const bool maps_flash = chip_.image_id.has_value();
    if (piece.kind != PieceKind::application || !maps_flash) return {};
    if (*piece.offset < partition_table_offset + partition_table_sector) {
      return refuse(make_error(
          Errc::misplaced,
          fmt::format("it is an application, and at {:#x} it covers the boot loader or the "
                      "partition table",
                      *piece.offset),
          fmt::format("write it to {:#x}, or into a partition of type app",
                      default_application_offset)));
    }
    if (*piece.offset % mapped_page == 0) return {};
    return refuse(
        make_error(Errc::misplaced,
                   fmt::format("it is an application, and {:#x} is not a multiple of {:#x}",
                               *piece.offset, mapped_page),
                   "write it to where its partition begins"));
  }

  Result<void> fits(const Piece& piece, const Partition& partition) {
    if (piece.data.size() <= partition.size_bytes) return {};
    return make_error(Errc::does_not_fit,
                      fmt::format("{} bytes, partition \"{}\" has {}", piece.data.size(),
                                  partition.name, partition.size_bytes),
                      "make the file smaller, or the partition larger");
  }

  Result<void> patch_boot_loader(Piece& piece, const flash::HeaderPatch& patch) {
    const bool boot = piece.kind == PieceKind::bootloader || piece.kind == PieceKind::merged;
    if (!boot || !piece.image || piece.image->chip != &chip_ ||
        *piece.offset + piece.image_at != chip_.bootloader_offset) {
      return {};
    }
    if (piece.image->hash_appended && !piece.image->hash_valid()) {  // forced, so it stays as it is
      notice("image.not_patched", fmt::format("{} is damaged: its header stays", piece.name));
      return {};
    }
    Bytes image(piece.data.begin() + piece.image_at, piece.data.end());
    AIOT_TRY(const bool changed, patch_header(image, chip_, patch));
    if (changed) {
      std::copy(image.begin(), image.end(), piece.data.begin() + piece.image_at);
      AIOT_TRY(piece.image, parse_esp_image(image));
    }
    const auto announced =
        parse_size(name_of(chip_.sizes, piece.image->size_freq & std::uint8_t{0xF0}));
    if (flash_size_ != 0 && announced && *announced > flash_size_) {
      notice("image.header_size",
             fmt::format("{} announces a flash of {}, the device has {}", piece.name,
                         format_size(*announced), format_size(flash_size_)),
             "the boot loader will refuse: let the flash size be detected");
    }
    return {};
  }

  Result<void> check_bounds(const Piece& piece) {
    const std::uint64_t end = std::uint64_t{*piece.offset} + piece.data.size();
    const std::uint64_t limit = flash_size_ != 0 ? flash_size_ : std::uint64_t{UINT32_MAX} + 1;
    if (end > limit) {
      return make_error(Errc::does_not_fit,
                        fmt::format("it ends at {:#x}, the flash at {:#x}", end, limit),
                        "build for this flash size, or choose another device");
    }
    // Written by offset to where a partition begins, it must fit there just the same.
    if (!known_.table || piece.kind != PieceKind::application) return {};
    for (const Partition& partition : known_.table->partitions) {
      if (partition.offset != *piece.offset) continue;
      Result<void> fit = fits(piece, partition);
      // Unlike into a partition by its name, this may make sense: a new table follows.
      return fit ? fit : refuse(std::move(fit).error());
    }
    return {};
  }

  Result<void> check_overlap() {
    std::stable_sort(set_.pieces.begin(), set_.pieces.end(),
                     [](const Piece& a, const Piece& b) { return *a.offset < *b.offset; });
    for (std::size_t i = 1; i < set_.pieces.size(); ++i) {
      const Piece& before = set_.pieces[i - 1];
      const Piece& piece = set_.pieces[i];
      const std::uint64_t end = std::uint64_t{*before.offset} + before.data.size();
      if (*piece.offset < end) {
        return make_error(Errc::overlap,
                          fmt::format("{} begins at {:#x}, {} ends at {:#x}", piece.name,
                                      *piece.offset, before.name, end),
                          "move one of them, or leave it out");
      }
    }
    return {};
  }

  FirmwareSet& set_;
  const EspChip& chip_;
  std::uint64_t flash_size_;
  const ResolveOptions& options_;
  KnownTable known_;
};

}  // namespace

Result<FirmwareSet> load_firmware(const std::vector<flash::Placement>& placements) {
  FirmwareSet set;
  for (const flash::Placement& placement : placements) {
    AIOT_CHECK(load_placement(set, placement));
  }
  note_chip(set);
  return set;
}

Result<void> resolve(FirmwareSet& set, const EspChip& chip,
                     const std::optional<PartitionTable>& device_table,
                     const flash::HeaderPatch& header, std::uint64_t flash_size_bytes,
                     const ResolveOptions& options) {
  return Resolver(set, chip, flash_size_bytes, options).run(device_table, header);
}

}  // namespace aiot::image
