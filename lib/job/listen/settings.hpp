#pragma once

#include <initializer_list>
#include <string_view>

#include "aiot/address.hpp"
#include "aiot/result.hpp"

namespace aiot::listen {

/// Errc::bad_setting when the address's query holds anything but `known`.
Result<void> check_settings(const Address& address, std::initializer_list<std::string_view> known);

}  // namespace aiot::listen
