#pragma once

#include <memory>
#include <string>

#include "net/capture/input.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// A reader for whichever of the formats the bytes begin with. Errc::not_a_capture, and what the
/// format's reader says of its header.
Result<std::unique_ptr<Reader>> make_reader(Input input);
/// The same for a file or a pipe.
Result<std::unique_ptr<Reader>> open_capture(const std::string& path);

}  // namespace aiot::net::capture
