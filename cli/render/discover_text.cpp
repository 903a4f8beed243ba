#include "render/discover_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "aiot/bytes.hpp"
#include "render/json.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// A field that a device may have filled: escaped; "" when it is no text.
std::string text(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value && value->string() ? escape_controls(*value->string()) : std::string();
}

const Array& list(const Object& fields, std::string_view name) {
  static const Array none;
  const Value* value = fields.find(name);
  return value && value->array() ? *value->array() : none;
}

std::string joined(const Array& texts, std::string_view between) {
  std::string out;
  for (const Value& value : texts) {
    if (!value.string()) continue;
    if (!out.empty()) out += between;
    out += escape_controls(*value.string());
  }
  return out;
}

std::string first_address(const Object& device) {
  const Array& addresses = list(device, "addresses");
  if (!addresses.empty()) return escape_controls(*addresses.front().string());
  // Nothing that a command could open, but something to know it by.
  for (const char* name : {"ips", "macs"}) {
    const Array& known = list(device, name);
    if (!known.empty() && known.front().string()) return escape_controls(*known.front().string());
  }
  return "";
}

/// What it is, unless that is its name already.
std::string kind_of(const Object& device) {
  for (const char* name : {"product", "model", "vendor"}) {
    std::string what = text(device, name);
    if (!what.empty() && what != text(device, "name")) return what;
  }
  return "";
}

std::vector<std::string> row(const Object& device) {
  std::string name = text(device, "name");
  if (name.empty()) name = "(" + text(device, "id") + ")";
  const std::string state = text(device, "state");
  return {std::move(name), kind_of(device), state == "unknown" ? "" : state,
          joined(list(device, "jobs"), " "), first_address(device)};
}

std::string value_text(const Value& value) {
  return value.string() ? escape_controls(*value.string()) : to_json(value);
}

Rows evidence_rows(const Object& device) {
  Rows rows;
  rows.push_back({"id", text(device, "id")});
  for (const Value& address : list(device, "addresses")) {
    rows.push_back({"address", value_text(address)});
  }
  for (const Value& value : list(device, "evidence")) {
    const Object& claim = *value.object();
    const Value* confidence = claim.find("confidence");
    const double* sure = confidence ? std::get_if<double>(&confidence->storage()) : nullptr;
    std::string from = text(claim, "source");
    if (sure && *sure < 1) from += fmt::format(", {:.0f} %", *sure * 100);
    if (const std::string reason = text(claim, "reason"); !reason.empty()) from += ": " + reason;
    const Value* said = claim.find("value");
    rows.push_back({text(claim, "fact"), said ? value_text(*said) : "", "(" + from + ")"});
  }
  return rows;
}

std::size_t width_of(const Rows& rows) {
  std::size_t widest = 0;
  const std::string all = table(rows, 0);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    widest = std::max(widest, text_width(std::string_view(all).substr(at, end - at)));
    at = end + 1;
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
  std::vector<std::string> lines;
  const std::string all = table(rows, width, indent);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    lines.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

void print_devices(std::ostream& out, const Object& result, std::size_t width, bool evidence) {
  constexpr std::size_t indent = 2;
  Rows rows;
  for (const Value& device : list(result, "devices")) rows.push_back(row(*device.object()));
  const auto lines = aligned(rows, width, indent);
  std::string group;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Object& device = *list(result, "devices")[i].object();
    std::string ecosystem = text(device, "ecosystem");
    if (ecosystem.empty()) ecosystem = "Others";
    if (ecosystem != group) out << cut(ecosystem, width == 0 ? ecosystem.size() : width) << '\n';
    group = ecosystem;
    out << lines[i] << '\n';
    if (evidence) out << table(evidence_rows(device), width, 2 * indent);
  }
}

void print_blind_sources(std::ostream& err, const Object& result, bool hints) {
  for (const Value& value : list(result, "sources")) {
    const Object& source = *value.object();
    const std::string state = text(source, "state");
    const std::string name = text(source, "name");
    const std::string detail = text(source, "detail");
    const std::string hint = text(source, "hint");
    if (state == "not asked") continue;
    if (state == "ran") {
      // With something to say: it saw less than there may be.
      if (!hint.empty()) err << fmt::format("{}: {}: {}\n", name, detail, hint);
      continue;
    }
    err << fmt::format("{} could not look: {}{}{}\n", name, state, detail.empty() ? "" : ": ",
                       detail);
    if (hints && !hint.empty()) err << "  next: " << hint << '\n';
  }
}

std::string watch_line(const event::Item& item) {
  const Object device = item.record.fields();
  std::vector<std::string> cells = row(device);
  cells.insert(cells.begin() + 1, text(device, "ecosystem"));
  const std::string reason = text(device, "lost_reason");
  if (!reason.empty()) cells.push_back("(" + reason + ")");
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
  // Without the sign: a device that was found and has not changed since is not told again.
  std::string said = line.substr(1);
  std::string& last = last_[item.device];
  if (item.kind == "changed" && last == said) return "";
  last = std::move(said);
  return line;
}

}  // namespace aiot::cli::render
