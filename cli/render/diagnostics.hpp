#pragma once

#include <iosfwd>

#include "render/renderer.hpp"

namespace aiot::cli::render {

/// `error: DEVICE: message`, and what to do next; under -v also the step and the stable code. Each
/// escaped.
void print_failure(std::ostream& err, const Failure& failure, const Options& options);
/// `note: text`, and what to do next.
void print_notice(std::ostream& err, const event::Notice& notice, const Options& options);

/// `text` in an SGR style ("1" bold, "31" red) when `color`.
std::string styled(std::string_view text, const char* style, bool color);

}  // namespace aiot::cli::render
