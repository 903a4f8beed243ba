#include "protocol/esp/device/error.hpp"

#include <array>

namespace aiot::esp::device {
namespace {

constexpr std::array<ErrorRow, 7> rows = {{
    {static_cast<int>(Errc::unknown_chip), "sim.unknown-device", "no such virtual device",
     Condition::usage},
    {static_cast<int>(Errc::unknown_profile), "sim.unknown-profile", "no such timing profile",
     Condition::usage},
    {static_cast<int>(Errc::bad_fault), "sim.bad-fault", "not a fault", Condition::usage},
    {static_cast<int>(Errc::bad_mac), "sim.bad-mac", "not a MAC address", Condition::usage},
    {static_cast<int>(Errc::flash_size), "sim.flash-size", "not a size a flash chip has",
     Condition::usage},
    {static_cast<int>(Errc::flash_file), "sim.flash-file", "the flash file cannot be used",
     Condition::resource},
    {static_cast<int>(Errc::flash_file_size), "sim.flash-file-size",
     "the flash file has another size than the flash", Condition::invalid_input},
}};
const ErrorTable table("esp.device", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::esp::device
