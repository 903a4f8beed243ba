#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/address.hpp"

namespace aiot::cli::command {

/// Reads until the end, or until a line says that it is the last of several: `aiotctl sim` goes on
/// running, so that its standard output does not end.
/// A line is an address, or an object of JSON Lines as `sim` and `discover` print them, of which
/// the first address of an `accepted` scheme counts. Errc::bad_device_list.
Result<std::vector<Address>> read_addresses(std::istream& in, const std::string& name,
                                            std::span<const std::string_view> accepted);

}  // namespace aiot::cli::command
