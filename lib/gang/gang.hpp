#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/device_report.hpp"
#include "gang/place.hpp"
#include "net/clock.hpp"

namespace aiot::gang {

using DeviceReport = OpenDeviceReport;

/// What a job calls its ends.
struct Terms {
  std::string job;                        ///< of Started: "flash write"
  std::string schema;                     ///< of what Finished has: "aiot.flash/1"
  boost::system::error_code cancelled;    ///< the user stopped it; Condition::cancelled
  boost::system::error_code out_of_time;  ///< the time allowed for a device is over
};

/// How many at once, and for how long.
struct Limits {
  unsigned at_once = 0;               ///< 0 for all
  std::chrono::milliseconds each{0};  ///< the time allowed for a device; 0 for any
};

/// A device's work from its first step to its last. It ends with Condition::cancelled soon after
/// its coroutine was cancelled, having cleaned up.
using Work = std::function<net::Task<void>()>;

/// Does a device's work and says how it ended: Started, and exactly one Finished or Failed. The
/// place's fields gain "seconds", by `clock`. The coroutine may be cancelled; that is a report,
/// too. What it is given outlives it.
net::asio::awaitable<DeviceReport> serve(Place& place, const Work& work, const Terms& terms,
                                         net::Clock& clock, EventSink& sink);

/// A device of a gang. `serve` is called once at most, and what it gives is the device's report.
struct Member {
  Place* place = nullptr;
  std::function<net::asio::awaitable<DeviceReport>()> serve;
};

/// Serves all members side by side on a loop of its own, until all ended or `stop` cancelled them.
/// One failure does not stop the others. A member whose time is over is cancelled alone, with
/// Place::out_of_time. One that `stop` came before is not begun: it is Started and Failed, with
/// Terms::cancelled. Reports come in the members' order.
std::vector<DeviceReport> run(std::vector<Member> members, const Terms& terms, const Limits& limits,
                              EventSink& sink, std::stop_token stop);

/// Each place is named once: `none` when there is no device, `twice` for the second of one place.
Result<void> check_distinct(std::span<const Address> devices, boost::system::error_code none,
                            boost::system::error_code twice);

/// Devices do not write into one file: `code` for several and a name without "%d".
Result<void> check_own_files(std::size_t devices, const std::string& file,
                             boost::system::error_code code);

/// No device failed.
bool all_done(std::span<const DeviceReport> devices);

}  // namespace aiot::gang
