#include <filesystem>

#include "aiot/firmware.hpp"
#include "image/describe.hpp"
#include "image/elf_image.hpp"
#include "image/files.hpp"
#include "image/flasher_args.hpp"
#include "image/intel_hex.hpp"

namespace aiot::firmware {
namespace {

using namespace image;
namespace fs = std::filesystem;

/// Collects the fields of one file.
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
