#include "job/ota/error.hpp"

#include <array>

namespace aiot::ota {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition condition,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, condition, retryable};
}

constexpr std::array error_rows = {
    row(Errc::no_devices, "ota.no_devices", "no device", Condition::usage),
    row(Errc::same_device, "ota.same_device", "two addresses of one device", Condition::usage),
    row(Errc::shared_trace, "ota.shared_trace", "several devices would write one trace",
        Condition::usage),
    row(Errc::device_timeout, "ota.timeout", "the time for this device is over", Condition::timeout,
        true),
    row(Errc::cancelled, "ota.cancelled", "stopped", Condition::cancelled),
    row(Errc::bad_image, "ota.bad_image", "the image is damaged", Condition::invalid_input),
    row(Errc::unknown_format, "ota.unknown_format", "not an image that a device takes over SMP",
        Condition::invalid_input),
    row(Errc::not_back, "ota.not_back", "no reply from the device after its reset",
        Condition::timeout),
    row(Errc::not_booted, "ota.not_booted", "the device did not boot the new image",
        Condition::mismatch),
};
const ErrorTable error_table("ota", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::ota
