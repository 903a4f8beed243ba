#include "job/discover/reporter.hpp"

#include <algorithm>
#include <tuple>

#include "aiot/units.hpp"
#include "job/discover/error.hpp"

namespace aiot::discover {
namespace {

Value list_of(const std::vector<std::string>& texts) { return Array(texts.begin(), texts.end()); }

/// What a filter sees: the fields of the record, lists by their singular too, facts beside them,
/// and no evidence, whose words are ours.
Object filtered_view(DeviceRecord record) {
  record.evidence.clear();
  Array addresses;
  for (const Address& address : record.addresses) addresses.emplace_back(address.str());
  Object view = fields_of(record);
  view.set("mac", list_of(record.macs));
  view.set("ip", list_of(record.ips));
  view.set("host", list_of(record.hosts));
  view.set("job", list_of(record.jobs));
  view.set("address", std::move(addresses));
  view.set("source", list_of(record.sources));
  for (const auto& [name, value] : record.facts.fields()) view.set(name, value);
  return view;
}

/// Of filtered_view(), but for the facts.
const std::vector<std::string>& known_fields() {
  static const std::vector<std::string> names = {
      "address",    "addresses",   "discriminator", "ecosystem",   "ecosystem_reason",
      "evidence",   "host",        "hosts",         "id",          "ip",
      "ips",        "job",         "jobs",          "lost_reason", "mac",
      "macs",       "merged_into", "model",         "name",        "product",
      "product_id", "rssi_dbm",    "serial",        "source",      "sources",
      "state",      "truncated",   "vendor",        "vendor_id",   "version"};
  return names;
}

}  // namespace

Result<void> check_fields(const filter::Filter& where) {
  for (const std::string& field : where.fields()) {
    if (field.find('.') != std::string::npos ||
        std::ranges::find(known_fields(), field) != known_fields().end()) {
      continue;
    }
    const std::string near = nearest_word(field, known_fields());
    return make_error(Errc::unknown_field, "\"" + field + "\"",
                      near.empty() ? "compare state, ecosystem, name, mac, ip, or a fact such as "
                                     "mdns.service"
                                   : "did you mean " + near + "?");
  }
  return {};
}

Reporter::Reporter(EventSink& sink, std::optional<filter::Filter> where)
    : sink_(sink), where_(std::move(where)) {}

bool Reporter::matches(const DeviceRecord& record) const {
  return !where_ || where_->matches(filtered_view(record));
}

void Reporter::report(std::vector<Change> changes) {
  for (Change& change : changes) {
    if (!change.record) {
      report_loss(change);
    } else if (matches(*change.record)) {
      report_device(std::move(change));
    } else {
      report_loss({change.id, std::nullopt, "filtered", {}});
    }
  }
}

void Reporter::report_device(Change change) {
  const auto [reported, added] = reported_.try_emplace(change.id);
  DeviceRecord& known = reported->second;
  known.rssi_dbm = change.record->rssi_dbm;
  if (!added && known == *change.record) return;
  known = *std::move(change.record);
  sink_.on_event(event::Item{change.id, added ? "found" : "changed", known});
}

void Reporter::report_loss(const Change& change) {
  const auto reported = reported_.find(change.id);
  if (reported == reported_.end()) return;
  DeviceRecord record = std::move(reported->second);
  reported_.erase(reported);
  record.lost_reason = change.reason;
  if (!change.merged_into.empty()) record.merged_into = change.merged_into;
  sink_.on_event(event::Item{change.id, "lost", std::move(record)});
}

std::vector<DeviceRecord> Reporter::devices() const {
  std::vector<DeviceRecord> out;
  for (const auto& [id, record] : reported_) out.push_back(record);
  // What belongs to no known ecosystem comes last.
  const auto order = [](const DeviceRecord& record) {
    return std::tuple(record.ecosystem.empty(), std::tie(record.ecosystem, record.name, record.id));
  };
  std::sort(out.begin(), out.end(),
            [&](const DeviceRecord& a, const DeviceRecord& b) { return order(a) < order(b); });
  return out;
}

}  // namespace aiot::discover
