#include "job/discover/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/discover/error.hpp"

namespace aiot::discover {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> check_names(const std::vector<std::string>& asked,
                         const std::vector<std::string>& names, Errc unknown) {
  for (const std::string& name : asked) {
    if (has(names, name)) continue;
    const std::string near = nearest_word(name, names);
    return make_error(unknown, fmt::format("\"{}\"", name),
                      near.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                   : fmt::format("did you mean {}?", near));
  }
  return {};
}

}  // namespace

Result<std::vector<bool>> select(const std::vector<std::string>& names, const Request& request) {
  AIOT_CHECK(check_names(request.only, names, Errc::unknown_source));
  AIOT_CHECK(check_names(request.except, names, Errc::unknown_source));
  std::vector<bool> asked;
  for (const std::string& name : names) {
    const bool wanted = request.only.empty() || has(request.only, name);
    asked.push_back(wanted && !has(request.except, name));
  }
  if (std::none_of(asked.begin(), asked.end(), [](bool wanted) { return wanted; })) {
    return make_error(Errc::no_sources, {},
                      fmt::format("leave some of {}", fmt::join(names, ", ")));
  }
  return asked;
}

Result<void> check_interfaces(const Request& request, const std::vector<std::string>& names) {
  // Whoever watches may wait for one that is plugged in later.
  if (request.watch) return {};
  return check_names(request.interfaces, names, Errc::unknown_interface);
}

}  // namespace aiot::discover
