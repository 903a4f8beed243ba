#include "job/flash/compare.hpp"

#include <fmt/format.h>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

/// Seconds for a sector on the wire and into flash: 10 bits a byte, code that deflates to 45 %,
/// and a typical sector's erase and program times.
double write_sector_cost(std::uint32_t baud_bps) {
  constexpr double deflated = 0.45;
  constexpr double erase_and_program = 0.05;
  return sector_size * deflated * 10 / baud_bps + erase_and_program;
}

/// Seconds for an MD5 command and its answer on the wire, and for the host's turn.
double command_cost(std::uint32_t baud_bps) {
  constexpr double wire_bytes = 26 + 28;
  constexpr double turn_around = 0.002;
  return wire_bytes * 10 / baud_bps + turn_around;
}

net::Task<bool> gap_is_erased(Device& device, const Gap& gap) {
  const Bytes erased(gap.size, 0xFF);
  AIOT_CO_TRY(const crypto::Md5 there, co_await device.loader().md5(gap.offset, gap.size));
  co_return there == crypto::md5(erased);
}

}  // namespace

net::Task<void> keep_neighbours(Device& device, Content& content, bool give_up) {
  for (const Extent& extent : content.plan().extents) {
    for (const Gap& gap : extent.gaps) {
      if (device.loader().can_md5()) {
        AIOT_CO_TRY(const bool erased, co_await gap_is_erased(device, gap));
        if (erased) continue;
      }
      if (!device.loader().can_read()) {
        const std::string where = fmt::format("{} bytes at {}", gap.size, format_hex(gap.offset));
        if (!give_up) {
          co_return make_error(
              Errc::cannot_keep, where,
              "use a stub, or write whole sectors, or accept that they are erased");
        }
        device.context().notice("flash.neighbours_erased",
                                where + " share a sector with the image and are erased");
        continue;
      }
      AIOT_CO_TRY(const Bytes bytes, co_await device.read_bytes(gap.offset, gap.size));
      content.keep(extent, gap, bytes);
    }
  }
  co_return Result<void>();
}

net::Task<bool> is_equal(Device& device, const Content& content, const Extent& extent,
                         SectorRange range) {
  const std::uint32_t offset = extent.offset + range.first * sector_size;
  const std::uint32_t size = range.count * sector_size;
  AIOT_CO_TRY(const crypto::Md5 there, co_await device.loader().md5(offset, size));
  co_return there == content.md5(extent, offset, size);
}

net::Task<std::vector<Difference>> compare(Device& device, const Content& content) {
  const std::uint32_t baud = device.loader().baud_bps();
  DiffCost cost;
  cost.command = command_cost(baud);
  cost.write_sector = write_sector_cost(baud);
  const std::uint64_t total = content.plan().size_bytes();
  std::uint64_t compared = 0;
  std::vector<Difference> found;
  for (const Extent& extent : content.plan().extents) {
    DiffScan scan(extent.sectors(), cost);
    while (const auto range = scan.next()) {
      AIOT_CO_TRY(const bool equal, co_await is_equal(device, content, extent, *range));
      scan.answer(equal);
      const std::uint64_t reached = std::uint64_t{range->first + range->count} * sector_size;
      device.context().progress(compared + reached, total);
    }
    compared += extent.data.size();
    std::vector<SectorRange> runs = scan.changed();
    if (!runs.empty()) found.push_back({&extent, std::move(runs)});
  }
  co_return found;
}

std::vector<Difference> everything(const Content& content) {
  std::vector<Difference> all;
  for (const Extent& extent : content.plan().extents) {
    all.push_back({&extent, {{0, extent.sectors()}}});
  }
  return all;
}

}  // namespace aiot::flash
