#include "render/flash_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/figures.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

/// What a row says beside state, address and MAC.
struct Work {
  std::string done;               ///< "1.2 MiB written", "64.0 KiB would be erased"
  std::uint64_t moved_bytes = 0;  ///< what the rate is of
};

std::string amount(const std::optional<std::uint64_t>& bytes, bool dry, std::string_view verb) {
  if (!bytes) return "";
  return fmt::format("{}{} {}", format_size(*bytes), dry ? " to be" : "", verb);
}

Work work_of(const flash::WriteResult& result) {
  constexpr std::uint64_t sector_bytes = 4096;
  const std::uint64_t changed = result.sectors_written.value_or(0) * sector_bytes;
  const bool dry = result.dry_run.value_or(false);
  if (result.sectors_written == 0U) {
    std::string same = "nothing differs";
    if (result.boot) same += fmt::format(", started in {}", time_text(result.boot->seconds));
    return {same, 0};
  }
  std::string done = amount(changed, dry, "written");
  if (!dry && !result.verified.value_or(false)) done += ", not verified";
  if (result.boot) done += fmt::format(", started in {}", time_text(result.boot->seconds));
  return {done, dry ? 0 : changed};
}

Work work_of(const flash::VerifyResult& result) {
  std::uint64_t bytes = 0;
  for (const flash::ImageFile& file : result.files) bytes += file.size_bytes;
  return {amount(bytes, false, "equal"), bytes};
}

Work work_of(const flash::ReadResult& result) {
  const bool dry = result.dry_run.value_or(false);
  return {amount(result.size_bytes, dry, "read"), dry ? 0 : result.size_bytes.value_or(0)};
}

Work work_of(const flash::EraseResult& result) {
  return {amount(result.size_bytes, result.dry_run.value_or(false), "erased"), 0};
}

Work work_of(const flash::ResetResult& result) {
  return {result.dry_run.value_or(false) ? "to be reset" : "reset", 0};
}

Work work_of(const flash::InfoResult&) { return {}; }

/// `text` in `width` columns; without its beginning where it is too long, for devices differ in
/// the end of their addresses.
std::string end_of(const std::string& text, std::size_t width) {
  const std::size_t columns = text_width(text);
  if (columns <= width) return text;
  std::size_t start = 0;
  for (std::size_t surplus = columns - width + 1; surplus > 0; --surplus) {
    do ++start;
    while (start < text.size() && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U);
  }
  return "…" + text.substr(start);
}

template <class T>
std::vector<std::string> row_of(const DeviceReport<T>& report) {
  const flash::DeviceInfo& info = report.result;
  std::vector<std::string> row = {report.error ? "FAILED" : "OK", short_address(report.device),
                                  info.mac.empty() ? "-" : info.mac};
  std::string rate;
  if (report.error) {
    row.push_back(report.step.empty() ? "not started" : "at " + escape_controls(report.step));
  } else {
    const Work work = work_of(report.result);
    row.push_back(work.done);
    if (work.moved_bytes > 0 && info.seconds > 0) {
      const double bytes_per_s = static_cast<double>(work.moved_bytes) / info.seconds;
      rate = format_size(static_cast<std::uint64_t>(bytes_per_s)) + "/s";
    }
  }
  row.push_back(rate);
  row.push_back(info.seconds > 0 ? time_text(info.seconds) : "");
  return row;
}

/// Rows of equal columns; where they exceed `width`, addresses lose their beginning.
std::string fit(std::vector<std::vector<std::string>> rows, std::size_t width) {
  constexpr std::size_t address_column = 1;
  constexpr std::size_t rate_column = 4;
  const bool has_rates = std::ranges::any_of(rows, [](const auto& row) {
    return row.size() > rate_column + 1 && !row[rate_column].empty();
  });
  for (auto& row : rows) {
    if (!has_rates && row.size() > rate_column + 1) row.erase(row.begin() + rate_column);
  }
  constexpr std::size_t shortest_address = 8;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  }
  std::size_t total = 0;
  for (const std::size_t column : widths) total += column + 2;
  if (width > 0 && total > width + 2) {
    const std::size_t excess = total - 2 - width;
    const std::size_t column = widths[address_column];
    const std::size_t left = std::max(column > excess ? column - excess : 0, shortest_address);
    for (auto& row : rows) row[address_column] = end_of(row[address_column], left);
  }
  return table(rows, 0);
}

std::string app_text(const flash::AppInfo& app) {
  return escape_controls(app.project + " " + app.version);
}

std::string security_text(const flash::SecuritySettings& security) {
  std::string text;
  const auto add = [&text](bool is_on, std::string_view name) {
    if (is_on) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  };
  add(security.secure_boot, "secure boot");
  add(security.flash_encryption, "flash encryption");
  add(security.secure_download, "secure download mode");
  return text.empty() ? "off" : text;
}

/// "flash  4.0 MiB, JEDEC id 20 4016" and so on, without what is not known.
std::vector<std::vector<std::string>> facts_of(const flash::InfoResult& info) {
  std::vector<std::vector<std::string>> facts;
  if (info.flash) {
    facts.push_back(
        {"flash", fmt::format("{}, JEDEC id {} {}",
                              info.flash->size_bytes > 0 ? format_size(info.flash->size_bytes)
                                                         : std::string("unknown size"),
                              info.flash->manufacturer, info.flash->device)});
  }
  if (info.security) facts.push_back({"security", security_text(*info.security)});
  if (info.loader) {
    std::string loader = *info.loader == flash::LoaderKind::stub ? "stub" : "ROM";
    if (info.baud_bps > 0) loader += fmt::format(", {} baud", info.baud_bps);
    facts.push_back({"loader", loader});
  }
  if (info.app) {
    facts.push_back({"application", fmt::format("{}, ESP-IDF {}, built {}", app_text(*info.app),
                                                escape_controls(info.app->idf_version),
                                                escape_controls(info.app->compiled))});
  }
  if (info.partitions && info.partitions->empty()) facts.push_back({"partitions", "none"});
  return facts;
}

void print_info(std::ostream& out, const DeviceReport<flash::InfoResult>& report,
                std::size_t width) {
  const flash::InfoResult& info = report.result;
  std::vector<std::string> head = {"OK", short_address(report.device), info.mac,
                                   fmt::format("{} {}", info.chip, info.revision),
                                   time_text(info.seconds)};
  out << fit({head}, width) << table(facts_of(info), 0, 2);
  if (!info.partitions || info.partitions->empty()) return;
  std::vector<std::vector<std::string>> rows = {
      {"partition", "type", "subtype", "offset", "size", "content"}};
  for (const flash::PartitionInfo& partition : *info.partitions) {
    rows.push_back({escape_controls(partition.name), escape_controls(partition.type),
                    escape_controls(partition.subtype), format_hex(partition.offset),
                    format_size(partition.size_bytes),
                    partition.app         ? app_text(*partition.app)
                    : partition.encrypted ? "encrypted"
                                          : ""});
  }
  out << table(rows, width, 2);
}

/// What a device that did not start printed last.
void print_console(std::ostream& out, const DeviceReport<flash::WriteResult>& report) {
  if (!report.result.boot || report.result.boot->console.empty()) return;
  out << "console of " << short_address(report.device) << ":\n";
  for (const std::string& line : report.result.boot->console) {
    out << "  " << escape_controls(line) << '\n';
  }
}

}  // namespace

template <class T>
void print_flash_report(std::ostream& out, const flash::Report<T>& report, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  for (const DeviceReport<T>& device : report.devices) {
    if constexpr (std::is_same_v<T, flash::InfoResult>) {
      if (!device.error) {
        print_info(out, device, width);
        continue;
      }
    }
    rows.push_back(row_of(device));
  }
  out << fit(std::move(rows), width);
  if constexpr (std::is_same_v<T, flash::WriteResult>) {
    for (const DeviceReport<T>& device : report.devices) print_console(out, device);
  }
}

template void print_flash_report(std::ostream&, const flash::Report<flash::WriteResult>&,
                                 std::size_t);
template void print_flash_report(std::ostream&, const flash::Report<flash::VerifyResult>&,
                                 std::size_t);
template void print_flash_report(std::ostream&, const flash::Report<flash::ReadResult>&,
                                 std::size_t);
template void print_flash_report(std::ostream&, const flash::Report<flash::EraseResult>&,
                                 std::size_t);
template void print_flash_report(std::ostream&, const flash::Report<flash::InfoResult>&,
                                 std::size_t);
template void print_flash_report(std::ostream&, const flash::Report<flash::ResetResult>&,
                                 std::size_t);

}  // namespace aiot::cli::render
