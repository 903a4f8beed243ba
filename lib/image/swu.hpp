#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"
#include "image/esp_image.hpp"

/// Update archives of SWUpdate: "SWUpdate: syntax and tags" and "Update images from verified
/// source" of its manual; the archive is a cpio of the formats newc and crc (cpio(5)).
namespace aiot::image {

/// A file in the archive.
struct SwuFile {
  std::string name;
  std::uint64_t offset = 0;  ///< of its bytes in the archive
  std::uint64_t size_bytes = 0;
};

/// Something that sw-description installs.
struct SwuArtifact {
  std::string file;
  std::string type;     ///< the handler; "" when not given
  std::string version;  ///< likewise
  std::string sha256;   ///< hexadecimal; likewise
};

struct SwuArchive {
  std::vector<SwuFile> files;         ///< in their order
  std::string version;                ///< of the software; "" when not given
  std::string name;                   ///< likewise
  std::vector<std::string> hardware;  ///< "board" or "board:revision" as far as it says
  std::vector<std::string> boards;    ///< that have such a list of their own
  std::vector<SwuArtifact> artifacts;
  std::uint64_t total_bytes = 0;  ///< up to the end of the last file
  std::vector<Problem> problems;  ///< checksums and hashes that differ, artifacts that are missing

  const SwuFile* find(std::string_view file) const;
};

inline constexpr std::string_view swu_description = "sw-description";
inline constexpr std::string_view swu_signature = "sw-description.sig";

/// True when `file` begins as a cpio archive in the form that SWUpdate takes.
bool is_cpio(ByteSpan file);
/// True when `file` begins as an archive whose first file is a sw-description.
bool is_swu(ByteSpan file);

/// Whether the archive is for `hardware`: one of its boards, an entry of its lists, the board or
/// the revision of one, or a name that ends with a revision, such as lamp-1.0. True for an archive
/// that names no hardware, or names it by a regular expression.
bool is_for(const SwuArchive& archive, std::string_view hardware);

/// Reads the archive and its sw-description (libconfig or JSON), and holds each file against its
/// checksum and its SHA-256. Whether the description is signed is for the caller: its bytes are
/// those of the first file, the signature is swu_signature. Errc::not_an_image, truncated,
/// bad_bundle.
Result<SwuArchive> parse_swu(ByteSpan file);

/// The bytes of a file of an archive that parse_swu() read from `file`.
inline ByteSpan contents(ByteSpan archive, const SwuFile& file) {
  return archive.subspan(static_cast<std::size_t>(file.offset),
                         static_cast<std::size_t>(file.size_bytes));
}

}  // namespace aiot::image
