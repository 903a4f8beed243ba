#pragma once

#include "aiot/value.hpp"
#include "image/elf.hpp"
#include "image/esp_image.hpp"
#include "image/firmware_set.hpp"
#include "image/partition_table.hpp"

/// The fields of the records "aiot.image/1", "aiot.merge/1" and "aiot.convert/1".
///
/// cli/render/schema_firmware.cpp describes each for the users. In aiot.image/1:
/// - file, kind, size_bytes, sha256, problems[{code, text}]: always there
/// - image: an ESP image, and a merged file's boot loader: describe_image()
/// - parts[{name, kind, offset, size_bytes, image?}]: what lies in a merged file's partitions
/// - partitions[]: a partition table's, also inside a merged file; table_md5: "valid" or "absent"
/// - elf: describe_elf()
/// - ranges[{address, size_bytes}], entry: an Intel HEX file's
/// - build{chip, flash_mode, flash_freq, flash_size, files[]}: a flasher_args.json's
namespace aiot::image {

/// chip, chip_id, version, entry, flash_mode, flash_freq, flash_size ("" when the code has no
/// name), segments[{index, address, size_bytes, offset, memory[]}], checksum, checksum_valid,
/// sha256_appended, sha256, sha256_valid, image_bytes, trailing_bytes; with an extended header also
/// min_revision, max_revision, min_revision_legacy, wp_pin, drive{}; app{} and bootloader{} when
/// described.
Object describe_image(const EspImageInfo& info, std::uint64_t file_bytes);
/// [{name, type, subtype, offset, size_bytes, flags[]}]
Array describe_partitions(const PartitionTable& table);
/// {machine, chip?, entry, sections[{name, address, size_bytes, offset}],
///  segments[{address, physical_address, offset, size_bytes, memory_bytes, flags}]}
Object describe_elf(const Elf& elf);
/// [{name, kind, offset, size_bytes}]
Array describe_pieces(const std::vector<Piece>& pieces);
/// [{code, text, hint}]
Array describe_notices(const std::vector<event::Notice>& notices);
/// {code, text}
Object describe_problem(const Problem& problem);
Object describe_problem(const Error& error);

}  // namespace aiot::image
