#include "image/elf.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "image/limits.hpp"

namespace aiot::image {
namespace {

constexpr std::size_t header_bytes = 52;
constexpr std::size_t program_header_bytes = 32;
constexpr std::size_t section_header_bytes = 40;
constexpr std::uint32_t pt_load = 1;

bool inside(ByteSpan file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

Error bad_elf(std::string context) { return make_error(Errc::bad_elf, std::move(context)); }

std::string name_at(ByteSpan names, std::uint32_t at) {
  if (at >= names.size()) return {};
  const ByteSpan rest = names.subspan(at);
  const auto end = std::find(rest.begin(), rest.end(), 0);
  return to_string(
      rest.first(std::min(limits::elf_name_bytes, static_cast<std::size_t>(end - rest.begin()))));
}

Result<void> read_segments(ByteSpan file, Elf& elf) {
  const std::uint32_t at = load_le32(file.data() + 28);
  const std::uint16_t entry_size = load_le16(file.data() + 42);
  const std::uint16_t count = load_le16(file.data() + 44);
  if (count == 0) return {};
  if (entry_size != program_header_bytes || !inside(file, at, std::uint64_t{count} * entry_size)) {
    return bad_elf("program headers");
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
      return bad_elf(fmt::format("segment {} is not in the file", i));
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
    return bad_elf("section headers");
  }
  const std::uint8_t* headers = file.data() + at;
  ByteSpan names;
  if (names_index < count) {
    const std::uint8_t* p = headers + names_index * section_header_bytes;
    const std::uint32_t offset = load_le32(p + 16), size = load_le32(p + 20);
    if (!inside(file, offset, size)) return bad_elf("section names");
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
      return bad_elf(fmt::format("section {} \"{}\" is not in the file", i, s.name));
    }
    elf.sections.push_back(std::move(s));
  }
  return {};
}

constexpr std::size_t image_segment_header = 8;
constexpr std::size_t image_header = 24;

struct Part {
  std::string name;
  std::uint32_t address = 0;
  Bytes data;
};

std::vector<Part> loadable(ByteSpan file, const Elf& elf) {
  std::vector<Part> parts;
  for (const ElfSection& s : elf.sections) {
    if (!s.has_contents() || s.address == 0 || s.size_bytes == 0) continue;
    const ByteSpan data = contents(file, s);
    Part part{s.name, s.address, Bytes(data.begin(), data.end())};
    part.data.resize((part.data.size() + 3) & ~std::size_t{3}, 0);
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Joins each section to the one before when they touch and lie in the same kind of memory.
std::vector<Part> join(std::vector<Part> parts, const EspChip& chip) {
  std::vector<Part> joined;
  for (Part& part : parts) {
    if (!joined.empty()) {
      Part& last = joined.back();
      if (part.address == last.address + last.data.size() &&
          chip.memory_names(part.address) == chip.memory_names(last.address)) {
        append(last.data, part.data);
        continue;
      }
    }
    joined.push_back(std::move(part));
  }
  return joined;
}

void to_front(std::vector<Part>& parts, std::string_view name) {
  const auto it =
      std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == name; });
  if (it != parts.end()) std::rotate(parts.begin(), it, it + 1);
}

Result<std::uint32_t> page_size(const EspChip& chip, const std::vector<Part>& flash) {
  constexpr std::uint32_t standard = 0x10000;
  if (chip.mmu_pages.size() == 1 || flash.empty()) return standard;
  const auto app = parse_app_description(flash.front().data);
  if (!app) return standard;
  // Since ESP-IDF 5.4 the description says it; before, its own address shows it.
  if (const std::uint32_t said = app->mmu_page_size_bytes; said != 0) {
    if (std::ranges::find(chip.mmu_pages, said) != chip.mmu_pages.end()) return said;
    return make_error(
        Errc::bad_elf,
        fmt::format("an MMU page of {} bytes, which the {} does not have", said, chip.title),
        "build the firmware for this chip");
  }
  for (auto page = chip.mmu_pages.rbegin(); page != chip.mmu_pages.rend(); ++page) {
    if ((flash.front().address - image_header - image_segment_header) % *page == 0) return *page;
  }
  return standard;
}

/// Lays parts out one behind the other, keeping count of the file position.
class Layout {
 public:
  explicit Layout(std::uint32_t page) : page_(page) {}

  /// Bytes that a padding segment before `part` must hold, so that the part is congruent; 0: none.
  std::size_t padding(const Part& part) const {
    const std::size_t wanted = (part.address + page_ - image_segment_header) % page_;
    const std::size_t gap = (wanted + page_ - at_ % page_) % page_;
    if (gap == 0) return 0;
    return gap >= image_segment_header ? gap - image_segment_header
                                       : gap + page_ - image_segment_header;
  }
  void put(std::uint32_t address, Bytes data) {
    at_ += image_segment_header + data.size();
    out_.push_back({address, std::move(data)});
  }
  std::size_t at() const { return at_; }
  std::vector<SegmentData> take() { return std::move(out_); }

 private:
  std::vector<SegmentData> out_;
  std::size_t at_ = image_header;
  std::uint32_t page_;
};

/// Fills the gap before a flash part from RAM parts, or with zeros.
void fill(Layout& layout, std::vector<Part>& ram, const Part& next) {
  while (const std::size_t gap = layout.padding(next)) {
    if (ram.empty() || gap <= image_segment_header) {
      layout.put(0, Bytes(gap, 0));
      continue;
    }
    Part& first = ram.front();
    const std::size_t size = std::min(gap, first.data.size());
    const auto cut = first.data.begin() + static_cast<std::ptrdiff_t>(size);
    layout.put(first.address, Bytes(first.data.begin(), cut));
    first.data.erase(first.data.begin(), cut);
    first.address += static_cast<std::uint32_t>(size);
    if (first.data.empty()) ram.erase(ram.begin());
  }
}

/// ESP-IDF's old boot loader for the ESP32 did not map a last page of under 0x24 bytes.
void grow_short_page(Bytes& data, std::size_t at, std::uint32_t page) {
  constexpr std::size_t least = 0x24;
  const std::size_t rest = (at + image_segment_header + data.size()) % page;
  if (rest < least) data.resize(data.size() + least - rest, 0);
}

bool fits_machine(const Elf& elf, const EspChip& chip) {
  return elf.machine == (chip.riscv ? Elf::riscv : Elf::xtensa);
}

/// The first address that is in none of the chip's memories.
std::optional<std::uint32_t> stranger(const Elf& elf, const EspChip& chip) {
  for (const ElfSection& s : elf.sections) {
    if (!s.has_contents() || s.address == 0 || s.size_bytes == 0) continue;
    if (!chip.is_flash(s.address) && chip.memory_names(s.address).empty()) return s.address;
  }
  return std::nullopt;
}

/// ESP-IDF names its sections: code and constants in flash must be where this chip maps them.
bool maps_flash_sections(const Elf& elf, const EspChip& chip) {
  const auto in = [](const MemoryRange& range, std::uint32_t address) {
    return address >= range.begin && address < range.end;
  };
  return std::all_of(elf.sections.begin(), elf.sections.end(), [&](const ElfSection& s) {
    if (s.size_bytes == 0) return true;
    if (s.name == ".flash.text") return in(chip.irom, s.address);
    if (s.name == ".flash.rodata" || s.name == ".flash.appdesc") return in(chip.drom, s.address);
    return true;
  });
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

Result<void> check_elf(ByteSpan file) {
  if (!is_elf(file)) return make_error(Errc::not_an_image, "no ELF magic");
  constexpr std::uint32_t no_bits = 8;
  const bool wide = file.size() > 4 && file[4] == 2;
  const std::size_t head = wide ? 64 : header_bytes;
  if (file.size() < head) return bad_elf("the header is cut off");
  if (file[4] < 1 || file[4] > 2 || file[5] < 1 || file[5] > 2) {
    return bad_elf(fmt::format("class {}, byte order {}", file[4], file[5]));
  }
  const bool big = file[5] == 2;
  const auto number = [&](std::uint64_t at, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      value |= std::uint64_t{file[at + i]} << 8 * (big ? size - 1 - i : i);
    }
    return value;
  };
  const unsigned word = wide ? 8 : 4;
  const std::uint64_t counts = wide ? 54 : 42;  // sizes and counts of both tables
  struct Table {
    const char* name;
    std::uint64_t at, entry, count;
    std::uint64_t least;               // size of an entry
    std::uint64_t offset_at, size_at;  // in an entry
  };
  const Table tables[] = {
      {"segment", number(wide ? 32 : 28, word), number(counts, 2), number(counts + 2, 2),
       wide ? 56U : 32U, wide ? 8U : 4U, wide ? 32U : 16U},
      {"section", number(wide ? 40 : 32, word), number(counts + 4, 2), number(counts + 6, 2),
       wide ? 64U : 40U, wide ? 24U : 16U, wide ? 32U : 20U},
  };
  for (const Table& table : tables) {
    if (table.count == 0) continue;
    if (table.entry < table.least || !inside(file, table.at, table.count * table.entry)) {
      return bad_elf(fmt::format("the {} headers are not in the file", table.name));
    }
    for (std::uint64_t i = 0; i < table.count; ++i) {
      const std::uint64_t entry = table.at + i * table.entry;
      const bool is_section = &table != &tables[0];
      const std::uint64_t type = number(entry + (is_section ? 4 : 0), 4);
      const std::uint64_t size = number(entry + table.size_at, word);
      if (type == 0 || size == 0 || (is_section && type == no_bits)) continue;
      if (!inside(file, number(entry + table.offset_at, word), size)) {
        return bad_elf(fmt::format("{} {} is not in the file", table.name, i));
      }
    }
  }
  return {};
}

Result<Elf> parse_elf(ByteSpan file) {
  if (!is_elf(file)) return make_error(Errc::not_an_image, "no ELF magic");
  if (file.size() < header_bytes) return bad_elf("header");
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
  // Sections, or segments, may all name the same bytes of the file.
  std::uint64_t in_sections = 0;
  std::uint64_t in_segments = 0;
  for (const ElfSection& s : elf.sections) in_sections += s.has_contents() ? s.size_bytes : 0;
  for (const ElfSegment& s : elf.segments) in_segments += s.size_bytes;
  if (std::max(in_sections, in_segments) > limits::elf_contents_bytes) {
    return make_error(Errc::too_large,
                      fmt::format("{} bytes in sections, {} in segments", in_sections, in_segments),
                      "give the ELF of a firmware");
  }
  return elf;
}

ByteSpan contents(ByteSpan file, const ElfSection& section) {
  return section.has_contents() ? file.subspan(section.offset, section.size_bytes) : ByteSpan();
}

ByteSpan contents(ByteSpan file, const ElfSegment& segment) {
  return file.subspan(segment.offset, segment.size_bytes);
}

const EspChip* chip_of_elf(const Elf& elf) {
  const EspChip* found = nullptr;
  for (const EspChip& chip : esp_chips()) {
    if (!fits_machine(elf, chip) || stranger(elf, chip)) continue;
    if (!maps_flash_sections(elf, chip)) continue;
    if (found) return nullptr;
    found = &chip;
  }
  return found;
}

Result<Bytes> elf_to_esp_image(ByteSpan file, const Elf& elf, EncodeOptions options) {
  const EspChip& chip = *options.chip;
  if (!chip.image_id) {
    return make_error(Errc::unsupported, "an ELF of the ESP8266",
                      "give the image files that its build made");
  }
  if (!fits_machine(elf, chip)) {
    return make_error(Errc::wrong_chip,
                      fmt::format("an ELF for {}; the {} is {}", elf_machine_name(elf.machine),
                                  chip.title, chip.riscv ? "riscv" : "xtensa"));
  }
  if (const auto address = stranger(elf, chip)) {
    return make_error(Errc::wrong_chip,
                      fmt::format("address {:#010x} is no memory of the {}", *address, chip.title));
  }
  std::vector<Part> flash, ram;
  for (Part& part : join(loadable(file, elf), chip)) {
    (chip.is_flash(part.address) ? flash : ram).push_back(std::move(part));
  }
  const auto by_address = [](const Part& a, const Part& b) { return a.address < b.address; };
  std::stable_sort(flash.begin(), flash.end(), by_address);
  std::stable_sort(ram.begin(), ram.end(), by_address);
  to_front(flash, ".flash.appdesc");
  to_front(ram, ".dram0.bootdesc");

  if (flash.size() > esp_max_segments) {
    return make_error(Errc::bad_header, fmt::format("{} segments in flash", flash.size()),
                      "an image has 1 to 16 segments: merge sections in the linker script");
  }
  AIOT_TRY(const std::uint32_t page, page_size(chip, flash));
  for (std::size_t i = 1; i < flash.size(); ++i) {
    if (flash[i].address / page == flash[i - 1].address / page) {
      return make_error(Errc::bad_elf,
                        fmt::format("sections at {:#x} and {:#x} share a page of {} bytes",
                                    flash[i - 1].address, flash[i].address, page),
                        "merge them in the linker script");
    }
  }
  Layout layout(page);
  for (Part& part : flash) {
    if (part.address % 4 != 0) {
      return make_error(Errc::bad_elf,
                        fmt::format("section at {:#x} is not word-aligned", part.address));
    }
    fill(layout, ram, part);
    if (chip.name == "esp32") grow_short_page(part.data, layout.at(), page);
    layout.put(part.address, std::move(part.data));
  }
  for (Part& part : ram) layout.put(part.address, std::move(part.data));
  std::vector<SegmentData> segments = layout.take();

  // The linker leaves the field empty; a filled one was filled by the build.
  if (!segments.empty() && parse_app_description(segments.front().data) &&
      std::any_of(elf.sections.begin(), elf.sections.end(),
                  [](const ElfSection& s) { return s.name == ".flash.appdesc"; })) {
    constexpr std::ptrdiff_t at_elf_hash = 144;
    const auto field = segments.front().data.begin() + at_elf_hash;
    if (std::all_of(field, field + 32, [](std::uint8_t b) { return b == 0; })) {
      const crypto::Sha256 hash = crypto::sha256(file);
      std::copy(hash.begin(), hash.end(), field);
    }
  }
  options.entry = elf.entry;
  return encode_esp_image(segments, options);
}

}  // namespace aiot::image
