#include "render/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/bytes.hpp"
#include "errors.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {

std::string styled(std::string_view text, const char* style, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
}

namespace {

/// A terminal that is narrower folds by itself.
constexpr std::size_t narrowest_fold = 40;

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

/// `label text`, on a terminal folded at words below its first word.
std::string labelled(std::size_t indent, const char* label, const char* style,
                     const std::string& text, const Options& options) {
  const Terminal& terminal = options.terminal;
  const std::size_t column = indent + std::string_view(label).size() + 1;
  const std::size_t width = terminal.err && terminal.columns ? terminal.columns() : 0;
  const std::string body =
      width >= narrowest_fold ? wrap(text, width, column) : std::string(column, ' ') + text + '\n';
  return std::string(indent, ' ') + styled(label, style, options.color_err) + ' ' +
         body.substr(std::min(column, body.size()));
}

}  // namespace

void print_failure(std::ostream& err, const Failure& failure, const Options& options) {
  const std::string device = failure.device.empty() ? "" : escape_controls(failure.device) + ": ";
  // Error::message escapes what it quotes; the rest came from us and the command line.
  std::string text =
      labelled(0, "error:", "1;31", device + escape_controls(cause(failure)), options);
  const std::string hint = full_hint(failure.error);
  if (!hint.empty()) text += labelled(2, "next:", "1", escape_controls(hint), options);
  if (options.verbosity > 0) {
    const std::string step =
        failure.step.empty() ? "" : fmt::format(", at: {}", escape_controls(failure.step));
    text += labelled(2, "code:", "1", failure.error.stable_code() + step, options);
  }
  err << text;
}

void print_notice(std::ostream& err, const event::Notice& notice, const Options& options) {
  const std::string device = notice.device.empty() ? "" : escape_controls(notice.device) + ": ";
  std::string text = labelled(0, "note:", "1;33", device + escape_controls(notice.text), options);
  std::string hint = notice.hint;
  if (const auto flag = flag_hint(notice.code); !flag.empty()) {
    hint += (hint.empty() ? "" : "; ") + std::string(flag);
  }
  if (!hint.empty()) text += labelled(2, "next:", "1", escape_controls(hint), options);
  err << text;
}

}  // namespace aiot::cli::render
