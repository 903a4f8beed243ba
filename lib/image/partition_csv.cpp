#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "image/partition_names.hpp"
#include "image/partition_table.hpp"

namespace aiot::image {
namespace {

constexpr std::size_t max_name = 16;
constexpr std::size_t max_lines = 4096;

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes the part before `separator` off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

/// "4096", "0x1000", "4K", "1M", with a minus sign before.
std::optional<std::int64_t> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint32_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, hex ? 16 : 10);
  if (error != std::errc()) return std::nullopt;
  std::int64_t factor = 1;
  const std::string_view unit(end, last);
  if (unit == "K" || unit == "k") {
    factor = 1024;
  } else if (unit == "M" || unit == "m") {
    factor = 1024 * 1024;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  const std::int64_t product = value * factor;
  if (product > UINT32_MAX) return std::nullopt;
  return negative ? -product : product;
}

std::optional<std::uint8_t> byte(std::string_view text) {
  const auto value = number(text);
  if (!value || *value < 0 || *value > 0xFF) return std::nullopt;
  return static_cast<std::uint8_t>(*value);
}

struct Row {
  Partition partition;
  std::optional<std::int64_t> offset;
  std::int64_t size = 0;
};

Result<std::uint32_t> parse_flags(std::string_view field) {
  std::uint32_t flags = 0;
  while (!field.empty()) {
    const std::string_view flag = trim(take(field, ':'));
    if (flag == "encrypted") {
      flags |= Partition::encrypted_flag;
    } else if (flag == "readonly") {
      flags |= Partition::readonly_flag;
    } else if (!flag.empty()) {
      return make_error(Errc::bad_csv, fmt::format("flag \"{}\"", flag),
                        "flags are encrypted and readonly, joined by a colon");
    }
  }
  return flags;
}

Result<Row> parse_row(std::string_view line) {
  Row row;
  Partition& p = row.partition;
  p.name = std::string(trim(take(line, ',')));
  const std::string_view type = trim(take(line, ','));
  const std::string_view subtype = trim(take(line, ','));
  const std::string_view offset = trim(take(line, ','));
  const std::string_view size = trim(take(line, ','));
  const std::string_view flags = trim(take(line, ','));
  if (p.name.size() > max_name) {
    return make_error(Errc::bad_csv, fmt::format("name \"{}\" is longer than 16 bytes", p.name));
  }
  auto code = partition_type(type);
  if (!code) code = byte(type);
  if (!code) return make_error(Errc::bad_csv, fmt::format("type \"{}\"", type));
  p.type = *code;
  if (subtype.empty() && p.type != Partition::app) {
    p.subtype = *partition_subtype(Partition::data, "undefined");
  } else {
    code = partition_subtype(p.type, subtype);
    if (!code) code = byte(subtype);
    if (!code) return make_error(Errc::bad_csv, fmt::format("subtype \"{}\"", subtype));
    p.subtype = *code;
  }
  if (!offset.empty()) {
    row.offset = number(offset);
    if (!row.offset || *row.offset < 0) {
      return make_error(Errc::bad_csv, fmt::format("offset \"{}\"", offset));
    }
  }
  const auto bytes = number(size);
  if (!bytes || *bytes == 0) return make_error(Errc::bad_csv, fmt::format("size \"{}\"", size));
  row.size = *bytes;
  AIOT_TRY(p.flags, parse_flags(flags));
  return row;
}

/// Gives the row its offset and size, after what ends at `free_from`.
Result<void> place(Row& row, std::int64_t free_from) {
  Partition& p = row.partition;
  const std::int64_t alignment = partition_alignment(p.type);
  std::int64_t offset = (free_from + alignment - 1) / alignment * alignment;
  if (row.offset) {
    offset = *row.offset;
    if (offset < free_from && !lies_below_table(p.type)) {
      return make_error(Errc::bad_csv,
                        fmt::format("offset {:#x} overlaps what is before, which ends at {:#x}",
                                    offset, free_from));
    }
  }
  const std::int64_t size = row.size < 0 ? -row.size - offset : row.size;
  if (size <= 0 || offset + size > UINT32_MAX) {
    return make_error(Errc::bad_csv, fmt::format("no room from {:#x} on", offset));
  }
  p.offset = static_cast<std::uint32_t>(offset);
  p.size_bytes = static_cast<std::uint32_t>(size);
  return {};
}

std::string size_text(std::uint32_t bytes) {
  if (bytes % (1024 * 1024) == 0) return fmt::format("{}M", bytes / (1024 * 1024));
  if (bytes % 1024 == 0) return fmt::format("{}K", bytes / 1024);
  return fmt::format("{:#x}", bytes);
}

}  // namespace

Result<PartitionTable> parse_partition_csv(std::string_view text, std::uint32_t table_offset) {
  PartitionTable table;
  std::int64_t free_from = std::int64_t{table_offset} + partition_table_sector;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = trim(take(text, '\n'));
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = fmt::format("line {}", number);
    if (number > max_lines) return make_error(Errc::bad_csv, "more than 4096 lines");
    AIOT_TRY(Row row, parse_row(line).with(where));
    AIOT_CHECK(place(row, free_from).with(where));
    if (!lies_below_table(row.partition.type)) {
      free_from = std::int64_t{row.partition.offset} + row.partition.size_bytes;
    }
    table.partitions.push_back(std::move(row.partition));
  }
  if (table.partitions.empty()) return make_error(Errc::bad_csv, "no partition in it");
  return table;
}

std::string to_csv(const PartitionTable& table) {
  std::string out = "# Name, Type, SubType, Offset, Size, Flags\n";
  for (const Partition& p : table.partitions) {
    out += fmt::format("{},{},{},{:#x},{},{}{}{}\n", p.name, p.type_name(), p.subtype_name(),
                       p.offset, size_text(p.size_bytes), p.encrypted() ? "encrypted" : "",
                       p.encrypted() && p.readonly() ? ":" : "", p.readonly() ? "readonly" : "");
  }
  return out;
}

}  // namespace aiot::image
