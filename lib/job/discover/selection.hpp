#pragma once

#include "aiot/discover.hpp"

namespace aiot::discover {

/// Which of `names` a request asks for, in their order: those of `only`, or all, without those of
/// `except`. Errc::unknown_source with the nearest name, Errc::no_sources.
Result<std::vector<bool>> select(const std::vector<std::string>& names, const Request& request);

}  // namespace aiot::discover
