#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "aiot/pair.hpp"

namespace aiot::cli::command {

/// Devices to pair, from a stream called `name` in errors:
///
/// - lines with an address or a setup code each;
/// - CSV (RFC 4180, a row on each line) whose first line names its columns: id, address, code, pop,
/// username, passkey,
///   token, token_file, ssid, password, security, hidden; each row has an address or a code;
/// - what `discover --json`, `discover --jsonl` and `sim provision` print: of what was found, the
///   devices that are not set up yet, at the first of their addresses that `takes` takes.
///
/// Errors name the line, never what is on it. The end of `sim`'s lines is what they say, for their
/// stream goes on.
Result<std::vector<pair::Target>> read_pair_list(
    std::istream& in, const std::string& name,
    const std::function<bool(const pair::Target&)>& takes);

}  // namespace aiot::cli::command
