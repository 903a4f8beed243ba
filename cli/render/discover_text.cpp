#include "render/discover_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/bytes.hpp"
#include "render/json.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using discover::DeviceRecord;
using discover::DeviceState;
using Rows = std::vector<std::vector<std::string>>;

/// The jobs that are commands of this program.
constexpr std::array<std::string_view, 3> commands = {"flash", "listen", "bench"};

bool is_command(std::string_view job) { return std::ranges::find(commands, job) != commands.end(); }

/// What to reach it by: the first address that a command takes, else its IP or hardware address.
std::string reach(const DeviceRecord& device) {
  for (const Address& address : device.addresses) {
    const std::string_view job = job_of_scheme(address.scheme);
    if (job.empty() || is_command(job)) return escape_controls(address.str());
  }
  for (const auto* known : {&device.ips, &device.macs}) {
    if (!known->empty()) return escape_controls(known->front());
  }
  return "";
}

std::string jobs_text(const DeviceRecord& device) {
  std::string out;
  for (const std::string& job : device.jobs) {
    if (is_command(job)) out += (out.empty() ? "" : " ") + job;
  }
  return out;
}

/// What it is, unless that is its name already.
std::string kind_of(const DeviceRecord& device) {
  for (const auto* what : {&device.product, &device.model, &device.vendor}) {
    if (*what && !(*what)->empty() && **what != device.name) return escape_controls(**what);
  }
  return "";
}

std::vector<std::string> row(const DeviceRecord& device) {
  const bool known = device.state != DeviceState::unknown;
  return {device.name.empty() ? "(" + device.id + ")" : escape_controls(device.name),
          kind_of(device), known ? std::string(state_name(device.state)) : "", jobs_text(device),
          reach(device)};
}

std::string value_text(const Value& value) {
  return value.string() ? escape_controls(*value.string()) : to_json(value);
}

Rows evidence_rows(const DeviceRecord& device) {
  Rows rows;
  rows.push_back({"id", device.id});
  for (const Address& address : device.addresses) {
    rows.push_back({"address", escape_controls(address.str())});
  }
  for (const discover::Evidence& claim : device.evidence) {
    std::string from = claim.source;
    if (claim.confidence < 1) from += fmt::format(", {:.0f} %", claim.confidence * 100);
    if (!claim.reason.empty()) from += ": " + escape_controls(claim.reason);
    rows.push_back({escape_controls(claim.fact), value_text(claim.value), "(" + from + ")"});
  }
  return rows;
}

std::vector<std::string> lines_of(const std::string& all) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::size_t width_of(const Rows& rows) {
  std::size_t widest = 0;
  for (const std::string& line : lines_of(table(rows, 0))) {
    widest = std::max(widest, text_width(line));
  }
  return widest;
}

/// A line a device, in columns that all groups share. On a narrow terminal what can be done with it
/// gives way, then what it is: its name and its address are what a user needs.
std::vector<std::string> aligned(Rows rows, std::size_t width, std::size_t indent) {
  for (const std::ptrdiff_t column : {3, 1}) {
    if (width == 0 || indent + width_of(rows) <= width) break;
    for (auto& row : rows) row.erase(row.begin() + column);
  }
  return lines_of(table(rows, width, indent));
}

}  // namespace

void print_devices(std::ostream& out, const discover::Report& report, std::size_t width,
                   bool evidence) {
  constexpr std::size_t indent = 2;
  Rows rows;
  for (const DeviceRecord& device : report.devices) rows.push_back(row(device));
  const auto lines = aligned(rows, width, indent);
  std::string group;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const DeviceRecord& device = report.devices[i];
    const std::string ecosystem =
        device.ecosystem.empty() ? "Others" : escape_controls(device.ecosystem);
    if (ecosystem != group) out << cut(ecosystem, width == 0 ? ecosystem.size() : width) << '\n';
    group = ecosystem;
    out << lines[i] << '\n';
    if (evidence) out << table(evidence_rows(device), width, 2 * indent);
  }
}

void print_unavailable_sources(std::ostream& err, const discover::Report& report, bool details,
                               std::size_t width) {
  std::vector<std::string> names;
  std::string reasons;
  for (const discover::SourceReport& source : report.sources) {
    const std::string detail = escape_controls(source.detail);
    const std::string hint = escape_controls(source.hint);
    if (source.state == discover::SourceState::not_asked) continue;
    if (source.state == discover::SourceState::ran) {
      // With something to report: it saw less than there may be.
      if (!hint.empty()) err << fmt::format("{}: {}: {}\n", source.name, detail, hint);
      continue;
    }
    names.push_back(fmt::format("{} ({})", source.name, state_name(source.state)));
    if (!detail.empty()) reasons += fmt::format("  {}: {}\n", source.name, detail);
    if (!hint.empty()) reasons += fmt::format("  next: {}\n", hint);
  }
  if (names.empty()) return;
  const std::string line = fmt::format("not available: {}", fmt::join(names, ", "));
  err << (width > 0 ? wrap(line, width) : line + '\n');
  if (details) err << reasons;
}

std::string watch_line(const event::Item& item) {
  const auto* device = item.record.get<DeviceRecord>();
  if (device == nullptr) return "";
  std::vector<std::string> cells = row(*device);
  cells.insert(cells.begin() + 1, escape_controls(device->ecosystem));
  if (device->lost_reason) cells.push_back("(" + *device->lost_reason + ")");
  std::erase(cells, "");
  const char sign = item.kind == "found" ? '+' : item.kind == "lost" ? '-' : '~';
  return fmt::format("{} {}\n", sign, fmt::join(cells, "  "));
}

std::string WatchText::operator()(const event::Item& item) {
  std::string line = watch_line(item);
  if (item.kind == "lost") {
    last_.erase(item.device);
    return line;
  }
  // Without the sign: a device that was found and has not changed since is not printed again.
  std::string text = line.substr(1);
  std::string& last = last_[item.device];
  if (item.kind == "changed" && last == text) return "";
  last = std::move(text);
  return line;
}

}  // namespace aiot::cli::render
