#include "image/partition_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aiot/units.hpp"
#include "crypto/digest.hpp"
#include "image/partition_names.hpp"

namespace aiot::image {
namespace {

constexpr std::size_t entry_size = 32;
constexpr std::size_t name_size = 16;
constexpr std::uint16_t entry_magic = 0x50AA;
constexpr std::uint16_t md5_magic = 0xEBEB;
constexpr std::uint8_t first_ota = 0x10, last_ota = 0x1F;

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
  p.name = to_string(
      name.first(static_cast<std::size_t>(std::find(name.begin(), name.end(), 0) - name.begin())));
  p.flags = load_le32(entry.data() + 28);
  return p;
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

}  // namespace aiot::image
