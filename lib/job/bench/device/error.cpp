#include "job/bench/device/error.hpp"

namespace aiot::bench {
namespace {

constexpr ErrorRow rows[] = {
    {DeviceErrc::no_devices, "bench.no_devices", "no device was named", Condition::usage},
    {DeviceErrc::same_device, "bench.same_device", "the same device is named twice",
     Condition::usage},
    {DeviceErrc::wrong_model, "bench.wrong_model",
     "the device runs another benchmark's model than the one to compare with", Condition::no_match},
    {DeviceErrc::no_input_size, "bench.no_input_size",
     "nothing says how large this model's input is", Condition::usage},
    {DeviceErrc::window_invalid, "bench.window_invalid", "no valid window was measured",
     Condition::mismatch, true},
    {DeviceErrc::outputs_differ, "bench.outputs_differ",
     "the device's results are not the reference's", Condition::mismatch},
    {DeviceErrc::accuracy_low, "bench.accuracy_low", "the accuracy is below the limit",
     Condition::mismatch},
    {DeviceErrc::one_class, "bench.one_class", "there is no AUC", Condition::mismatch},
    {DeviceErrc::needs_monitor, "bench.needs_monitor",
     "this cannot be measured without a power monitor", Condition::usage},
    {DeviceErrc::results_exist, "bench.results_exist", "the results are there already",
     Condition::resource},
    {DeviceErrc::results_failed, "bench.results_failed", "the results could not be written",
     Condition::not_recorded},
    {DeviceErrc::device_timeout, "bench.device_timeout", "the time allowed for this device is over",
     Condition::timeout},
    {DeviceErrc::shared_trace, "bench.shared_trace", "several devices would write one trace",
     Condition::usage},
    {DeviceErrc::cancelled, "bench.cancelled", "stopped before it was done", Condition::cancelled},
};
const ErrorTable table("bench device", rows);

}  // namespace

boost::system::error_code make_error_code(DeviceErrc e) noexcept {
  return {static_cast<int>(e), table};
}

}  // namespace aiot::bench
