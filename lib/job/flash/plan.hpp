#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/flash.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "image/firmware_set.hpp"
#include "job/flash/device.hpp"
#include "job/flash/diff.hpp"

/// What goes where: from the files of a request to the bytes of each sector.
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

/// A placed file, for reports.
struct Placed {
  std::string name;
  std::string partition;  ///< "" when placed by offset
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

/// What flash shall hold, the same for every device of one kind; shared, never changed.
struct Plan {
  std::vector<Placed> files;
  std::vector<Extent> extents;

  /// Of whole sectors.
  std::uint64_t size_bytes() const;
};

/// Bytes to write in one go.
struct Segment {
  std::uint32_t offset = 0;
  ByteSpan data;
  bool shared = false;  ///< in the plan, hence the same for other devices
};

/// What one device's flash shall hold: the plan, and where the plan leaves a gap the device's own
/// bytes.
class Content {
 public:
  explicit Content(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  const Plan& plan() const { return *plan_; }
  /// Fills a gap with the bytes that the device has there.
  void keep(const Extent& extent, const Gap& gap, ByteSpan bytes);
  /// MD5 of what [offset, offset + size) shall hold. Whole sectors of one extent.
  crypto::Md5 md5(const Extent& extent, std::uint32_t offset, std::uint32_t size) const;
  /// The same range as segments of at most `max_segment` bytes.
  std::vector<Segment> segments(const Extent& extent, std::uint32_t offset,
                                std::uint32_t size) const;

  static constexpr std::uint32_t max_segment = 2U << 20;

 private:
  std::shared_ptr<const Plan> plan_;
  std::map<std::uint32_t, Bytes> own_;  ///< sectors that differ from the plan, by offset
};

/// Makes the plan for a device from the files of a request. Devices of the same kind share one.
class Planner {
 public:
  /// Reads the files: image errors (Condition::invalid_input) come before any device is touched.
  /// A file with `{mac}` in its path is read when its device is known.
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
  net::Task<std::shared_ptr<const Plan>> plan_for_one(Device& device);
  bool names_partition() const;
  bool has_own_table() const;
  bool needs_table() const;
  Result<Made> make(const Device& device, const image::EspChip& chip,
                    const std::optional<image::PartitionTable>& table,
                    std::uint32_t flash_size) const;

  image::FirmwareSet set_;
  std::vector<Placement> per_device_;  ///< all images, where one has a file for each device
  HeaderPatch header_;
  bool force_ = false;
  std::map<std::string, Made> made_;  ///< by all that a plan depends on
};

}  // namespace aiot::flash
