#include "image/errors.hpp"

namespace aiot::image {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::not_an_image, "image.format", "not a file of this format", Condition::invalid_input},
    {Errc::truncated, "image.truncated", "the file ends too early", Condition::invalid_input},
    {Errc::bad_header, "image.header", "the header is not valid", Condition::invalid_input},
    {Errc::bad_checksum, "image.checksum", "the checksum is wrong", Condition::invalid_input},
    {Errc::bad_hash, "image.hash", "the SHA-256 is wrong", Condition::invalid_input},
    {Errc::bad_table, "image.table", "the partition table is not valid", Condition::invalid_input},
    {Errc::bad_csv, "image.csv", "the partition CSV is not valid", Condition::invalid_input},
    {Errc::bad_elf, "image.elf", "the ELF file is not valid", Condition::invalid_input},
    {Errc::bad_hex, "image.hex", "the Intel HEX file is not valid", Condition::invalid_input},
    {Errc::bad_build, "image.build", "flasher_args.json is not valid", Condition::invalid_input},
    {Errc::unsafe_path, "image.path", "the path leads out of its folder", Condition::invalid_input},
    {Errc::unreadable, "image.unreadable", "the file cannot be read", Condition::invalid_input},
    {Errc::empty_file, "image.empty", "the file is empty", Condition::invalid_input},
    {Errc::too_large, "image.large", "the file is too large", Condition::invalid_input},
    {Errc::overlap, "image.overlap", "two files overlap in flash", Condition::invalid_input},
    {Errc::needs_offset, "image.offset", "nothing says where this file goes",
     Condition::invalid_input},
    {Errc::wrong_chip, "image.chip", "the image is for another chip", Condition::mismatch},
    {Errc::wrong_revision, "image.revision", "the image is for another revision of the chip",
     Condition::mismatch},
    {Errc::does_not_fit, "image.size", "the file does not fit", Condition::mismatch},
    {Errc::no_such_partition, "image.partition", "no such partition", Condition::invalid_input},
    {Errc::unknown_chip, "image.unknown_chip", "the chip is not known", Condition::usage},
    {Errc::bad_setting, "image.setting", "this chip has no such flash setting", Condition::usage},
    {Errc::unsupported, "image.unsupported", "this conversion is not offered", Condition::usage},
    {Errc::overwrites_input, "image.overwrites_input", "the output is one of the inputs",
     Condition::usage},
    {Errc::bad_version, "image.version", "not a version of this format", Condition::usage},
    {Errc::bad_bundle, "image.bundle", "the update bundle is not valid", Condition::invalid_input},
    {Errc::unwritable, "image.unwritable", "the output cannot be written", Condition::resource},
    {Errc::bad_delta, "image.delta", "the delta is not valid", Condition::invalid_input},
    {Errc::misplaced, "image.misplaced", "the file does not belong there", Condition::mismatch},
    {Errc::wrong_source, "image.source", "the delta is for another source", Condition::mismatch},
};
const ErrorTable error_table("image", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::image
