#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "aiot/firmware.hpp"
#include "image/elf.hpp"
#include "image/files.hpp"
#include "image/firmware_set.hpp"
#include "image/intel_hex.hpp"
#include "image/limits.hpp"

namespace aiot::firmware {
namespace {

using namespace image;
namespace fs = std::filesystem;

/// A file as bytes at addresses, whatever its format.
struct Content {
  std::vector<HexRange> ranges;  ///< by address, without overlap
  std::optional<std::uint32_t> entry;
};

Result<Content> content_of(ByteSpan data, std::uint64_t raw_offset) {
  if (is_elf(data)) {
    AIOT_TRY(const Elf elf, parse_elf(data));
    Content content;
    content.entry = elf.entry;
    for (const ElfSegment& s : elf.segments) {
      const ByteSpan bytes = contents(data, s);
      if (!bytes.empty()) {
        content.ranges.push_back({s.physical_address, Bytes(bytes.begin(), bytes.end())});
      }
    }
    auto& ranges = content.ranges;
    std::sort(ranges.begin(), ranges.end(),
              [](const HexRange& a, const HexRange& b) { return a.address < b.address; });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].address < ranges[i - 1].end()) {
        return make_error(Errc::overlap, fmt::format("segments at {:#x}", ranges[i].address));
      }
    }
    if (ranges.empty()) return make_error(Errc::bad_elf, "no segment with contents");
    return content;
  }
  if (is_intel_hex(data)) {
    AIOT_TRY(HexFile hex, parse_intel_hex(aiot::to_string(data)));
    if (hex.ranges.empty()) return make_error(Errc::empty_file, "no data records");
    return Content{std::move(hex.ranges), hex.entry};
  }
  if (raw_offset + data.size() > std::uint64_t{UINT32_MAX} + 1) {
    return make_error(Errc::does_not_fit, fmt::format("{} bytes at {:#x}", data.size(), raw_offset),
                      "addresses have 32 bits");
  }
  return Content{{{static_cast<std::uint32_t>(raw_offset), Bytes(data.begin(), data.end())}}, {}};
}

Result<Bytes> flatten(const Content& content, std::uint8_t fill) {
  const std::uint32_t base = content.ranges.front().address;
  if (content.ranges.back().end() - base > limits::output_bytes) {
    return make_error(
        Errc::too_large,
        fmt::format("it would reach from {:#x} to {:#x}", base, content.ranges.back().end()),
        "convert it to one file a segment, or to an image of the chip");
  }
  Bytes out;
  out.reserve(content.ranges.back().end() - base);
  for (const HexRange& range : content.ranges) {
    out.resize(range.address - base, fill);
    append(out, range.data);
  }
  return out;
}

Result<Bytes> to_esp_image(ByteSpan data, const ConvertRequest& request) {
  AIOT_TRY(const Elf elf, parse_elf(data));
  const EspChip* chip = request.chip.empty() ? chip_of_elf(elf) : find_chip(request.chip);
  if (!chip) {
    return make_error(Errc::unknown_chip,
                      request.chip.empty() ? std::string("several chips have these addresses")
                                           : fmt::format("\"{}\"", request.chip),
                      "name the chip, such as esp32c3");
  }
  EncodeOptions options;
  options.chip = chip;
  constexpr std::uint8_t dio = 2;
  options.header.mode = dio;
  AIOT_TRY(options.header, apply_patch(options.header, *chip, request.header));
  return elf_to_esp_image(data, elf, options);
}

/// Reads a table in either form.
Result<PartitionTable> table_of(ByteSpan data) {
  if (data.size() >= 2 && data[0] == 0xAA && data[1] == 0x50) return parse_partition_table(data);
  return parse_partition_csv(aiot::to_string(data));
}

class Converter {
 public:
  explicit Converter(const ConvertRequest& request) : request_(request) {
    result_.input = request.input;
    result_.output = request.output;
    result_.to = request.to;
    result_.dry_run = request.dry_run;
  }

  Result<ConvertResult> run(ByteSpan data) {
    const std::string& to = request_.to;
    if (to == "esp-image") {
      AIOT_TRY(const Bytes image, to_esp_image(data, request_));
      AIOT_CHECK(write(request_.output, image, std::nullopt));
    } else if (to == "partition-csv") {
      AIOT_TRY(const PartitionTable table, table_of(data));
      AIOT_CHECK(write(request_.output, as_bytes(to_csv(table)), std::nullopt));
    } else if (to == "partition-table") {
      AIOT_TRY(const PartitionTable table, table_of(data));
      AIOT_TRY(const Bytes binary, encode_partition_table(table));
      AIOT_CHECK(write(request_.output, binary, std::nullopt));
    } else {
      AIOT_TRY(const Content content, content_of(data, request_.offset));
      AIOT_CHECK(ranges(content));
    }
    return std::move(result_);
  }

 private:
  Result<void> ranges(const Content& content) {
    if (request_.to == "raw") {
      AIOT_TRY(const Bytes raw, flatten(content, request_.fill));
      return write(request_.output, raw, content.ranges.front().address);
    }
    if (request_.to == "hex") {
      const std::string hex = write_intel_hex(content.ranges, content.entry);
      return write(request_.output, as_bytes(hex), content.ranges.front().address);
    }
    std::error_code error;
    if (!request_.dry_run) fs::create_directories(request_.output, error);
    if (error) {
      return make_error(Errc::unwritable, fmt::format("{}: {}", request_.output, error.message()),
                        "name a folder that you may make");
    }
    for (const HexRange& range : content.ranges) {
      const std::string name = fmt::format("{:#010x}.bin", range.address);
      AIOT_CHECK(write((fs::path(request_.output) / name).string(), range.data, range.address));
    }
    return {};
  }

  Result<void> write(const std::string& path, ByteSpan bytes, std::optional<std::uint32_t> at) {
    AIOT_CHECK(check_output(path, request_.input));
    if (!request_.dry_run) {
      AIOT_CHECK(write_file(path, bytes));
    }
    result_.files.push_back({path, at, bytes.size(), to_hex(crypto::sha256(bytes))});
    return {};
  }

  const ConvertRequest& request_;
  ConvertResult result_;
};

/// The chip that counts. Bytes that all have their offsets and are no image need none.
Result<const EspChip*> chip_for(const std::string& wanted, const FirmwareSet& set) {
  const std::string& name = wanted.empty() ? set.chip : wanted;
  if (const EspChip* chip = find_chip(name)) return chip;
  const bool needs_one = std::any_of(set.pieces.begin(), set.pieces.end(), [](const Piece& p) {
    return !p.offset || p.image || p.kind == PieceKind::elf;
  });
  if (name.empty() && !needs_one) return esp_chips().data();
  return make_error(Errc::unknown_chip,
                    name.empty() ? std::string("no file says it") : fmt::format("\"{}\"", name),
                    "name the chip, such as esp32c3");
}

}  // namespace

Result<MergeResult> merge(const MergeRequest& request) {
  if (request.images.empty()) return make_error(Errc::empty_file, "nothing to merge");
  AIOT_TRY(FirmwareSet set, load_firmware(request.images));
  for (const Piece& piece : set.pieces) {
    AIOT_CHECK(check_output(request.output, piece.path));
  }
  AIOT_TRY(const EspChip* chip, chip_for(request.chip, set));
  // Padding to a size means that the output is the whole of such a flash.
  const std::uint64_t flash_size = request.pad_to == 0 ? 0 : request.base + request.pad_to;
  AIOT_CHECK(resolve(set, *chip, std::nullopt, request.header, flash_size, {}));
  std::uint64_t size = request.pad_to;
  for (const Piece& piece : set.pieces) {
    if (*piece.offset < request.base) {
      return make_error(Errc::does_not_fit,
                        fmt::format("{} begins at {:#x}, the output at {:#x}", piece.name,
                                    *piece.offset, request.base),
                        "begin the output earlier");
    }
    const std::uint64_t end = *piece.offset - request.base + piece.data.size();
    if (end > limits::output_bytes) {
      return make_error(Errc::too_large, fmt::format("{} at {:#x}", piece.name, *piece.offset));
    }
    size = std::max(size, end);
  }
  if (request.pad_to > limits::output_bytes) return make_error(Errc::too_large, "padding");
  Bytes out(static_cast<std::size_t>(size), request.fill);
  for (const Piece& piece : set.pieces) {
    std::copy(piece.data.begin(), piece.data.end(),
              out.begin() + static_cast<std::ptrdiff_t>(*piece.offset - request.base));
  }
  if (!request.dry_run) {
    AIOT_CHECK(write_file(request.output, out, request.overwrite));
  }
  MergeResult result;
  result.output = request.output;
  result.chip = set.chip.empty() ? request.chip : set.chip;
  result.base_offset = request.base;
  result.size_bytes = out.size();
  result.sha256 = to_hex(crypto::sha256(out));
  result.dry_run = request.dry_run;
  for (const Piece& piece : set.pieces) {
    result.pieces.push_back(
        {piece.name, static_cast<Kind>(piece.kind), piece.offset, piece.data.size()});
  }
  for (const event::Notice& notice : set.notices) {
    result.notices.push_back({notice.code, notice.text, notice.hint});
  }
  return result;
}

Result<ConvertResult> convert(const ConvertRequest& request) {
  constexpr std::string_view forms[] = {"raw",       "hex",           "elf-segments",
                                        "esp-image", "partition-csv", "partition-table"};
  if (std::find(std::begin(forms), std::end(forms), request.to) == std::end(forms)) {
    return make_error(Errc::unsupported, fmt::format("\"{}\"", request.to),
                      "raw, hex, elf-segments, esp-image, partition-csv or partition-table");
  }
  AIOT_TRY(const Bytes data, read_file(request.input));
  if (data.empty()) return make_error(Errc::empty_file, request.input);
  auto result = Converter(request).run(data);
  if (!result) return std::move(result).error().with(request.input);
  return result;
}

}  // namespace aiot::firmware
