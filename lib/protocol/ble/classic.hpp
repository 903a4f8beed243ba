#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What Bluetooth BR/EDR devices say of themselves (Bluetooth SIG, Assigned Numbers, 2.8 and 3.3).
namespace aiot::ble {

/// The two levels of a Class of Device.
struct DeviceClass {
  std::string_view major;  ///< "audio/video"; "uncategorized" when it is none of the list
  std::string_view minor;  ///< "loudspeaker"; "" where the number has no meaning
};
DeviceClass device_class(std::uint32_t number);

/// The profile or service of a UUID ("0000110b-…" or "110b"): "Audio Sink"; a UUID that is not
/// known is given in its shortest spelling.
std::string service_name(const std::string& uuid);

}  // namespace aiot::ble
