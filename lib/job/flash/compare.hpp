#pragma once

#include <vector>

#include "job/flash/content.hpp"
#include "job/flash/device.hpp"

namespace aiot::flash {

/// Sectors of one extent that differ on the device.
struct Difference {
  const Extent* extent = nullptr;
  std::vector<SectorRange> runs;
};

/// Reads back what the plan's gaps hold on this device, so that neighbours keep their bytes. An
/// erased gap costs one MD5. Errc::cannot_keep where the loader can neither hash nor read, unless
/// `give_up`: then such bytes become FF, with a notice.
net::Task<void> keep_neighbours(Device& device, Content& content, bool give_up);

/// Finds what differs, by MD5 on the device. Costs are those of the wire at hand.
net::Task<std::vector<Difference>> compare(Device& device, const Content& content);

/// Everything, for a loader that cannot hash and for a full write.
std::vector<Difference> everything(const Content& content);

/// Whether the range is equal on the device.
net::Task<bool> is_equal(Device& device, const Content& content, const Extent& extent,
                         SectorRange range);

}  // namespace aiot::flash
