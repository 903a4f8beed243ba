#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::image {

/// What can be wrong with a firmware file, or with where it should go.
enum class Errc {
  not_an_image = 1,   ///< the bytes are not of the format asked for
  truncated,          ///< the file ends before what its header promises
  bad_header,         ///< a header field has a value the format does not have
  bad_checksum,       ///< the ESP image's XOR checksum is wrong
  bad_hash,           ///< the ESP image's appended SHA-256 is wrong
  bad_table,          ///< a partition table's entry, MD5 or layout is wrong
  bad_csv,            ///< a partition table's CSV cannot be understood
  bad_elf,            ///< an ELF header, section or segment is wrong
  bad_hex,            ///< an Intel HEX record is wrong
  bad_build,          ///< flasher_args.json is wrong
  unsafe_path,        ///< a path leads out of the folder it must stay in
  unreadable,         ///< the file cannot be opened or read
  empty_file,         ///< the file has no bytes
  too_large,          ///< the file is larger than any flash
  overlap,            ///< two pieces want the same bytes of flash
  needs_offset,       ///< nothing says where the file goes
  wrong_chip,         ///< the image is for another chip
  wrong_revision,     ///< the image needs another revision of the chip
  does_not_fit,       ///< beyond the end of the flash or of its partition
  overwrites_input,   ///< the output is one of the inputs
  no_such_partition,  ///< the table has no partition of that name
  unknown_chip,       ///< no such chip, or the file does not identify the chip
  bad_setting,        ///< a flash mode, frequency or size the chip's header does not have
  unsupported,        ///< a conversion that is not offered
  unwritable,         ///< the output cannot be written
  bad_delta,          ///< a delta's streams or copies are wrong
  misplaced,          ///< what is there would not start, or would be overwritten
  wrong_source,       ///< the delta is for another source
  bad_version,        ///< not a version that the format can hold
  bad_bundle,         ///< an update bundle (.swu, RAUC) is not well formed
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::image

template <>
struct boost::system::is_error_code_enum<aiot::image::Errc> : std::true_type {};
