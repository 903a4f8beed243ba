#include "image/describe.hpp"

#include <fmt/format.h>

#include "image/elf_image.hpp"

namespace aiot::image {
namespace {

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

}  // namespace

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

Array describe_pieces(const std::vector<Piece>& pieces) {
  Array rows;
  for (const Piece& piece : pieces) {
    Object o;
    o.set("name", piece.name);
    o.set("kind", to_string(piece.kind));
    if (piece.offset) o.set("offset", *piece.offset);
    o.set("size_bytes", static_cast<std::uint64_t>(piece.data.size()));
    rows.emplace_back(std::move(o));
  }
  return rows;
}

Array describe_notices(const std::vector<event::Notice>& notices) {
  Array rows;
  for (const event::Notice& notice : notices) {
    Object o;
    o.set("code", notice.code);
    o.set("text", notice.text);
    o.set("hint", notice.hint);
    rows.emplace_back(std::move(o));
  }
  return rows;
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

}  // namespace aiot::image
