#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/flash.hpp"
#include "aiot/result.hpp"

/// Firmware files, offline: explained, merged, converted.
namespace aiot::firmware {

enum class Kind {
  raw,
  bootloader,       ///< an ESP image that the ROM loads
  application,      ///< an ESP image that the bootloader maps
  merged,           ///< flash from its first byte on, bootloader and more inside
  partition_table,  ///< binary or CSV
  elf,
  intel_hex,
  flasher_args,  ///< the flasher_args.json of an ESP-IDF build
};

/// esp_app_desc_t of ESP-IDF.
struct AppDescription {
  std::string project;
  std::string version;
  std::string date;  ///< of the build
  std::string time;  ///< of the build
  std::string idf_version;
  std::uint32_t secure_version = 0;      ///< for anti-rollback
  std::string elf_sha256;                ///< of the ELF file that it was made from, hexadecimal
  std::string min_efuse_block_revision;  ///< such as 0.0
  std::string max_efuse_block_revision;  ///< such as 0.99
  std::uint32_t mmu_page_bytes = 0;      ///< of mapped flash; 0 when not given
};
/// esp_bootloader_desc_t of ESP-IDF.
struct BootloaderDescription {
  std::uint32_t version = 0;
  std::string idf_version;
  std::string compiled;  ///< date and time
};
struct ImageSegment {
  std::uint64_t index = 0;
  std::uint32_t address = 0;  ///< where it is loaded or mapped
  std::uint32_t size_bytes = 0;
  std::uint64_t offset = 0;         ///< of its header, from the start of the image
  std::vector<std::string> memory;  ///< what is at that address, such as IRAM
};
/// Drive strength of the flash pins: 0 to 3, as the extended header has it.
struct PinDrive {
  unsigned clk = 0, q = 0, d = 0, cs = 0, hd = 0, wp = 0;
};
/// An ESP image: ESP-IDF Programming Guide, "App Image Format".
struct Image {
  std::string chip;                 ///< such as esp32c3; "" when unknown
  std::optional<unsigned> chip_id;  ///< of the extended header, as all that is optional below
  unsigned version = 0;             ///< of the image format
  std::uint32_t entry = 0;          ///< address where it starts
  std::string flash_mode;           ///< such as dio; "" when the code has no name
  std::string flash_freq;           ///< such as 40m; "" when the code has no name
  std::string flash_size;           ///< such as 4MB; "" when the code has no name
  std::vector<ImageSegment> segments;
  std::optional<std::string> checksum;  ///< as stored, such as 0x1f
  bool checksum_valid = false;
  bool sha256_appended = false;
  std::optional<std::string> sha256;  ///< as stored, hexadecimal
  std::optional<bool> sha256_valid;
  std::uint64_t image_bytes = 0;            ///< length of the image itself
  std::uint64_t trailing_bytes = 0;         ///< what follows it in the file
  std::optional<std::string> min_revision;  ///< of the chip, such as 0.3
  std::optional<std::string> max_revision;  ///< of the chip, such as 3.99
  std::optional<unsigned> min_revision_legacy;
  std::optional<unsigned> wp_pin;  ///< 238: none
  std::optional<PinDrive> drive;
  std::optional<AppDescription> app;
  std::optional<BootloaderDescription> bootloader;
};
struct TableRow {
  std::string name;
  std::string type;     ///< app, data, or a number
  std::string subtype;  ///< such as factory, ota_0, nvs
  std::uint32_t offset = 0;
  std::uint32_t size_bytes = 0;
  std::vector<std::string> flags;  ///< encrypted, readonly
};
/// The content of one partition of a merged file.
struct MergedPart {
  std::string name;
  Kind kind = Kind::raw;
  std::uint32_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::optional<Image> image;
};
struct SectionInfo {
  std::string name;  ///< such as .text
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t offset = 0;  ///< in the file
};
struct ProgramHeader {
  std::uint64_t address = 0;           ///< where it runs
  std::uint64_t physical_address = 0;  ///< where it is loaded
  std::uint64_t offset = 0;            ///< in the file
  std::uint64_t size_bytes = 0;        ///< in the file
  std::uint64_t memory_bytes = 0;
  std::string flags;  ///< such as r-x
};
struct ElfFile {
  std::string machine;  ///< such as xtensa or riscv
  std::string chip;     ///< such as esp32c3; "" when the file does not say it
  std::uint64_t entry = 0;
  std::vector<SectionInfo> sections;  ///< with contents and an address
  std::vector<ProgramHeader> segments;
};
struct Range {
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;
};
struct BuildFile {
  std::uint64_t offset = 0;  ///< in flash
  std::string path;          ///< as the file has it
  std::optional<std::uint64_t> size_bytes;
};
struct Build {
  std::string chip;
  std::string flash_mode;
  std::string flash_freq;
  std::string flash_size;
  std::vector<BuildFile> files;  ///< in the order of their offsets
};
struct Problem {
  std::string code;  ///< stable, dotted
  std::string text;
};
enum class TableMd5 { valid, absent };

/// "aiot.image/1"
struct Explanation {
  std::string file;
  Kind kind = Kind::raw;
  std::uint64_t size_bytes = 0;
  std::string sha256;          ///< of the whole file, hexadecimal
  std::optional<Image> image;  ///< also the bootloader of a merged file
  std::optional<std::vector<MergedPart>> parts;
  std::optional<std::vector<TableRow>> partitions;  ///< also those of a merged file
  std::optional<TableMd5> table_md5;
  std::optional<ElfFile> elf;
  std::optional<std::vector<Range>> ranges;  ///< of an Intel HEX file
  std::optional<std::uint64_t> entry;        ///< of an Intel HEX file that names one
  std::optional<Build> build;
  std::vector<Problem> problems;  ///< what is wrong with it
};

/// Explains any file: its kind, segments, entry, chip, checksum, SHA-256, application description,
/// partition table, sections. A damaged file is explained as far as it goes, with what is wrong in
/// `problems`; Condition::invalid_input only when it cannot be read at all.
AIOT_API Result<Explanation> explain(const std::string& path);

struct MergeRequest {
  std::vector<flash::Placement> images;
  std::string output;  ///< written whole or not at all
  flash::HeaderPatch header;
  std::string chip;  ///< needed to patch a header, else taken from the images
  std::uint8_t fill = 0xFF;
  std::uint64_t pad_to = 0;  ///< pads the end to this size, 0 does not
  std::uint64_t base = 0;    ///< flash offset of the first byte of the output
  bool overwrite = true;
  bool dry_run = false;  ///< check and report; write nothing
};
struct MergedPiece {
  std::string name;  ///< the file that it came from
  Kind kind = Kind::raw;
  std::optional<std::uint64_t> offset;  ///< in flash
  std::uint64_t size_bytes = 0;
};
struct MergeNotice {
  std::string code;  ///< stable, dotted
  std::string text;
  std::string hint;
};
/// "aiot.merge/1"
struct MergeResult {
  std::string output;
  std::string chip;               ///< such as esp32c3; "" when none matters
  std::uint64_t base_offset = 0;  ///< where the file begins in flash
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< of the file, hexadecimal
  bool dry_run = false;
  std::vector<MergedPiece> pieces;
  std::vector<MergeNotice> notices;
};
/// One raw image of many. Overlaps are Condition::invalid_input, an output that is one of the
/// inputs Condition::usage.
AIOT_API Result<MergeResult> merge(const MergeRequest& request);

struct ConvertRequest {
  std::string input;
  std::string output;
  /// "raw", "hex", "elf-segments" (a folder with one file a segment, named by its address),
  /// "esp-image" (of an ELF), "partition-csv" or "partition-table"
  std::string to;
  std::uint64_t offset = 0;   ///< of a raw input
  std::uint8_t fill = 0xFF;   ///< between ranges in a raw output
  std::string chip;           ///< for "esp-image"; "" when the ELF says it
  flash::HeaderPatch header;  ///< for "esp-image"
  bool dry_run = false;       ///< check and report; write nothing
};
struct WrittenFile {
  std::string path;
  std::optional<std::uint64_t> address;  ///< of its first byte
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< hexadecimal
};
/// "aiot.convert/1"
struct ConvertResult {
  std::string input;
  std::string output;  ///< the file, or the folder
  std::string to;
  bool dry_run = false;
  std::vector<WrittenFile> files;
};
AIOT_API Result<ConvertResult> convert(const ConvertRequest& request);

/// The descriptions of the results.
AIOT_API void describe(FieldVisitor& v, Explanation& explanation);
AIOT_API void describe(FieldVisitor& v, MergeResult& result);
AIOT_API void describe(FieldVisitor& v, ConvertResult& result);
AIOT_API SchemaInfo schema_of(const Explanation&);
AIOT_API SchemaInfo schema_of(const MergeResult&);
AIOT_API SchemaInfo schema_of(const ConvertResult&);

}  // namespace aiot::firmware
