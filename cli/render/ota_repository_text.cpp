#include "render/ota_repository_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/units.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

constexpr std::size_t short_id = 16;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return escape_controls(out);
}

std::string days_text(std::int64_t seconds) {
  constexpr std::int64_t day_s = 86400, hour_s = 3600;
  if (seconds <= 0) return "EXPIRED";
  if (seconds < 2 * day_s) return fmt::format("{} h", seconds / hour_s);
  return fmt::format("{} days", seconds / day_s);
}

std::vector<std::string> row_of(const ota::TargetInfo& target) {
  std::string format = target.format;
  if (!target.chip.empty()) format += ", " + target.chip;
  if (!target.delta_from.empty()) format = "delta from " + target.delta_from.substr(0, short_id);
  return {escape_controls(target.path), escape_controls(target.version), joined(target.hardware),
          escape_controls(format), format_size(target.size_bytes)};
}

}  // namespace

void print_repository(std::ostream& out, const ota::RepositoryResult& result, std::size_t width) {
  out << table({{"root", std::to_string(result.root_version)},
                {"targets", std::to_string(result.targets_version)},
                {"snapshot", std::to_string(result.snapshot_version)},
                {"timestamp", std::to_string(result.timestamp_version)},
                {"expires", result.expires},
                {"written", result.written.empty() ? "nothing" : joined(result.written)}},
               width);
  for (const ota::NeededKey& needed : result.needed) {
    std::vector<std::string> ids;
    for (const std::string& id : needed.ids) ids.push_back(id.substr(0, short_id));
    out << fmt::format("{} expires {}, and needs {} of: {}\n", needed.role, needed.expires,
                       needed.threshold, joined(ids));
  }
}

void print_repository_status(std::ostream& out, const ota::RepositoryStatus& status,
                             std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  for (const ota::RoleStatus& role : status.roles) {
    std::string keys;
    for (const ota::RoleKey& key : role.keys) {
      keys += fmt::format("{}{}{}", keys.empty() ? "" : ", ", key.signed_it ? "" : "not ",
                          key.id.substr(0, short_id));
    }
    rows.push_back({role.valid && !role.expired ? "OK" : "FAILED", role.role,
                    std::to_string(role.version), role.expires, days_text(role.remaining_s),
                    fmt::format("signed by {} ({} needed)", keys, role.threshold)});
  }
  out << table(rows, width);
  rows.clear();
  for (const ota::TargetInfo& target : status.targets) {
    rows.push_back(row_of(target));
    const auto faulty = std::ranges::find(status.faults, target.path, &ota::FaultyTarget::path);
    if (faulty == status.faults.end()) continue;
    rows.back().emplace_back(faulty->fault == ota::TargetFault::missing ? "MISSING" : "DAMAGED");
  }
  if (!rows.empty()) out << '\n' << table(rows, width);
}

void print_added(std::ostream& out, const ota::AddResult& result, std::size_t width) {
  std::vector<std::vector<std::string>> rows{row_of(result.target)};
  if (result.already) {
    rows.front().emplace_back(result.restored ? "there already, file restored" : "there already");
  }
  out << table(rows, width) << "sha256 " << result.target.sha256 << '\n';
  for (const ota::DeltaResult& delta : result.deltas) {
    out << fmt::format("delta from {}: {}{}\n", escape_controls(delta.from_version),
                       format_size(delta.size_bytes),
                       delta.path.empty() ? ", does not pay, not kept" : "");
  }
}

}  // namespace aiot::cli::render
