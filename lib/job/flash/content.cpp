#include "job/flash/content.hpp"

#include <algorithm>

namespace aiot::flash {

std::uint64_t Plan::size_bytes() const {
  std::uint64_t size = 0;
  for (const Extent& extent : extents) size += extent.data.size();
  return size;
}

void Content::keep(const Extent& extent, const Gap& gap, ByteSpan bytes) {
  const std::uint32_t sector = gap.offset / sector_size * sector_size;
  auto [it, fresh] = own_.try_emplace(sector);
  if (fresh) {
    const auto begin = extent.data.begin() + (sector - extent.offset);
    it->second.assign(begin, begin + sector_size);
  }
  std::copy(bytes.begin(), bytes.end(), it->second.begin() + (gap.offset - sector));
}

std::vector<Segment> Content::segments(const Extent& extent, std::uint32_t offset,
                                       std::uint32_t size) const {
  std::vector<Segment> out;
  const std::uint32_t end = offset + size;
  while (offset < end) {
    const auto own = own_.lower_bound(offset);
    if (own != own_.end() && own->first == offset) {
      out.push_back({offset, own->second, false});
      offset += sector_size;
      continue;
    }
    const std::uint32_t limit = own != own_.end() ? std::min(end, own->first) : end;
    const std::uint32_t count = std::min(limit - offset, max_segment);
    out.push_back({offset, ByteSpan(extent.data).subspan(offset - extent.offset, count), true});
    offset += count;
  }
  return out;
}

crypto::Md5 Content::md5(const Extent& extent, std::uint32_t offset, std::uint32_t size) const {
  crypto::Md5Stream stream;
  for (const Segment& segment : segments(extent, offset, size)) stream.update(segment.data);
  return stream.finish();
}

}  // namespace aiot::flash
