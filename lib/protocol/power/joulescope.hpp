#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/power/monitor.hpp"

/// Lines of `pyjoulescope_driver statistics` (entry_points/statistics.py).
namespace aiot::power::joulescope {

struct Statistics {
  std::string device;           ///< "u/js220/000123"
  std::uint64_t sample_id = 0;  ///< at 1 MHz (JS220), 2 MHz (JS110)
  double joules = 0;            ///< since the tool began
};
/// "event 03 ris", of a relay that sees the device's pin.
struct Event {
  std::uint32_t number = 0;
};
/// "#device,sampled_id,…" or an empty word.
struct Heading {};
using Line = std::variant<Heading, Statistics, Event>;

/// Errc::bad_stream for what is none of these.
Result<Line> decode_line(std::string_view line);

/// How many samples such a device takes a second, by its path.
double samples_per_s(std::string_view device);

/// A Joulescope by what its tool prints: always measuring, without settings. It gives the
/// target no power; the voltage is that of the supply in use.
class Joulescope final : public Monitor {
 public:
  explicit Joulescope(std::unique_ptr<net::Link> link) : link_(std::move(link)), lines_(*link_) {}

  /// Waits for a first line.
  net::Task<MonitorInfo> prepare(Supply supply) override;
  net::Task<void> start() override { co_return Result<void>(); }
  net::Task<void> stream(Recorder& recorder) override;
  net::Task<void> stop() override;
  net::Task<void> release() override;

 private:
  std::unique_ptr<net::Link> link_;
  LineStream lines_;
  std::string device_;
  bool stopping_ = false;
};

}  // namespace aiot::power::joulescope
