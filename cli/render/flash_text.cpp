#include "render/flash_text.hpp"

#include <fmt/format.h>

#include <ostream>

#include "aiot/bytes.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

/// The field as text; "" when it is not there.
std::string field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value ? describe_scalar(name, *value) : "";
}

/// "nvs, 24.0 KiB at 0x9000"
std::string region_words(const Object& fields) {
  const Value* value = fields.find("region");
  const Object* region = value != nullptr ? value->object() : nullptr;
  if (region == nullptr) return "";
  return fmt::format("{}, {} at {}", field(*region, "name"), field(*region, "size_bytes"),
                     field(*region, "offset"));
}

/// What was done, in a few words: "2 of 16 sectors written, 1.7 KiB sent, verified, 273 ms".
std::string summary(const Object& fields) {
  std::vector<std::string> words;
  const bool dry = field(fields, "dry_run") == "yes";
  if (const std::string sectors = field(fields, "sectors"); !sectors.empty()) {
    words.push_back(fmt::format("{} of {} sectors {}", field(fields, "sectors_written"), sectors,
                                dry ? "would be written" : "written"));
    if (!dry) words.push_back(field(fields, "sent_bytes") + " sent");
  } else if (const std::string region = region_words(fields); !region.empty()) {
    words.push_back((dry ? "would be " : "") + region);
  } else if (dry) {
    words.emplace_back("nothing was changed");
  }
  if (field(fields, "verified") == "yes") words.emplace_back("verified");
  if (const std::string file = field(fields, "output"); !file.empty())
    words.push_back("in " + file);
  if (const std::string time = field(fields, "seconds"); !time.empty()) words.push_back(time);
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

void print_flash_report(std::ostream& out, const flash::Report& report, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  for (const flash::DeviceReport& device : report.devices) {
    if (device.error) continue;
    const std::string name = escape_controls(device.device.str());
    if (report.operation == "info") {
      out << name << '\n' << describe(device.fields, width, 2);
      continue;
    }
    rows.push_back({name, field(device.fields, "chip"), field(device.fields, "mac"),
                    report.operation + ": " + summary(device.fields)});
  }
  // A line a device, whole: what was done matters more than the width.
  out << table(rows, 0);
}

}  // namespace aiot::cli::render
