#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "image/firmware_set.hpp"
#include "job/flash/content.hpp"
#include "job/flash/device.hpp"

namespace aiot::flash {

/// Makes the plan for a device from the files of a request. Devices of the same kind share one.
class Planner {
 public:
  /// Reads the files: image errors (Condition::invalid_input) come before any device is touched.
  static Result<Planner> load(const std::vector<Placement>& images, HeaderPatch header, bool force);

  /// The plan for a prepared device; reads its partition table where a file's place depends on it.
  net::Task<std::shared_ptr<const Plan>> plan_for(Device& device);

  /// Chip the files are for, "" when they do not say.
  const std::string& chip() const { return set_.chip; }

 private:
  struct Made {
    std::shared_ptr<const Plan> plan;
    std::vector<event::Notice> notices;
  };
  bool names_partition() const;
  bool has_own_table() const;
  bool needs_table() const;
  Result<Made> make(const Device& device, const image::EspChip& chip,
                    const std::optional<image::PartitionTable>& table,
                    std::uint32_t flash_size) const;

  image::FirmwareSet set_;
  HeaderPatch header_;
  bool force_ = false;
  std::map<std::string, Made> made_;  ///< by all that a plan depends on
};

}  // namespace aiot::flash
