#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::no_devices, "ota.no_devices", "no device", Condition::usage},
    {Errc::same_device, "ota.same_device", "two addresses of one device", Condition::usage},
    {Errc::shared_trace, "ota.shared_trace", "several devices would write one trace",
     Condition::usage},
    {Errc::device_timeout, "ota.timeout", "the time for this device is over", Condition::timeout,
     true},
    {Errc::cancelled, "ota.cancelled", "stopped", Condition::cancelled},
    {Errc::bad_image, "ota.bad_image", "the image is damaged", Condition::invalid_input},
    {Errc::unknown_format, "ota.unknown_format", "not an image that a device takes over SMP",
     Condition::invalid_input},
    {Errc::not_back, "ota.not_back", "no reply from the device after its reset",
     Condition::timeout},
    {Errc::not_booted, "ota.not_booted", "the device did not boot the new image",
     Condition::mismatch},
};
const ErrorTable error_table("ota", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::ota
