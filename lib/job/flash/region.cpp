#include "job/flash/region.hpp"

#include <fmt/format.h>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

Result<Bounds> partition_bounds(const image::PartitionTable& table, const std::string& name) {
  AIOT_TRY(const image::Partition partition, table.need(name, "the device's table"));
  return Bounds{partition.offset, partition.size_bytes, name};
}

}  // namespace

net::Task<Bounds> find_region(Device& device, Region region) {
  const std::uint64_t flash = device.flash_size();
  Bounds bounds;
  if (!region.partition.empty()) {
    AIOT_CO_TRY(const image::PartitionTable table, co_await device.read_table());
    AIOT_CO_TRY(bounds, partition_bounds(table, region.partition));
    // A part of the partition, when one is asked for.
    const std::uint64_t skip = region.offset.value_or(0);
    const std::uint64_t size =
        region.size.value_or(bounds.size - std::min<std::uint64_t>(skip, bounds.size));
    if (skip > bounds.size || size > bounds.size - skip) {
      co_return make_error(Errc::bad_region,
                           fmt::format("{} has {}", bounds.name, format_size(bounds.size)),
                           "choose an offset and size inside the partition");
    }
    bounds.offset += static_cast<std::uint32_t>(skip);
    bounds.size = static_cast<std::uint32_t>(size);
  } else {
    const bool to_end = region.whole_chip || !region.size;
    if (to_end && flash == 0) {
      co_return make_error(Errc::unknown_flash, "", "give an offset and a size");
    }
    const std::uint64_t offset = region.whole_chip ? 0 : region.offset.value_or(0);
    const std::uint64_t size = !to_end ? *region.size : flash > offset ? flash - offset : 0;
    const std::uint64_t limit = flash != 0 ? flash : 1ULL << 32;
    if (size == 0 || offset > limit || size > limit - offset) {
      co_return make_error(
          Errc::bad_region,
          fmt::format("{} bytes at {} of {}", size, format_hex(offset), format_size(limit)),
          "choose a region inside the flash");
    }
    bounds.offset = static_cast<std::uint32_t>(offset);
    bounds.size = static_cast<std::uint32_t>(size);
    bounds.name = region.whole_chip
                      ? "chip"
                      : fmt::format("{}-{}", format_hex(offset), format_hex(offset + size));
  }
  device.context().fields.set(
      "region",
      Object{{"name", bounds.name}, {"offset", bounds.offset}, {"size_bytes", bounds.size}});
  co_return bounds;
}

}  // namespace aiot::flash
