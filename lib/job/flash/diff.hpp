#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace aiot::flash {

inline constexpr std::uint32_t sector_size = 4096;

/// Sectors [first, first + count).
struct SectorRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  friend bool operator==(const SectorRange&, const SectorRange&) = default;
};

/// What comparing and writing cost on the device at hand, in seconds.
struct DiffCost {
  double command = 0.002;       ///< one command and its reply
  double hash_sector = 0.0016;  ///< the device's MD5 over one sector
  double write_sector = 0.05;   ///< erasing, sending and programming one sector
};

/// Finds which sectors of an extent differ from the device's, by asking whether ranges are equal
/// (one device-side MD5 each), in little time. No old file is needed.
///
/// A few single sectors are probed first. Where none of them is equal, everything is taken as
/// changed: a fresh device is not hashed for nothing. Else the extent is scanned in ranges whose
/// size follows from the costs and from how often sectors were found changed so far; a range that
/// differs is halved until its changed sectors are known, where that is cheaper than writing it.
///
/// An engine without I/O: while next() gives a range, answer() it.
class DiffScan {
 public:
  DiffScan(std::uint32_t sectors, DiffCost cost);

  /// The range to compare now; nullopt when everything is known.
  std::optional<SectorRange> next();
  /// Whether the range that next() gave is equal on the device.
  void answer(bool equal);
  /// Replaces the costs by measured ones; takes effect from the next range on.
  void set_cost(DiffCost cost) { cost_ = cost; }

  /// Maximal runs of sectors to write, in order. Complete once next() returned nullopt.
  std::vector<SectorRange> changed() const;

 private:
  enum class State : std::uint8_t { unknown, equal, changed };
  enum class Phase : std::uint8_t { probe, scan, done };

  void mark(SectorRange range, State state);
  std::uint32_t scan_size() const;
  /// Whether writing a range known to differ beats looking closer.
  bool better_written(SectorRange range) const;
  double change_rate() const;

  std::vector<State> states_;
  DiffCost cost_;
  Phase phase_ = Phase::probe;
  std::vector<std::uint32_t> probes_;
  std::size_t probe_ = 0;
  std::size_t probes_equal_ = 0;
  std::uint32_t cursor_ = 0;
  /// Ranges to look into; `differs`: known to hold a change.
  struct Pending {
    SectorRange range;
    bool differs;
    bool left_of_pair;  ///< its right half is below it on the stack
  };
  std::vector<Pending> stack_;
  std::optional<Pending> asked_;
  std::uint32_t seen_ = 0;
  std::uint32_t seen_changed_ = 0;
};

}  // namespace aiot::flash
