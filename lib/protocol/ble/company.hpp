#pragma once

#include <cstdint>
#include <string_view>

namespace aiot::ble {

/// Who was given a company identifier (Assigned Numbers, section 7); "" for those that no table of
/// things at home needs. Whoever writes an identifier need not be its owner: anyone's beacon may
/// send an iBeacon as Apple's.
std::string_view company_name(std::uint16_t company);

}  // namespace aiot::ble
