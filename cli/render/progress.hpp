#pragma once

#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "aiot/event.hpp"
#include "environment.hpp"

namespace aiot::cli::render {

/// One device's way through its job.
struct DeviceProgress {
  enum class State { running, done, failed };

  std::string device;
  std::string step;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string unit;
  State state = State::running;
  std::string ending;                    ///< what failed
  std::chrono::nanoseconds step_at{0};   ///< when the step began, since the job did
  std::chrono::nanoseconds moved_at{0};  ///< when it last moved
  std::uint64_t first_done = 0;          ///< how much was done when the step's first figure came
  std::chrono::nanoseconds first_at{0};  ///< when that was

  /// Of this step, 0 … 1; 1 when the device is done.
  double fraction() const;
  /// Units of this step a second; 0 while too little has happened.
  double rate() const;
};

/// Shows how far devices are, on standard error.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `device` changed; `now` is since the job began.
  virtual void update(const std::vector<DeviceProgress>& devices, std::size_t changed,
                      std::chrono::nanoseconds now) = 0;
  /// Called a few times a second, whether anything happened or not.
  virtual void tick(const std::vector<DeviceProgress>& devices, std::chrono::nanoseconds now) = 0;
  /// Makes room for other text on standard error; update() shows the progress again.
  virtual void clear() = 0;
};

/// A bar for each device, redrawn in place at most ten times a second, with one write each.
std::unique_ptr<Progress> make_bars(std::ostream& err, const Terminal& terminal, bool color);
/// A line at each step, each 10 %, and at least every 5 s while something moves.
std::unique_ptr<Progress> make_lines(std::ostream& err);

}  // namespace aiot::cli::render
