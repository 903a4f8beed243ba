#include "job/flash/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

std::uint64_t round_down(std::uint64_t value) { return value / sector_size * sector_size; }
std::uint64_t round_up(std::uint64_t value) { return round_down(value + sector_size - 1); }

void add_gap(Extent& extent, std::uint64_t from, std::uint64_t to) {
  if (from < to) {
    extent.gaps.push_back(
        {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)});
  }
}

}  // namespace

Result<std::vector<Extent>> lay_out(std::vector<Blob> blobs, std::uint32_t flash_size) {
  std::erase_if(blobs, [](const Blob& blob) { return blob.data.empty(); });
  std::sort(blobs.begin(), blobs.end(),
            [](const Blob& a, const Blob& b) { return a.offset < b.offset; });
  const std::uint64_t limit = flash_size != 0 ? flash_size : 1ULL << 32;
  std::vector<Extent> extents;
  std::uint64_t written_to = 0;  // end of the last blob
  for (const Blob& blob : blobs) {
    const std::uint64_t end = static_cast<std::uint64_t>(blob.offset) + blob.data.size();
    if (end > limit) {
      return make_error(Errc::bad_region,
                        fmt::format("{} ends at {}, the flash at {}", blob.name, format_hex(end),
                                    format_hex(limit)),
                        "choose a smaller image, another offset or a device with more flash");
    }
    if (extents.empty() ||
        round_down(blob.offset) > extents.back().offset + extents.back().data.size()) {
      if (!extents.empty()) {
        add_gap(extents.back(), written_to, extents.back().offset + extents.back().data.size());
      }
      extents.push_back({static_cast<std::uint32_t>(round_down(blob.offset)), {}, {}});
      written_to = extents.back().offset;
    }
    Extent& extent = extents.back();
    add_gap(extent, written_to, blob.offset);
    extent.data.resize(round_up(end) - extent.offset, 0xFF);
    std::copy(blob.data.begin(), blob.data.end(),
              extent.data.begin() + (blob.offset - extent.offset));
    written_to = end;
  }
  if (!extents.empty()) {
    add_gap(extents.back(), written_to, extents.back().offset + extents.back().data.size());
  }
  return extents;
}

}  // namespace aiot::flash
