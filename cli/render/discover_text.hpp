#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "aiot/event.hpp"
#include "aiot/value.hpp"

namespace aiot::cli::render {

/// The devices of a record "aiot.discover/1" for people: a line each, grouped by ecosystem, in
/// lines of `width` columns (0: any). With `evidence`, what each source said is below each.
/// Escaped.
void print_devices(std::ostream& out, const Object& result, std::size_t width, bool evidence);

/// A line for each source that was asked and could not look, or saw only in part, and why; with
/// `hints` what to do.
void print_blind_sources(std::ostream& err, const Object& result, bool hints);

/// One line of `discover --watch`: "+" found, "~" changed, "-" lost.
std::string watch_line(const event::Item& item);

/// The lines of `discover --watch`, without those that say what was said of a device before: most
/// of what changes is not in the line.
class WatchText {
 public:
  /// "" where there is nothing new.
  std::string operator()(const event::Item& item);

 private:
  std::map<std::string, std::string> last_;  ///< id -> its line, for the devices that are there
};

}  // namespace aiot::cli::render
