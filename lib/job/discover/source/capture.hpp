#pragma once

#include "job/discover/source.hpp"

namespace aiot::discover {

/// True when the request names captures: they are looked at instead of the surroundings.
bool has_captures(const Request& request);

/// Refuses what would make the search useless before it starts: a capture that cannot be read or is
/// none, and a file of keys that is not its owner's alone. The errors are those of net::capture and
/// config.
Result<void> check_files(const Request& request);

/// Reads the captures of a request, one after the other, and ends when it has. Of what they tell,
/// `only` and `except` choose by the name of the source that would have heard it live.
std::unique_ptr<Source> make_capture_source(const Request& request);

}  // namespace aiot::discover
