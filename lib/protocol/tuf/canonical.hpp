#pragma once

#include <boost/json/value.hpp>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/tuf/error.hpp"

namespace aiot::tuf {

/// Reads one JSON value, at most 32 levels deep. Errc::bad_metadata.
Result<boost::json::value> parse_json(ByteSpan text);

/// Canonical JSON (the OLPC's form, TUF specification 4.2.1), which signatures and key ids are of:
/// sorted names, no blanks, strings with only `"` and `\` escaped, so that line feeds are raw.
/// Errc::bad_metadata when a number is not whole.
Result<Bytes> canonical(const boost::json::value& value);

/// JSON with sorted names and without blanks: the form of files.
std::string compact(const boost::json::value& value);

}  // namespace aiot::tuf
