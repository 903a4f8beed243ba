#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"

namespace aiot::test {

struct TestSection {
  std::string name;
  std::uint32_t address = 0;
  Bytes data;
  std::uint32_t type = 1;  ///< PROGBITS; 8 is NOBITS
};

/// Bytes of a linear congruential generator: x = x * 1103515245 + 12345 mod 2^31, bits 16 to 23.
inline Bytes filled(std::size_t size, std::uint32_t x) {
  Bytes out;
  for (std::size_t i = 0; i < size; ++i) {
    x = (x * 1103515245U + 12345U) & 0x7FFFFFFF;
    out.push_back(static_cast<std::uint8_t>(x >> 16));
  }
  return out;
}

/// An ELF executable: header, one program header a section, contents, names, section headers.
inline Bytes build_elf(std::uint16_t machine, std::uint32_t entry,
                       const std::vector<TestSection>& sections) {
  const auto pad = [](Bytes& bytes) { bytes.resize((bytes.size() + 3) / 4 * 4); };
  const auto words = [](Bytes& out, std::initializer_list<std::uint32_t> values) {
    for (const std::uint32_t value : values) append_le32(out, value);
  };
  std::string names(1, '\0');
  const auto base = static_cast<std::uint32_t>(52 + 32 * sections.size());
  Bytes body, section_headers(40, 0), program_headers;
  for (const TestSection& s : sections) {
    const auto name = static_cast<std::uint32_t>(names.size());
    names += s.name + '\0';
    const bool nobits = s.type == 8;
    pad(body);
    const auto offset = base + static_cast<std::uint32_t>(body.size());
    const auto size = static_cast<std::uint32_t>(s.data.size());
    words(section_headers, {name, s.type, nobits ? 3U : 6U, s.address, offset, size, 0, 0, 4, 0});
    words(program_headers, {1, offset, s.address, s.address, nobits ? 0 : size, size, 5, 4});
    if (!nobits) append(body, s.data);
  }
  const auto own_name = static_cast<std::uint32_t>(names.size());
  names += std::string(".shstrtab") + '\0';
  const auto names_offset = base + static_cast<std::uint32_t>(body.size());
  words(section_headers,
        {own_name, 3, 0, 0, names_offset, static_cast<std::uint32_t>(names.size()), 0, 0, 1, 0});
  append(body, as_bytes(names));
  pad(body);
  Bytes elf = {0x7F, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
  append_le16(elf, machine);
  words(elf, {1, entry, 52, base + static_cast<std::uint32_t>(body.size()), 0});
  for (const std::size_t value : {std::size_t{52}, std::size_t{32}, sections.size(),
                                  std::size_t{40}, sections.size() + 2, sections.size() + 1}) {
    append_le16(elf, static_cast<std::uint16_t>(value));
  }
  append(elf, program_headers);
  append(elf, body);
  append(elf, section_headers);
  return elf;
}

}  // namespace aiot::test
