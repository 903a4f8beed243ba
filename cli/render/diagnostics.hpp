#pragma once

#include <iosfwd>

#include "render/renderer.hpp"

namespace aiot::cli::render {

/// `error: DEVICE: message`, the step it happened in, and what to do next; each escaped.
void print_failure(std::ostream& err, const Failure& failure, bool color);
/// `note: text`, and what to do next.
void print_notice(std::ostream& err, const event::Notice& notice, bool color);

/// `text` in an SGR style ("1" bold, "31" red) when `color`.
std::string styled(std::string_view text, const char* style, bool color);

}  // namespace aiot::cli::render
