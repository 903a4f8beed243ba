#include "job/listen/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "job/listen/error.hpp"

namespace aiot::listen {

Result<void> check_settings(const Address& address, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : address.query) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return make_error(Errc::bad_setting, fmt::format("{}: \"{}\"", address.str(), key),
                      known.size() == 0
                          ? fmt::format("{}: takes no settings", address.scheme)
                          : fmt::format("{}: takes {}", address.scheme, fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace aiot::listen
