#include <sys/stat.h>

#include <algorithm>

#include "aiot/flash.hpp"
#include "aiot/units.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {

bool Report::ok() const {
  return std::none_of(devices.begin(), devices.end(),
                      [](const DeviceReport& device) { return device.error.has_value(); });
}

Record Report::record() const {
  Array rows;
  for (const DeviceReport& device : devices) {
    Object row{{"device", device.device.str()}, {"ok", !device.error.has_value()}};
    if (device.error) {
      row.set("code", device.error->stable_code()).set("step", device.step);
    }
    for (const auto& [name, value] : device.fields.fields()) row.set(name, value);
    rows.emplace_back(std::move(row));
  }
  return {"aiot.flash/1", Object{{"operation", operation}, {"devices", std::move(rows)}}};
}

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
  if (where.front() >= '0' && where.front() <= '9') {
    AIOT_TRY(placement.offset, parse_size(where));
  } else {
    placement.partition = where;
  }
  return placement;
}

}  // namespace aiot::flash
