#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "job/flash/diff.hpp"

namespace aiot::flash {

/// Bytes and their place in flash. `data` outlives the layout's making.
struct Blob {
  std::string name;
  std::uint32_t offset = 0;
  ByteSpan data;
};

/// Part of an extent that belongs to nobody: its bytes in flash are kept.
struct Gap {
  std::uint32_t offset = 0;  ///< in flash
  std::uint32_t size = 0;    ///< below one sector
};

/// Whole sectors that will hold blobs, and what lies between and around these.
struct Extent {
  std::uint32_t offset = 0;  ///< a multiple of sector_size
  Bytes data;                ///< a multiple of sector_size long; FF in gaps
  std::vector<Gap> gaps;

  std::uint32_t sectors() const { return static_cast<std::uint32_t>(data.size() / sector_size); }
};

/// Rounds blobs out to sectors and joins those that share or touch one. Blobs must not overlap.
/// Errc::bad_region where one reaches beyond `flash_size` bytes (0: unknown, not checked).
Result<std::vector<Extent>> lay_out(std::vector<Blob> blobs, std::uint32_t flash_size);

}  // namespace aiot::flash
