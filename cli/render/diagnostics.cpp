#include "render/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/bytes.hpp"
#include "errors.hpp"

namespace aiot::cli::render {

std::string styled(std::string_view text, const char* style, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
}

namespace {

/// The message without the device in front, which the line begins with anyway.
std::string cause(const Failure& failure) {
  std::string text = failure.error.message();
  std::string_view place = failure.device;
  place.remove_prefix(std::min(place.find(':'), place.size()));
  place.remove_prefix(std::min(place.find_first_not_of(":/"), place.size()));
  if (place.empty()) return text;
  for (const std::string& prefix :
       {failure.device + ": ", fmt::format("/{}: ", place), fmt::format("{}: ", place)}) {
    if (text.size() > prefix.size() && text.starts_with(prefix)) return text.substr(prefix.size());
  }
  return text;
}

}  // namespace

void print_failure(std::ostream& err, const Failure& failure, const Options& options) {
  const bool color = options.color_err;
  const std::string device = failure.device.empty() ? "" : escape_controls(failure.device) + ": ";
  // Error::message escapes what it quotes; the rest came from us and the command line.
  std::string text = fmt::format("{} {}{}\n", styled("error:", "1;31", color), device,
                                 escape_controls(cause(failure)));
  const std::string hint = full_hint(failure.error);
  if (!hint.empty()) {
    text += fmt::format("  {} {}\n", styled("next:", "1", color), escape_controls(hint));
  }
  if (options.verbosity > 0) {
    const std::string step =
        failure.step.empty() ? "" : fmt::format(", at: {}", escape_controls(failure.step));
    text += fmt::format("  {} {}{}\n", styled("code:", "1", color), failure.error.stable_code(), step);
  }
  err << text;
}

void print_notice(std::ostream& err, const event::Notice& notice, bool color) {
  const std::string device = notice.device.empty() ? "" : escape_controls(notice.device) + ": ";
  std::string text = fmt::format("{} {}{}\n", styled("note:", "1;33", color), device,
                                 escape_controls(notice.text));
  std::string hint = notice.hint;
  if (const auto flag = flag_hint(notice.code); !flag.empty()) {
    hint += (hint.empty() ? "" : "; ") + std::string(flag);
  }
  if (!hint.empty()) {
    text += fmt::format("  {} {}\n", styled("next:", "1", color), escape_controls(hint));
  }
  err << text;
}

}  // namespace aiot::cli::render
