#include <array>

#include "aiot/firmware.hpp"

namespace aiot::firmware {
namespace {

constexpr std::array<std::string_view, 8> kinds = {"raw",       "esp-bootloader",  "esp-app",
                                                   "merged",    "partition-table", "elf",
                                                   "intel-hex", "flasher-args"};
constexpr std::array<std::string_view, 2> table_md5s = {"valid", "absent"};
constexpr std::array<std::string_view, 6> convert_forms = {
    "raw", "hex", "elf-segments", "esp-image", "partition-csv", "partition-table"};

}  // namespace

// In this namespace and not in an unnamed one: the visitor finds them by their arguments.
void describe(FieldVisitor& v, AppDescription& app) {
  v("project", app.project, "name of the application");
  v("version", app.version, "version of the application");
  v("date", app.date, "of the build");
  v("time", app.time, "of the build");
  v("idf_version", app.idf_version, "version of the ESP-IDF that it was built with");
  v("secure_version", app.secure_version, "for anti-rollback");
  v("elf_sha256", app.elf_sha256, "of the ELF file that it was made from, hexadecimal");
  v("min_efuse_block_revision", app.min_efuse_block_revision, "such as 0.0");
  v("max_efuse_block_revision", app.max_efuse_block_revision, "such as 0.99");
  v("mmu_page_bytes", app.mmu_page_bytes, "size of a page of mapped flash", Presence::if_set);
}

void describe(FieldVisitor& v, BootloaderDescription& bootloader) {
  v("version", bootloader.version, "version of the bootloader");
  v("idf_version", bootloader.idf_version, "version of the ESP-IDF that it was built with");
  v("compiled", bootloader.compiled, "date and time of the build");
}

void describe(FieldVisitor& v, ImageSegment& segment) {
  v("index", segment.index, "from 0");
  v("address", segment.address, "where it is loaded or mapped");
  v("size_bytes", segment.size_bytes, "its size");
  v("offset", segment.offset, "of its header, from the start of the image");
  v("memory", segment.memory, "what is at that address, such as IRAM");
}

void describe(FieldVisitor& v, PinDrive& drive) {
  v("clk", drive.clk, "0 to 3");
  v("q", drive.q, "0 to 3");
  v("d", drive.d, "0 to 3");
  v("cs", drive.cs, "0 to 3");
  v("hd", drive.hd, "0 to 3");
  v("wp", drive.wp, "0 to 3");
}

void describe(FieldVisitor& v, Image& image) {
  v("chip", image.chip, "such as esp32c3; empty when unknown");
  v("chip_id", image.chip_id, "of the extended header");
  v("version", image.version, "of the image format");
  v("entry", image.entry, "address where it starts");
  v("flash_mode", image.flash_mode, "such as dio; empty when its code has no name");
  v("flash_freq", image.flash_freq, "such as 40m; empty when its code has no name");
  v("flash_size", image.flash_size, "such as 4MB; empty when its code has no name");
  v("segments", image.segments, "what is loaded or mapped");
  v("checksum", image.checksum, "as stored, such as 0x1f");
  v("checksum_valid", image.checksum_valid, "it is that of the segments");
  v("sha256_appended", image.sha256_appended, "a SHA-256 follows the checksum");
  v("sha256", image.sha256, "as stored, hexadecimal");
  v("sha256_valid", image.sha256_valid, "it is that of the image");
  v("image_bytes", image.image_bytes, "length of the image itself");
  v("trailing_bytes", image.trailing_bytes, "what follows it in the file");
  v("min_revision", image.min_revision, "of the chip, such as 0.3");
  v("max_revision", image.max_revision, "of the chip, such as 3.99");
  v("min_revision_legacy", image.min_revision_legacy, "of the chip, as older bootloaders read it");
  v("wp_pin", image.wp_pin, "238: none");
  v("drive", image.drive, "drive strength of the flash pins");
  v("app", image.app, "the application's description");
  v("bootloader", image.bootloader, "the bootloader's description");
}

void describe(FieldVisitor& v, TableRow& row) {
  v("name", row.name, "its name");
  v("type", row.type, "app, data, or a number");
  v("subtype", row.subtype, "such as factory, ota_0, nvs");
  v("offset", row.offset, "in flash");
  v("size_bytes", row.size_bytes, "its size");
  v("flags", row.flags, "encrypted, readonly");
}

void describe(FieldVisitor& v, MergedPart& part) {
  v("name", part.name, "the partition");
  v.choice("kind", part.kind, kinds, "its content");
  v("offset", part.offset, "in flash");
  v("size_bytes", part.size_bytes, "of its share of the file");
  v("image", part.image, "of an application");
}

void describe(FieldVisitor& v, SectionInfo& section) {
  v("name", section.name, "such as .text");
  v("address", section.address, "where it goes");
  v("size_bytes", section.size_bytes, "its size");
  v("offset", section.offset, "in the file");
}

void describe(FieldVisitor& v, ProgramHeader& header) {
  v("address", header.address, "where it runs");
  v("physical_address", header.physical_address, "where it is loaded");
  v("offset", header.offset, "in the file");
  v("size_bytes", header.size_bytes, "in the file");
  v("memory_bytes", header.memory_bytes, "in memory");
  v("flags", header.flags, "such as r-x");
}

void describe(FieldVisitor& v, ElfFile& elf) {
  v("machine", elf.machine, "such as xtensa or riscv");
  v("chip", elf.chip, "such as esp32c3", Presence::if_set);
  v("entry", elf.entry, "address where it starts");
  v("sections", elf.sections, "those with contents and an address");
  v("segments", elf.segments, "the program headers");
}

void describe(FieldVisitor& v, Range& range) {
  v("address", range.address, "where it goes");
  v("size_bytes", range.size_bytes, "its size");
}

void describe(FieldVisitor& v, BuildFile& file) {
  v("offset", file.offset, "in flash");
  v("path", file.path, "as the file has it");
  v("size_bytes", file.size_bytes, "when it can be read");
}

void describe(FieldVisitor& v, Build& build) {
  v("chip", build.chip, "such as esp32c3");
  v("flash_mode", build.flash_mode, "such as dio");
  v("flash_freq", build.flash_freq, "such as 40m");
  v("flash_size", build.flash_size, "such as 4MB");
  v("files", build.files, "in the order of their offsets");
}

void describe(FieldVisitor& v, Problem& problem) {
  v("code", problem.code, "stable, dotted");
  v("text", problem.text, "for people");
}

void describe(FieldVisitor& v, Explanation& explanation) {
  v("file", explanation.file, "its path");
  v.choice("kind", explanation.kind, kinds, "what it is");
  v("size_bytes", explanation.size_bytes, "its size");
  v("sha256", explanation.sha256, "of the whole file, hexadecimal");
  v("image", explanation.image, "an ESP image, or the bootloader of a merged file");
  v("partitions", explanation.partitions, "a partition table, also in a merged file");
  v.choice("table_md5", explanation.table_md5, table_md5s, "of a partition table");
  v("parts", explanation.parts, "the content of the partitions of a merged file");
  v("elf", explanation.elf, "of an ELF file");
  v("entry", explanation.entry, "of an Intel HEX file that names one");
  v("ranges", explanation.ranges, "of an Intel HEX file");
  v("build", explanation.build, "of a flasher_args.json");
  v("problems", explanation.problems, "what is wrong with it");
}

void describe(FieldVisitor& v, MergedPiece& piece) {
  v("name", piece.name, "the file that it came from");
  v.choice("kind", piece.kind, kinds, "what it is");
  v("offset", piece.offset, "in flash");
  v("size_bytes", piece.size_bytes, "its size");
}

void describe(FieldVisitor& v, MergeNotice& notice) {
  v("code", notice.code, "stable, dotted");
  v("text", notice.text, "for people");
  v("hint", notice.hint, "what to do next; may be empty");
}

void describe(FieldVisitor& v, MergeResult& result) {
  v("output", result.output, "the file");
  v("chip", result.chip, "such as esp32c3; empty when none matters");
  v("base_offset", result.base_offset, "where the file begins in flash");
  v("size_bytes", result.size_bytes, "its size");
  v("sha256", result.sha256, "of the file, hexadecimal");
  v("dry_run", result.dry_run, "nothing was written");
  v("pieces", result.pieces, "its parts");
  v("notices", result.notices, "what is worth knowing");
}

void describe(FieldVisitor& v, WrittenFile& file) {
  v("path", file.path, "the file");
  v("address", file.address, "of its first byte");
  v("size_bytes", file.size_bytes, "its size");
  v("sha256", file.sha256, "hexadecimal");
}

void describe(FieldVisitor& v, ConvertResult& result) {
  v("input", result.input, "the file");
  v("output", result.output, "the file, or the folder");
  v.one_of("to", result.to, convert_forms, "the form");
  v("dry_run", result.dry_run, "nothing was written");
  v("files", result.files, "what was written");
}

SchemaInfo schema_of(const Explanation&) {
  return {"aiot.image/1", "Result of `aiotctl flash image`"};
}
SchemaInfo schema_of(const MergeResult&) {
  return {"aiot.merge/1", "Result of `aiotctl flash merge`"};
}
SchemaInfo schema_of(const ConvertResult&) {
  return {"aiot.convert/1", "Result of `aiotctl flash image --convert`"};
}

}  // namespace aiot::firmware
