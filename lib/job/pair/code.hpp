#pragma once

#include <string>
#include <string_view>

namespace aiot::pair {

/// "esp/PROV_12AB34": the kind of a valid code, and what distinguishes its device without telling
/// a secret. "" when nothing does, or for a code that is not valid.
std::string label_of_code(std::string_view code);

}  // namespace aiot::pair
