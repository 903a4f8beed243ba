#include "protocol/alibaba/error.hpp"

#include <array>

namespace aiot::alibaba {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message) {
  return {static_cast<int>(e), code, message, Condition::protocol};
}

constexpr std::array rows = {
    row(Errc::bad_content, "alibaba.bad_content", "not a device's description"),
    row(Errc::refused, "alibaba.refused", "the device refused"),
};
const ErrorTable table("alibaba", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::alibaba
