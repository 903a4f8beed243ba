#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/flash.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"

/// Firmware files, offline: explained, merged, converted.
namespace aiot::firmware {

/// Explains any file: its kind, segments, entry, chip, checksum, SHA-256, application description,
/// partition table, sections. Schema "aiot.image/1". A damaged file is explained as far as it goes,
/// with what is wrong in `problems`; Condition::invalid_input only when it cannot be read at all.
AIOT_API Result<Record> explain(const std::string& path);

struct MergeRequest {
  std::vector<flash::Placement> images;
  std::string output;  ///< written whole or not at all
  flash::HeaderPatch header;
  std::string chip;  ///< needed to patch a header, else taken from the images
  std::uint8_t fill = 0xFF;
  std::uint64_t pad_to = 0;  ///< pads the end to this size, 0 does not
  std::uint64_t base = 0;    ///< flash offset of the first byte of the output
  bool overwrite = true;
  bool dry_run = false;  ///< check and say; write nothing
};
/// One raw image of many. Schema "aiot.merge/1". Overlaps are Condition::invalid_input, an output
/// that is one of the inputs Condition::usage.
AIOT_API Result<Record> merge(const MergeRequest& request);

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
  bool dry_run = false;       ///< check and say; write nothing
};
/// Schema "aiot.convert/1".
AIOT_API Result<Record> convert(const ConvertRequest& request);

}  // namespace aiot::firmware
