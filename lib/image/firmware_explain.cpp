#include <fmt/format.h>

#include <filesystem>

#include "aiot/firmware.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "image/firmware_set.hpp"
#include "image/intel_hex.hpp"

namespace aiot::firmware {
namespace {

using namespace image;
namespace fs = std::filesystem;

std::string revision(std::uint16_t value) { return fmt::format("{}.{}", value / 100, value % 100); }

Kind kind_of(PieceKind kind) { return static_cast<Kind>(kind); }
static_assert(static_cast<int>(Kind::elf) == static_cast<int>(PieceKind::elf) &&
              static_cast<int>(Kind::merged) == static_cast<int>(PieceKind::merged));

AppDescription app_of(const image::AppDescription& app) {
  AppDescription out;
  out.project = app.project;
  out.version = app.version;
  out.date = app.date;
  out.time = app.time;
  out.idf_version = app.idf_version;
  out.secure_version = app.secure_version;
  out.elf_sha256 = to_hex(app.elf_sha256);
  out.min_efuse_block_revision = revision(app.min_efuse_block_revision);
  out.max_efuse_block_revision = revision(app.max_efuse_block_revision);
  out.mmu_page_bytes = app.mmu_page_size_bytes;
  return out;
}

std::vector<ImageSegment> segments_of(const EspImageInfo& info) {
  std::vector<ImageSegment> segments;
  for (const EspSegment& segment : info.segments) {
    ImageSegment& out = segments.emplace_back();
    out.index = segments.size() - 1;
    out.address = segment.address;
    out.size_bytes = segment.size_bytes;
    out.offset = segment.header_offset;
    if (info.chip == nullptr) continue;
    for (const std::string_view name : info.chip->memory_names(segment.address)) {
      out.memory.emplace_back(name);
    }
  }
  return segments;
}

Image image_of(const EspImageInfo& info, std::uint64_t file_bytes) {
  const auto name = [&](std::span<const HeaderCode> codes, int code) {
    return std::string(name_of(codes, static_cast<std::uint8_t>(code)));
  };
  Image out;
  if (info.chip != nullptr) {
    out.chip = info.chip->name;
    out.flash_freq = name(info.chip->freqs, info.size_freq & 0x0F);
    out.flash_size = name(info.chip->sizes, info.size_freq & 0xF0);
  }
  out.version = static_cast<unsigned>(info.version);
  out.entry = info.entry;
  out.flash_mode = name(flash_modes(), info.mode);
  out.segments = segments_of(info);
  if (info.stored_checksum) out.checksum = fmt::format("{:#04x}", *info.stored_checksum);
  out.checksum_valid = info.checksum_valid();
  out.sha256_appended = info.hash_appended;
  if (info.stored_hash) out.sha256 = to_hex(*info.stored_hash);
  if (info.hash_appended) out.sha256_valid = info.hash_valid();
  out.image_bytes = info.length_bytes;
  out.trailing_bytes = file_bytes - std::min(file_bytes, info.length_bytes);
  if (info.extended) {
    out.chip_id = info.chip_id;
    out.min_revision = revision(info.min_revision);
    out.max_revision = revision(info.max_revision);
    out.min_revision_legacy = info.min_revision_legacy;
    out.wp_pin = info.wp_pin;
    const auto& drive = info.drive;
    out.drive = PinDrive{drive[0], drive[1], drive[2], drive[3], drive[4], drive[5]};
  }
  if (info.app) out.app = app_of(*info.app);
  if (info.boot) {
    out.bootloader = {info.boot->version, info.boot->idf_version, info.boot->compiled};
  }
  return out;
}

std::vector<TableRow> rows_of(const PartitionTable& table) {
  std::vector<TableRow> rows;
  for (const Partition& partition : table.partitions) {
    TableRow row{partition.name,   partition.type_name(), partition.subtype_name(),
                 partition.offset, partition.size_bytes,  {}};
    if (partition.encrypted()) row.flags.emplace_back("encrypted");
    if (partition.readonly()) row.flags.emplace_back("readonly");
    rows.push_back(std::move(row));
  }
  return rows;
}

ElfFile elf_of(const Elf& elf) {
  ElfFile out;
  out.machine = elf_machine_name(elf.machine);
  if (const EspChip* chip = chip_of_elf(elf)) out.chip = chip->name;
  out.entry = elf.entry;
  for (const ElfSection& section : elf.sections) {
    if (!section.has_contents() || section.address == 0) continue;
    out.sections.push_back({section.name, section.address, section.size_bytes, section.offset});
  }
  for (const ElfSegment& segment : elf.segments) {
    const auto flag = [&](unsigned bit, char letter) { return segment.flags & bit ? letter : '-'; };
    out.segments.push_back({segment.virtual_address, segment.physical_address, segment.offset,
                            segment.size_bytes, segment.memory_bytes,
                            fmt::format("{}{}{}", flag(4, 'r'), flag(2, 'w'), flag(1, 'x'))});
  }
  return out;
}

class Explainer {
 public:
  Explainer(const std::string& path, ByteSpan data) : data_(data) {
    result_.file = path;
    result_.size_bytes = data.size();
    result_.sha256 = to_hex(crypto::sha256(data));
  }

  Explanation take() { return std::move(result_); }

  void build(const std::string& path) {
    result_.kind = Kind::flasher_args;
    const auto args = parse_flasher_args(aiot::to_string(data_));
    if (!args) return problem(args.error());
    Build& build = result_.build.emplace();
    build.chip = args->chip;
    build.flash_mode = args->header.mode;
    build.flash_freq = args->header.freq;
    build.flash_size = args->header.size;
    for (const image::BuildFile& file : args->files) {
      BuildFile& row = build.files.emplace_back();
      row.offset = file.offset;
      row.path = file.path;
      const auto target = path_below(fs::path(path).parent_path().string(), file.path);
      const auto bytes = target ? read_file(*target) : Result<Bytes>(target.error());
      if (bytes) {
        row.size_bytes = bytes->size();
      } else {
        problem(bytes.error());
      }
    }
  }

  void contents(const std::string& name) {
    if (is_elf(data_)) return elf();
    if (is_intel_hex(data_)) return hex();
    auto pieces = classify(name, Bytes(data_.begin(), data_.end()));
    if (!pieces) {
      // All that can fail here is a partition table, binary or CSV, and an empty file.
      if (!data_.empty()) result_.kind = Kind::partition_table;
      return problem(pieces.error());
    }
    const Piece& piece = pieces->front();
    result_.kind = kind_of(piece.kind);
    if (piece.image) {
      result_.image = image_of(*piece.image, data_.size() - piece.image_at);
      for (const image::Problem& found : piece.image->problems) problem(found, found.text);
    }
    if (piece.kind == PieceKind::merged) return merged();
    if (piece.kind == PieceKind::partition_table) table(piece.data);
  }

 private:
  void problem(const Error& error) {
    result_.problems.push_back({std::string(error.stable_code()), error.message()});
  }
  void problem(const image::Problem& found, std::string text) {
    const Error error = make_error(found.code);
    result_.problems.push_back({std::string(error.stable_code()), std::move(text)});
  }

  std::optional<PartitionTable> table(ByteSpan bytes) {
    auto parsed = parse_partition_table(bytes);
    if (!parsed) {
      problem(parsed.error());
      return std::nullopt;
    }
    result_.partitions = rows_of(*parsed);
    result_.table_md5 = parsed->has_md5 ? TableMd5::valid : TableMd5::absent;
    constexpr std::uint64_t any_flash = 0;
    if (const auto sound = check_partition_table(*parsed, any_flash); !sound) {
      problem(sound.error());
    }
    return std::move(*parsed);
  }

  /// The content of the partitions of a merged file.
  void merged() {
    if (data_.size() <= partition_table_offset) return;
    const auto parsed = table(data_.subspan(partition_table_offset));
    if (!parsed) return;
    std::vector<MergedPart>& parts = result_.parts.emplace();
    for (const Partition& partition : parsed->partitions) {
      if (partition.offset >= data_.size()) continue;
      const std::uint64_t size =
          std::min<std::uint64_t>(partition.size_bytes, data_.size() - partition.offset);
      const ByteSpan bytes = data_.subspan(partition.offset, size);
      const auto info = partition.is_application()
                            ? parse_esp_image(bytes)
                            : Result<EspImageInfo>(make_error(Errc::not_an_image));
      MergedPart& part = parts.emplace_back();
      part.name = partition.name;
      part.offset = partition.offset;
      part.size_bytes = size;
      if (!info) continue;
      part.kind = Kind::application;
      part.image = image_of(*info, size);
      for (const image::Problem& found : info->problems) {
        problem(found, partition.name + ": " + found.text);
      }
    }
  }

  void elf() {
    result_.kind = Kind::elf;
    const auto parsed = parse_elf(data_);
    if (!parsed) return problem(parsed.error());
    result_.elf = elf_of(*parsed);
  }

  void hex() {
    result_.kind = Kind::intel_hex;
    const auto parsed = parse_intel_hex(aiot::to_string(data_));
    if (!parsed) return problem(parsed.error());
    if (parsed->entry) result_.entry = *parsed->entry;
    std::vector<Range>& ranges = result_.ranges.emplace();
    for (const HexRange& range : parsed->ranges) {
      ranges.push_back({range.address, range.data.size()});
    }
  }

  ByteSpan data_;
  Explanation result_;
};

}  // namespace

Result<Explanation> explain(const std::string& path) {
  std::string file = path;
  if (is_directory(path)) file = (fs::path(path) / flasher_args_name).string();
  AIOT_TRY(const Bytes data, read_file(file));
  Explainer explainer(file, data);
  const std::string name = fs::path(file).filename().string();
  if (name == flasher_args_name) {
    explainer.build(file);
  } else {
    explainer.contents(name);
  }
  return explainer.take();
}

}  // namespace aiot::firmware
