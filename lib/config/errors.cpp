#include "config/errors.hpp"

#include <array>

namespace aiot::config {
namespace {

constexpr std::array<ErrorRow, 8> rows = {{
    {static_cast<int>(Errc::unreadable), "config.unreadable",
     "the configuration file cannot be read", Condition::invalid_input},
    {static_cast<int>(Errc::too_large), "config.too_large", "the configuration file is too large",
     Condition::invalid_input},
    {static_cast<int>(Errc::syntax), "config.syntax", "not a configuration file",
     Condition::invalid_input},
    {static_cast<int>(Errc::unknown_key), "config.unknown_key", "unknown setting",
     Condition::invalid_input},
    {static_cast<int>(Errc::duplicate_key), "config.duplicate_key", "the setting is given twice",
     Condition::invalid_input},
    {static_cast<int>(Errc::bad_value), "config.bad_value", "not a valid value",
     Condition::invalid_input},
    {static_cast<int>(Errc::foreign), "config.foreign",
     "the configuration file belongs to another user", Condition::invalid_input},
    {static_cast<int>(Errc::readable_by_others), "config.permissions",
     "others can read or change this file of secrets", Condition::refused_security},
}};
const ErrorTable table("config", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::config
