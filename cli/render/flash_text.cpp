#include "render/flash_text.hpp"

#include <ostream>

#include "aiot/bytes.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {

void print_flash_report(std::ostream& out, const flash::Report& report, std::size_t width) {
  bool first = true;
  for (const flash::DeviceReport& device : report.devices) {
    if (device.error) continue;
    if (!first) out << '\n';
    first = false;
    out << escape_controls(device.device.str()) << '\n' << describe(device.fields, width, 2);
  }
}

}  // namespace aiot::cli::render
