#pragma once

#include "job/flash/device.hpp"

namespace aiot::flash {

/// A region of a device's flash, with its bounds known.
struct Bounds {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  std::string name;  ///< the partition, "chip", or "0x1000-0x2000"
};

/// Finds the bounds of a region on this device: by partition name in the device's own table, as
/// the whole chip, or as given (a size left out reaches to the end of the flash).
/// image::Errc::no_such_partition; Errc::no_table, unknown_flash, bad_region.
net::Task<Bounds> find_region(Device& device, Region region);

}  // namespace aiot::flash
