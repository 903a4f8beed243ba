#include "aiot/flash.hpp"
#include "gang/gang.hpp"

namespace aiot::flash {

bool Report::ok() const { return gang::all_done(devices); }

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

}  // namespace aiot::flash
