#include "image/elf.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::image {
namespace {

constexpr std::size_t header_bytes = 52;
constexpr std::size_t program_header_bytes = 32;
constexpr std::size_t section_header_bytes = 40;
constexpr std::uint32_t pt_load = 1;

bool inside(ByteSpan file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

Error bad(std::string context) { return make_error(Errc::bad_elf, std::move(context)); }

std::string name_at(ByteSpan names, std::uint32_t at) {
  if (at >= names.size()) return {};
  const ByteSpan rest = names.subspan(at);
  constexpr std::size_t longest = 256;
  const auto end = std::find(rest.begin(), rest.end(), 0);
  return to_string(rest.first(std::min(longest, static_cast<std::size_t>(end - rest.begin()))));
}

Result<void> read_segments(ByteSpan file, Elf& elf) {
  const std::uint32_t at = load_le32(file.data() + 28);
  const std::uint16_t entry_size = load_le16(file.data() + 42);
  const std::uint16_t count = load_le16(file.data() + 44);
  if (count == 0) return {};
  if (entry_size != program_header_bytes || !inside(file, at, std::uint64_t{count} * entry_size)) {
    return bad("program headers");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = file.data() + at + i * program_header_bytes;
    if (load_le32(p) != pt_load) continue;
    ElfSegment s;
    s.offset = load_le32(p + 4);
    s.virtual_address = load_le32(p + 8);
    s.physical_address = load_le32(p + 12);
    s.size_bytes = load_le32(p + 16);
    s.memory_bytes = load_le32(p + 20);
    s.flags = load_le32(p + 24);
    if (!inside(file, s.offset, s.size_bytes)) {
      return bad(fmt::format("segment {} is not in the file", i));
    }
    elf.segments.push_back(s);
  }
  return {};
}

Result<void> read_sections(ByteSpan file, Elf& elf) {
  const std::uint32_t at = load_le32(file.data() + 32);
  const std::uint16_t entry_size = load_le16(file.data() + 46);
  const std::uint16_t count = load_le16(file.data() + 48);
  const std::uint16_t names_index = load_le16(file.data() + 50);
  if (count == 0) return {};  // stripped of them: segments remain
  if (entry_size != section_header_bytes || !inside(file, at, std::uint64_t{count} * entry_size)) {
    return bad("section headers");
  }
  const std::uint8_t* headers = file.data() + at;
  ByteSpan names;
  if (names_index < count) {
    const std::uint8_t* p = headers + names_index * section_header_bytes;
    const std::uint32_t offset = load_le32(p + 16), size = load_le32(p + 20);
    if (!inside(file, offset, size)) return bad("section names");
    names = file.subspan(offset, size);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* p = headers + i * section_header_bytes;
    ElfSection s;
    s.name = name_at(names, load_le32(p));
    s.type = load_le32(p + 4);
    s.address = load_le32(p + 12);
    s.offset = load_le32(p + 16);
    s.size_bytes = load_le32(p + 20);
    s.alignment = load_le32(p + 32);
    if (s.has_contents() && !inside(file, s.offset, s.size_bytes)) {
      return bad(fmt::format("section {} \"{}\" is not in the file", i, s.name));
    }
    elf.sections.push_back(std::move(s));
  }
  return {};
}

}  // namespace

std::string elf_machine_name(std::uint16_t machine) {
  switch (machine) {
    case Elf::xtensa: return "xtensa";
    case Elf::riscv: return "riscv";
    case Elf::arm: return "arm";
    default: return fmt::format("machine {:#x}", machine);
  }
}

bool is_elf(ByteSpan file) {
  constexpr std::uint8_t magic[] = {0x7F, 'E', 'L', 'F'};
  return file.size() >= 4 && std::equal(std::begin(magic), std::end(magic), file.begin());
}

Result<Elf> parse_elf(ByteSpan file) {
  if (!is_elf(file)) return make_error(Errc::not_an_image, "no ELF magic");
  if (file.size() < header_bytes) return bad("header");
  constexpr std::uint8_t class_32 = 1, little_endian = 1;
  if (file[4] != class_32 || file[5] != little_endian) {
    return make_error(Errc::bad_elf, "not 32-bit little-endian",
                      "give the firmware's ELF, not a program of this computer");
  }
  Elf elf;
  elf.machine = load_le16(file.data() + 18);
  elf.entry = load_le32(file.data() + 24);
  AIOT_CHECK(read_segments(file, elf));
  AIOT_CHECK(read_sections(file, elf));
  return elf;
}

ByteSpan contents(ByteSpan file, const ElfSection& section) {
  return section.has_contents() ? file.subspan(section.offset, section.size_bytes) : ByteSpan();
}

ByteSpan contents(ByteSpan file, const ElfSegment& segment) {
  return file.subspan(segment.offset, segment.size_bytes);
}

}  // namespace aiot::image
