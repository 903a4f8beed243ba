#pragma once

#include "aiot/discover.hpp"

namespace aiot::discover {

/// Which of `names` a request asks for, in their order: those of `only`, or all, without those of
/// `except`. Errc::unknown_source with the nearest name, Errc::no_sources.
Result<std::vector<bool>> select(const std::vector<std::string>& names, const Request& request);

/// The interfaces that are asked for are there; `names` are this machine's.
/// Errc::unknown_interface.
Result<void> check_interfaces(const Request& request, const std::vector<std::string>& names);

}  // namespace aiot::discover
