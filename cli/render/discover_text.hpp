#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "aiot/discover.hpp"
#include "aiot/event.hpp"

namespace aiot::cli::render {

/// The devices of a report for people: a line each, grouped by ecosystem, in lines of `width`
/// columns (0: any). With `evidence`, every claim is below its device. Escaped.
void print_devices(std::ostream& out, const discover::Report& report, std::size_t width,
                   bool evidence);

/// One line with all sources that could not look, and a line for each that saw only a part; with
/// `details` why, and what to do. Folded to `width` unless that is 0.
void print_unavailable_sources(std::ostream& err, const discover::Report& report, bool details,
                               std::size_t width);

/// One line of `discover --watch`: "+" found, "~" changed, "-" lost.
std::string watch_line(const event::Item& item);

/// The lines of `discover --watch`, without those that repeat the last of a device: most of what
/// changes is not in the line.
class WatchText {
 public:
  /// "" where there is nothing new.
  std::string operator()(const event::Item& item);

 private:
  std::map<std::string, std::string> last_;  ///< id -> its line, for the devices that are there
};

}  // namespace aiot::cli::render
