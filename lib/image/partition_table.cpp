#include "image/partition_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "aiot/units.hpp"
#include "crypto/digest.hpp"
#include "image/limits.hpp"

namespace aiot::image {
namespace {

// Names of partition types and subtypes (ESP-IDF, esp_partition.h).

struct TypeName {
  std::uint8_t type;
  std::string_view name;
};
constexpr TypeName types[] = {{0, "app"}, {1, "data"}, {2, "bootloader"}, {3, "partition_table"}};

struct SubtypeName {
  std::uint8_t type;
  std::uint8_t subtype;
  std::string_view name;
};
constexpr SubtypeName subtypes[] = {
    {0, 0x00, "factory"},  {0, 0x20, "test"},   {0, 0x30, "tee_0"},     {0, 0x31, "tee_1"},
    {1, 0x00, "ota"},      {1, 0x01, "phy"},    {1, 0x02, "nvs"},       {1, 0x03, "coredump"},
    {1, 0x04, "nvs_keys"}, {1, 0x05, "efuse"},  {1, 0x06, "undefined"}, {1, 0x80, "esphttpd"},
    {1, 0x81, "fat"},      {1, 0x82, "spiffs"}, {1, 0x83, "littlefs"},  {1, 0x90, "tee_ota"},
    {2, 0x00, "primary"},  {2, 0x01, "ota"},    {2, 0x02, "recovery"},  {3, 0x00, "primary"},
    {3, 0x01, "ota"},
};

constexpr std::uint8_t first_ota = 0x10, last_ota = 0x1F;

/// "" when the type has no name.
std::string_view partition_type_name(std::uint8_t type) {
  for (const TypeName& t : types) {
    if (t.type == type) return t.name;
  }
  return {};
}

std::optional<std::uint8_t> partition_type(std::string_view name) {
  for (const TypeName& t : types) {
    if (t.name == name) return t.type;
  }
  return std::nullopt;
}

/// "" when the subtype has no name. OTA and TEE slots are not in the table: they are counted.
std::string_view partition_subtype_name(std::uint8_t type, std::uint8_t subtype) {
  for (const SubtypeName& s : subtypes) {
    if (s.type == type && s.subtype == subtype) return s.name;
  }
  return {};
}

std::optional<std::uint8_t> partition_subtype(std::uint8_t type, std::string_view name) {
  for (const SubtypeName& s : subtypes) {
    if (s.type == type && s.name == name) return s.subtype;
  }
  if (type == Partition::app && name.starts_with("ota_")) {
    std::uint8_t slot = 0;
    const char* last = name.data() + name.size();
    const auto [end, error] = std::from_chars(name.data() + 4, last, slot);
    if (error == std::errc() && end == last && slot <= last_ota - first_ota) {
      return static_cast<std::uint8_t>(first_ota + slot);
    }
  }
  return std::nullopt;
}

/// What a partition's offset must be a multiple of: 64 KiB for applications, else a sector.
std::uint32_t partition_alignment(std::uint8_t type) {
  return type == Partition::app ? 0x10000 : 0x1000;
}

/// True for the types that describe the boot loader and the partition table themselves.
bool lies_below_table(std::uint8_t type) { return type == 2 || type == 3; }

constexpr std::size_t entry_size = 32;
constexpr std::size_t name_size = 16;
constexpr std::uint16_t entry_magic = 0x50AA;
constexpr std::uint16_t md5_magic = 0xEBEB;
bool all_ff(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0xFF; });
}

Partition parse_entry(ByteSpan entry) {
  Partition p;
  p.type = entry[2];
  p.subtype = entry[3];
  p.offset = load_le32(entry.data() + 4);
  p.size_bytes = load_le32(entry.data() + 8);
  const ByteSpan name = entry.subspan(12, name_size);
  p.name = aiot::to_string(
      name.first(static_cast<std::size_t>(std::find(name.begin(), name.end(), 0) - name.begin())));
  p.flags = load_le32(entry.data() + 28);
  return p;
}

// The CSV.

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
  if (p.name.size() > name_size) {
    return make_error(Errc::bad_csv, fmt::format("name \"{}\" is longer than 16 bytes", p.name));
  }
  if (p.name.find('\0') != std::string::npos) {  // the table's entry ends there
    return make_error(Errc::bad_csv, "a name with a zero byte in it");
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

std::string Partition::type_name() const {
  const std::string_view known = partition_type_name(type);
  return known.empty() ? fmt::format("{:#04x}", type) : std::string(known);
}

std::string Partition::subtype_name() const {
  if (type == app && subtype >= first_ota && subtype <= last_ota) {
    return fmt::format("ota_{}", subtype - first_ota);
  }
  const std::string_view known = partition_subtype_name(type, subtype);
  return known.empty() ? fmt::format("{:#04x}", subtype) : std::string(known);
}

const Partition* PartitionTable::find(std::string_view name) const {
  for (const Partition& p : partitions) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

Result<Partition> PartitionTable::need(const std::string& name, std::string_view whose) const {
  if (const Partition* partition = find(name)) return *partition;
  std::vector<std::string> names;
  for (const Partition& partition : partitions) names.push_back(partition.name);
  const std::string near = nearest_word(name, names);
  return make_error(
      Errc::no_such_partition, fmt::format("\"{}\" is not in {}", name, whose),
      fmt::format("{}it has {}", near.empty() ? "" : fmt::format("did you mean {}? ", near),
                  fmt::join(names, ", ")));
}

const Partition* PartitionTable::application() const {
  const Partition* best = nullptr;
  for (const Partition& p : partitions) {
    // Factory is subtype 0, the OTA slots follow: the lowest is the one wanted.
    if (p.type == Partition::app && p.subtype <= last_ota && (!best || p.subtype < best->subtype)) {
      best = &p;
    }
  }
  return best;
}

Result<PartitionTable> parse_partition_table(ByteSpan table) {
  PartitionTable out;
  std::size_t at = 0;
  for (; at < table.size() && at < partition_table_bytes; at += entry_size) {
    if (table.size() - at < entry_size) {
      return make_error(Errc::truncated, fmt::format("partition table entry at {:#x}", at));
    }
    const ByteSpan entry = table.subspan(at, entry_size);
    if (all_ff(entry)) break;
    const std::uint16_t magic = load_le16(entry.data());
    if (magic == md5_magic) {
      const crypto::Md5 md5 = crypto::md5(table.first(at));
      if (!std::equal(md5.begin(), md5.end(), entry.begin() + 16)) {
        return make_error(Errc::bad_table, fmt::format("MD5 entry at {:#x} is {}, computed {}", at,
                                                       to_hex(entry.subspan(16)), to_hex(md5)));
      }
      out.has_md5 = true;
      break;
    }
    if (magic != entry_magic) {
      return make_error(Errc::bad_table, fmt::format("entry at {:#x} begins with {}, not aa50", at,
                                                     to_hex(entry.first(2))));
    }
    out.partitions.push_back(parse_entry(entry));
  }
  if (out.partitions.empty()) return make_error(Errc::bad_table, "no entries");
  return out;
}

Result<Bytes> encode_partition_table(const PartitionTable& table) {
  Bytes out;
  for (const Partition& p : table.partitions) {
    if (p.name.size() > name_size) {
      return make_error(Errc::bad_table, fmt::format("name \"{}\"", p.name),
                        "a partition's name has at most 16 bytes");
    }
    append_le16(out, entry_magic);
    out.push_back(p.type);
    out.push_back(p.subtype);
    append_le32(out, p.offset);
    append_le32(out, p.size_bytes);
    append(out, as_bytes(p.name));
    out.insert(out.end(), name_size - p.name.size(), 0);
    append_le32(out, p.flags);
  }
  // One entry for the MD5, and one of FF to end the table.
  if (out.empty() || out.size() + 2 * entry_size > partition_table_bytes) {
    return make_error(Errc::bad_table, fmt::format("{} partitions", table.partitions.size()),
                      "a table holds 1 to 94 partitions");
  }
  const crypto::Md5 md5 = crypto::md5(out);
  append_le16(out, md5_magic);
  out.insert(out.end(), 14, 0xFF);
  append(out, md5);
  out.resize(partition_table_bytes, 0xFF);
  return out;
}

Result<void> check_partition_table(const PartitionTable& table, std::uint64_t flash_size_bytes,
                                   std::uint32_t table_offset) {
  std::vector<const Partition*> sorted;
  for (const Partition& p : table.partitions) {
    const std::uint32_t alignment = partition_alignment(p.type);
    if (p.offset % alignment != 0) {
      return make_error(Errc::bad_table, fmt::format("partition \"{}\" at {:#x}", p.name, p.offset),
                        fmt::format("it must begin at a multiple of {:#x}", alignment));
    }
    if (table.find(p.name) != &p) {
      return make_error(Errc::bad_table, fmt::format("two partitions are named \"{}\"", p.name));
    }
    if (flash_size_bytes != 0 && p.end() > flash_size_bytes) {
      return make_error(Errc::does_not_fit,
                        fmt::format("partition \"{}\" ends at {:#x}, the flash at {:#x}", p.name,
                                    p.end(), flash_size_bytes),
                        "use a partition table made for this flash size");
    }
    sorted.push_back(&p);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Partition* a, const Partition* b) { return a->offset < b->offset; });
  std::uint64_t free_from = std::uint64_t{table_offset} + partition_table_sector;
  std::string before = "the partition table";
  for (const Partition* p : sorted) {
    // The boot loader and the table itself may be partitions too; they lie below.
    if (lies_below_table(p->type)) continue;
    if (p->offset < free_from) {
      return make_error(Errc::bad_table, fmt::format("partition \"{}\" at {:#x} overlaps {}, which "
                                                     "ends at {:#x}",
                                                     p->name, p->offset, before, free_from));
    }
    free_from = p->end();
    before = fmt::format("\"{}\"", p->name);
  }
  return {};
}

Result<PartitionTable> parse_partition_csv(std::string_view text, std::uint32_t table_offset) {
  PartitionTable table;
  std::int64_t free_from = std::int64_t{table_offset} + partition_table_sector;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = trim(take(text, '\n'));
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = fmt::format("line {}", number);
    if (number > limits::csv_lines) return make_error(Errc::bad_csv, "more than 4096 lines");
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
