#include "image/intel_hex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "image/limits.hpp"

namespace aiot::image {
namespace {

enum RecordType : std::uint8_t {
  data_record = 0,
  end_record = 1,
  segment_base = 2,
  segment_start = 3,
  linear_base = 4,
  linear_start = 5,
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Error bad_hex(std::string context) { return make_error(Errc::bad_hex, std::move(context)); }

/// One record's bytes, from the length to the checksum.
struct HexRecord {
  std::array<std::uint8_t, 1 + 2 + 1 + 255 + 1> bytes{};
  std::size_t size = 0;

  std::uint8_t length() const { return bytes[0]; }
  std::uint16_t offset() const { return static_cast<std::uint16_t>(bytes[1] << 8 | bytes[2]); }
  std::uint8_t type() const { return bytes[3]; }
  ByteSpan data() const { return {bytes.data() + 4, length()}; }
  std::uint32_t word() const {  // big-endian, as everything here
    return std::uint32_t{bytes[4]} << 24 | std::uint32_t{bytes[5]} << 16 |
           std::uint32_t{bytes[6]} << 8 | bytes[7];
  }
  std::uint16_t half() const { return static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]); }
};

Result<HexRecord> decode_record(std::string_view line) {
  if (line.front() != ':') return bad_hex("no colon");
  line.remove_prefix(1);
  HexRecord record;
  if (line.size() % 2 != 0 || line.size() / 2 > record.bytes.size() || line.size() < 10) {
    return bad_hex(fmt::format("{} digits", line.size()));
  }
  std::uint8_t sum = 0;
  for (std::size_t i = 0; i < line.size(); i += 2) {
    const int high = digit(line[i]), low = digit(line[i + 1]);
    if (high < 0 || low < 0) return bad_hex("not a hex digit");
    record.bytes[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
    sum = static_cast<std::uint8_t>(sum + record.bytes[i / 2]);
  }
  record.size = line.size() / 2;
  if (record.size != record.length() + 5U) {
    return bad_hex(
        fmt::format("{} bytes where {} are announced", record.size - 5, record.length()));
  }
  if (sum != 0) return bad_hex("checksum");
  return record;
}

class HexBuilder {
 public:
  /// False when there are too many ranges.
  bool add(std::uint32_t address, ByteSpan data) {
    if (data.empty()) return true;
    if (ranges_.empty() || ranges_.back().end() != address) {
      if (ranges_.size() == limits::hex_ranges) return false;
      ranges_.push_back({address, {}});
    }
    append(ranges_.back().data, data);
    return true;
  }

  Result<std::vector<HexRange>> finish() {
    std::stable_sort(ranges_.begin(), ranges_.end(),
                     [](const HexRange& a, const HexRange& b) { return a.address < b.address; });
    std::vector<HexRange> out;
    for (HexRange& range : ranges_) {
      if (!out.empty() && range.address < out.back().end()) {
        return make_error(Errc::overlap,
                          fmt::format("address {:#x} is written twice", range.address));
      }
      if (!out.empty() && range.address == out.back().end()) {
        append(out.back().data, range.data);
      } else {
        out.push_back(std::move(range));
      }
    }
    return out;
  }

 private:
  std::vector<HexRange> ranges_;
};

/// The state of a file that is read line by line.
class HexReader {
 public:
  Result<void> take(const HexRecord& record) {
    if (ended_) return bad_hex("a record after the end record");
    static constexpr std::array<int, 6> lengths = {-1, 0, 2, 4, 2, 4};
    if (record.type() >= lengths.size()) return bad_hex(fmt::format("type {:02X}", record.type()));
    if (const int length = lengths[record.type()]; length >= 0 && record.length() != length) {
      return bad_hex(
          fmt::format("{} bytes in a record of type {:02X}", record.length(), record.type()));
    }
    switch (record.type()) {
      case data_record: return data(record);
      case end_record: ended_ = true; break;
      case segment_base:
        base_ = std::uint32_t{record.half()} << 4;
        segmented_ = true;
        break;
      case segment_start:
        file_.entry =
            (std::uint32_t{record.half()} << 4) + static_cast<std::uint16_t>(record.word());
        break;
      case linear_base:
        base_ = std::uint32_t{record.half()} << 16;
        segmented_ = false;
        break;
      case linear_start: file_.entry = record.word(); break;
    }
    return {};
  }

  Result<HexFile> finish() {
    if (!ended_) return make_error(Errc::truncated, "no end record");
    AIOT_TRY(file_.ranges, builder_.finish());
    return std::move(file_);
  }

 private:
  Result<void> data(const HexRecord& record) {
    // Offsets wrap within their 64 KiB segment, linear addresses within 4 GiB.
    const std::uint32_t start = base_ + record.offset();
    const std::uint64_t limit = segmented_ ? std::uint64_t{base_} + 0x10000 : 0x1'0000'0000;
    ByteSpan rest = record.data();
    const std::size_t before_wrap = std::min<std::uint64_t>(rest.size(), limit - start);
    const std::uint32_t wrapped = segmented_ ? base_ : 0;
    if (!builder_.add(start, rest.first(before_wrap)) ||
        !builder_.add(wrapped, rest.subspan(before_wrap))) {
      return make_error(Errc::too_large, "more than 65536 separate ranges");
    }
    return {};
  }

  HexFile file_;
  HexBuilder builder_;
  std::uint32_t base_ = 0;
  bool segmented_ = true;
  bool ended_ = false;
};

void write_record(std::string& out, RecordType type, std::uint16_t offset, ByteSpan data) {
  std::uint8_t sum = static_cast<std::uint8_t>(data.size() + (offset >> 8) + offset + type);
  out += fmt::format(":{:02X}{:04X}{:02X}", data.size(), offset, static_cast<int>(type));
  for (const std::uint8_t byte : data) {
    out += fmt::format("{:02X}", byte);
    sum = static_cast<std::uint8_t>(sum + byte);
  }
  out += fmt::format("{:02X}\n", static_cast<std::uint8_t>(-sum));
}

}  // namespace

bool is_intel_hex(ByteSpan text) {
  if (text.size() < 11 || text[0] != ':') return false;
  return std::all_of(text.begin() + 1, text.begin() + 9,
                     [](std::uint8_t c) { return digit(static_cast<char>(c)) >= 0; });
}

Result<HexFile> parse_intel_hex(std::string_view text) {
  HexReader reader;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto record = decode_record(line);
    if (!record) return Error(record.error()).with(fmt::format("line {}", number));
    const auto taken = reader.take(*record);
    if (!taken) return Error(taken.error()).with(fmt::format("line {}", number));
  }
  return reader.finish();
}

std::string write_intel_hex(std::span<const HexRange> ranges, std::optional<std::uint32_t> entry) {
  constexpr std::size_t line_bytes = 16;
  std::string out;
  std::uint32_t upper = 0;
  const auto be16 = [](std::uint32_t v) {
    return Bytes{static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
  };
  for (const HexRange& range : ranges) {
    for (std::size_t at = 0; at < range.data.size();) {
      const auto address = static_cast<std::uint32_t>(range.address + at);
      if (address >> 16 != upper) {
        upper = address >> 16;
        write_record(out, linear_base, 0, be16(upper));
      }
      const std::size_t to_boundary = 0x10000 - (address & 0xFFFF);
      const std::size_t size = std::min({line_bytes, range.data.size() - at, to_boundary});
      write_record(out, data_record, static_cast<std::uint16_t>(address),
                   ByteSpan(range.data).subspan(at, size));
      at += size;
    }
  }
  if (entry) {
    Bytes word = be16(*entry >> 16);
    append(word, be16(*entry));
    write_record(out, linear_start, 0, word);
  }
  write_record(out, end_record, 0, {});
  return out;
}

}  // namespace aiot::image
