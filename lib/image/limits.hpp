#pragma once

#include <cstddef>
#include <cstdint>

/// What a firmware file may make this room hold. Sizes that a file announces are summed and held
/// against these before anything is allocated for them; more is Errc::too_large unless said.
namespace aiot::image::limits {

/// A file that is read, and an image that is made: 64 MiB, beyond the flash of any board.
inline constexpr std::uint64_t file_bytes = 64ULL << 20;
inline constexpr std::uint64_t output_bytes = file_bytes;
/// The contents of all sections, or of all segments, of an ELF.
inline constexpr std::uint64_t elf_contents_bytes = file_bytes;
/// Of a section's name; the rest is cut off.
inline constexpr std::size_t elf_name_bytes = 256;
/// Separate ranges of an Intel HEX file.
inline constexpr std::size_t hex_ranges = 65536;
/// Lines of a partition table's CSV: Errc::bad_csv.
inline constexpr std::size_t csv_lines = 4096;
/// A flasher_args.json, and the files it may name: Errc::bad_build.
inline constexpr std::uint64_t build_json_bytes = 1ULL << 20;
inline constexpr std::size_t build_files = 256;
/// Inlined functions at one address; the rest is left out.
inline constexpr std::size_t source_frames = 64;

}  // namespace aiot::image::limits
