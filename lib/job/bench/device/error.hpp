#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::bench {

/// What ends the benchmark of a device, beyond what links, sessions and monitors report.
enum class DeviceErrc {
  no_devices = 1,  ///< the request names none
  same_device,     ///< two addresses lead to one device
  wrong_model,     ///< the device's model is another than the one to compare with
  no_input_size,   ///< nothing says how large an input is
  window_invalid,  ///< a window stayed shorter than it must be, or was damaged, every time
  outputs_differ,  ///< the device's results are not the model's
  accuracy_low,    ///< below the benchmark's limit
  one_class,       ///< files of one class alone, which have no AUC
  needs_monitor,   ///< energy without a power monitor, or a device that reports no time
  results_exist,   ///< a file of results is there already
  results_failed,  ///< the results could not be written
  device_timeout,  ///< the time allowed for a device is over
  shared_trace,    ///< several devices would write one trace
  cancelled,       ///< the user stopped it
};
boost::system::error_code make_error_code(DeviceErrc e) noexcept;

}  // namespace aiot::bench

template <>
struct boost::system::is_error_code_enum<aiot::bench::DeviceErrc> : std::true_type {};
