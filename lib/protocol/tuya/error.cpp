#include "protocol/tuya/error.hpp"

#include <array>

namespace aiot::tuya {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message) {
  return {static_cast<int>(e), code, message, Condition::protocol};
}

constexpr std::array rows = {
    row(Errc::bad_packet, "tuya.bad_packet", "not a Tuya broadcast"),
    row(Errc::bad_cipher, "tuya.bad_cipher", "it does not decrypt"),
    row(Errc::bad_content, "tuya.bad_content", "not a device's announcement"),
};
const ErrorTable table("tuya", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::tuya
