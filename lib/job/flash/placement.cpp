#include <sys/stat.h>

#include "aiot/flash.hpp"
#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {

Result<Placement> parse_placement(std::string_view text) {
  Placement placement;
  placement.path = text;
  struct stat status {};
  const auto at = text.rfind('@');
  // A file that is really called so is taken at its word.
  if (at == std::string_view::npos || ::stat(placement.path.c_str(), &status) == 0) {
    return placement;
  }
  placement.path = text.substr(0, at);
  const std::string_view where = text.substr(at + 1);
  if (placement.path.empty() || where.empty()) {
    return make_error(Errc::unplaced, escape_controls(text), "write FILE@OFFSET or FILE@PARTITION");
  }
  // A sign belongs to a number, be it a wrong one.
  if (std::string_view("0123456789+-").find(where.front()) != std::string_view::npos) {
    AIOT_TRY(placement.offset, parse_size(where));
  } else {
    placement.partition = where;
  }
  return placement;
}

}  // namespace aiot::flash
