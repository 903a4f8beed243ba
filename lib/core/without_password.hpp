#pragma once

#include <string>
#include <string_view>

namespace aiot {

/// An address or URL as an error may show it: what stands before an @ in its host's place may be a
/// password, which may hold a slash or a question mark, too.
std::string without_password(std::string_view text);

}  // namespace aiot
