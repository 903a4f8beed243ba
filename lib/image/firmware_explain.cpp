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

Array names(const std::vector<std::string_view>& list) { return Array(list.begin(), list.end()); }

std::string revision(std::uint16_t value) { return fmt::format("{}.{}", value / 100, value % 100); }

Object describe_app(const AppDescription& app) {
  Object o;
  o.set("project", app.project);
  o.set("version", app.version);
  o.set("date", app.date);
  o.set("time", app.time);
  o.set("idf_version", app.idf_version);
  o.set("secure_version", app.secure_version);
  o.set("elf_sha256", to_hex(app.elf_sha256));
  o.set("min_efuse_block_revision", revision(app.min_efuse_block_revision));
  o.set("max_efuse_block_revision", revision(app.max_efuse_block_revision));
  if (app.mmu_page_size_bytes != 0) o.set("mmu_page_bytes", app.mmu_page_size_bytes);
  return o;
}

Object describe_drive(const EspImageInfo& info) {
  constexpr const char* pins[] = {"clk", "q", "d", "cs", "hd", "wp"};
  Object o;
  for (std::size_t i = 0; i < info.drive.size(); ++i) o.set(pins[i], unsigned{info.drive[i]});
  return o;
}

Array describe_segments(const EspImageInfo& info) {
  Array segments;
  for (std::size_t i = 0; i < info.segments.size(); ++i) {
    const EspSegment& s = info.segments[i];
    Object o;
    o.set("index", static_cast<std::uint64_t>(i));
    o.set("address", s.address);
    o.set("size_bytes", s.size_bytes);
    o.set("offset", s.header_offset);
    o.set("memory", info.chip ? names(info.chip->memory_names(s.address)) : Array());
    segments.emplace_back(std::move(o));
  }
  return segments;
}

/// chip, chip_id, version, entry, flash_mode, flash_freq, flash_size ("" when the code has no
/// name), segments[{index, address, size_bytes, offset, memory[]}], checksum, checksum_valid,
/// sha256_appended, sha256, sha256_valid, image_bytes, trailing_bytes; with an extended header also
/// min_revision, max_revision, min_revision_legacy, wp_pin, drive{}; app{} and bootloader{} when
/// described.
Object describe_image(const EspImageInfo& info, std::uint64_t file_bytes) {
  const auto name = [&](std::span<const HeaderCode> codes, int code) {
    return std::string(name_of(codes, static_cast<std::uint8_t>(code)));
  };
  Object o;
  o.set("chip", info.chip ? std::string(info.chip->name) : std::string());
  if (info.extended) o.set("chip_id", unsigned{info.chip_id});
  o.set("version", info.version);
  o.set("entry", info.entry);
  o.set("flash_mode", name(flash_modes(), info.mode));
  o.set("flash_freq", info.chip ? name(info.chip->freqs, info.size_freq & 0x0F) : std::string());
  o.set("flash_size", info.chip ? name(info.chip->sizes, info.size_freq & 0xF0) : std::string());
  o.set("segments", describe_segments(info));
  if (info.stored_checksum) o.set("checksum", fmt::format("{:#04x}", *info.stored_checksum));
  o.set("checksum_valid", info.checksum_valid());
  o.set("sha256_appended", info.hash_appended);
  if (info.stored_hash) o.set("sha256", to_hex(*info.stored_hash));
  if (info.hash_appended) o.set("sha256_valid", info.hash_valid());
  o.set("image_bytes", info.length_bytes);
  o.set("trailing_bytes", file_bytes - std::min(file_bytes, info.length_bytes));
  if (info.extended) {
    o.set("min_revision", revision(info.min_revision));
    o.set("max_revision", revision(info.max_revision));
    o.set("min_revision_legacy", unsigned{info.min_revision_legacy});
    o.set("wp_pin", unsigned{info.wp_pin});
    o.set("drive", describe_drive(info));
  }
  if (info.app) o.set("app", describe_app(*info.app));
  if (info.boot) {
    Object boot;
    boot.set("version", info.boot->version);
    boot.set("idf_version", info.boot->idf_version);
    boot.set("compiled", info.boot->compiled);
    o.set("bootloader", std::move(boot));
  }
  return o;
}

/// [{name, type, subtype, offset, size_bytes, flags[]}]
Array describe_partitions(const PartitionTable& table) {
  Array rows;
  for (const Partition& p : table.partitions) {
    Array flags;
    if (p.encrypted()) flags.emplace_back("encrypted");
    if (p.readonly()) flags.emplace_back("readonly");
    Object o;
    o.set("name", p.name);
    o.set("type", p.type_name());
    o.set("subtype", p.subtype_name());
    o.set("offset", p.offset);
    o.set("size_bytes", p.size_bytes);
    o.set("flags", std::move(flags));
    rows.emplace_back(std::move(o));
  }
  return rows;
}

/// {machine, chip?, entry, sections[{name, address, size_bytes, offset}],
///  segments[{address, physical_address, offset, size_bytes, memory_bytes, flags}]}
Object describe_elf(const Elf& elf) {
  Object o;
  o.set("machine", elf_machine_name(elf.machine));
  if (const EspChip* chip = chip_of_elf(elf)) o.set("chip", chip->name);
  o.set("entry", elf.entry);
  Array sections;
  for (const ElfSection& s : elf.sections) {
    if (!s.has_contents() || s.address == 0) continue;
    Object row;
    row.set("name", s.name);
    row.set("address", s.address);
    row.set("size_bytes", s.size_bytes);
    row.set("offset", s.offset);
    sections.emplace_back(std::move(row));
  }
  o.set("sections", std::move(sections));
  Array segments;
  for (const ElfSegment& s : elf.segments) {
    Object row;
    row.set("address", s.virtual_address);
    row.set("physical_address", s.physical_address);
    row.set("offset", s.offset);
    row.set("size_bytes", s.size_bytes);
    row.set("memory_bytes", s.memory_bytes);
    row.set("flags", fmt::format("{}{}{}", s.flags & 4 ? "r" : "-", s.flags & 2 ? "w" : "-",
                                 s.flags & 1 ? "x" : "-"));
    segments.emplace_back(std::move(row));
  }
  o.set("segments", std::move(segments));
  return o;
}

Object describe_problem(const Problem& problem) {
  Object o;
  o.set("code", make_error(problem.code).stable_code());
  o.set("text", problem.text);
  return o;
}

Object describe_problem(const Error& error) {
  Object o;
  o.set("code", error.stable_code());
  o.set("text", error.message());
  return o;
}

/// The fields of the record "aiot.image/1":
/// - file, kind, size_bytes, sha256, problems[{code, text}]: always there
/// - image: an ESP image, and a merged file's boot loader: describe_image()
/// - parts[{name, kind, offset, size_bytes, image?}]: what lies in a merged file's partitions
/// - partitions[]: a partition table's, also inside a merged file; table_md5: "valid" or "absent"
/// - elf: describe_elf()
/// - ranges[{address, size_bytes}], entry: an Intel HEX file's
/// - build{chip, flash_mode, flash_freq, flash_size, files[]}: a flasher_args.json's
class Explanation {
 public:
  Explanation(const std::string& path, ByteSpan data) : data_(data) {
    fields_.set("file", path);
    fields_.set("kind", "raw");
    fields_.set("size_bytes", static_cast<std::uint64_t>(data.size()));
    fields_.set("sha256", to_hex(crypto::sha256(data)));
  }

  Record finish() {
    fields_.set("problems", std::move(problems_));
    return {"aiot.image/1", std::move(fields_)};
  }

  void build(const std::string& path) {
    fields_.set("kind", "flasher-args");
    const auto args = parse_flasher_args(aiot::to_string(data_));
    if (!args) return problem(args.error());
    Object o;
    o.set("chip", args->chip);
    o.set("flash_mode", args->header.mode);
    o.set("flash_freq", args->header.freq);
    o.set("flash_size", args->header.size);
    Array files;
    for (const BuildFile& file : args->files) {
      Object row;
      row.set("offset", file.offset);
      row.set("path", file.path);
      const auto target = path_below(fs::path(path).parent_path().string(), file.path);
      const auto bytes = target ? read_file(*target) : Result<Bytes>(target.error());
      if (bytes) {
        row.set("size_bytes", static_cast<std::uint64_t>(bytes->size()));
      } else {
        problem(bytes.error());
      }
      files.emplace_back(std::move(row));
    }
    o.set("files", std::move(files));
    fields_.set("build", std::move(o));
  }

  void contents(const std::string& name) {
    if (is_elf(data_)) return elf();
    if (is_intel_hex(data_)) return hex();
    auto pieces = classify(name, Bytes(data_.begin(), data_.end()));
    if (!pieces) {
      // All that can fail here is a partition table, binary or CSV, and an empty file.
      if (!data_.empty()) fields_.set("kind", "partition-table");
      return problem(pieces.error());
    }
    const Piece& piece = pieces->front();
    fields_.set("kind", image::to_string(piece.kind));
    if (piece.image) image_fields(*piece.image, piece.image_at);
    if (piece.kind == PieceKind::merged) return merged();
    if (piece.kind == PieceKind::partition_table) table(piece.data);
  }

 private:
  void problem(const Error& error) { problems_.emplace_back(describe_problem(error)); }

  void image_fields(const EspImageInfo& info, std::uint32_t at) {
    fields_.set("image", describe_image(info, data_.size() - at));
    for (const Problem& p : info.problems) problems_.emplace_back(describe_problem(p));
  }

  std::optional<PartitionTable> table(ByteSpan bytes) {
    auto parsed = parse_partition_table(bytes);
    if (!parsed) {
      problem(parsed.error());
      return std::nullopt;
    }
    fields_.set("partitions", describe_partitions(*parsed));
    fields_.set("table_md5", parsed->has_md5 ? "valid" : "absent");
    constexpr std::uint64_t any_flash = 0;
    if (const auto sound = check_partition_table(*parsed, any_flash); !sound) {
      problem(sound.error());
    }
    return std::move(*parsed);
  }

  /// What lies in the partitions of a merged file.
  void merged() {
    if (data_.size() <= partition_table_offset) return;
    const auto parsed = table(data_.subspan(partition_table_offset));
    if (!parsed) return;
    Array parts;
    for (const Partition& p : parsed->partitions) {
      if (p.offset >= data_.size()) continue;
      const std::uint64_t size = std::min<std::uint64_t>(p.size_bytes, data_.size() - p.offset);
      const ByteSpan bytes = data_.subspan(p.offset, size);
      Object part;
      part.set("name", p.name);
      const auto info = p.is_application() ? parse_esp_image(bytes)
                                           : Result<EspImageInfo>(make_error(Errc::not_an_image));
      part.set("kind", image::to_string(info ? PieceKind::application : PieceKind::raw));
      part.set("offset", p.offset);
      part.set("size_bytes", size);
      if (info) {
        part.set("image", describe_image(*info, size));
        for (const Problem& found : info->problems) {
          problems_.emplace_back(describe_problem(Problem{found.code, p.name + ": " + found.text}));
        }
      }
      parts.emplace_back(std::move(part));
    }
    fields_.set("parts", std::move(parts));
  }

  void elf() {
    fields_.set("kind", "elf");
    const auto parsed = parse_elf(data_);
    if (!parsed) return problem(parsed.error());
    fields_.set("elf", describe_elf(*parsed));
  }

  void hex() {
    fields_.set("kind", "intel-hex");
    const auto parsed = parse_intel_hex(aiot::to_string(data_));
    if (!parsed) return problem(parsed.error());
    if (parsed->entry) fields_.set("entry", *parsed->entry);
    Array ranges;
    for (const HexRange& range : parsed->ranges) {
      Object row;
      row.set("address", range.address);
      row.set("size_bytes", static_cast<std::uint64_t>(range.data.size()));
      ranges.emplace_back(std::move(row));
    }
    fields_.set("ranges", std::move(ranges));
  }

  ByteSpan data_;
  Object fields_;
  Array problems_;
};

}  // namespace

Result<Record> explain(const std::string& path) {
  std::string file = path;
  if (is_directory(path)) file = (fs::path(path) / flasher_args_name).string();
  AIOT_TRY(const Bytes data, read_file(file));
  Explanation explanation(file, data);
  const std::string name = fs::path(file).filename().string();
  if (name == flasher_args_name) {
    explanation.build(file);
  } else {
    explanation.contents(name);
  }
  return explanation.finish();
}

}  // namespace aiot::firmware
