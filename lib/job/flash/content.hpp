#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "job/flash/layout.hpp"

namespace aiot::flash {

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

}  // namespace aiot::flash
