#include "job/discover/reporter.hpp"

#include <algorithm>
#include <tuple>

namespace aiot::discover {
namespace {

constexpr const char* schema = "aiot.device/1";

std::string text_of(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

Object without_signal(Object fields) {
  if (fields.find("rssi_dbm") != nullptr) fields.set("rssi_dbm", nullptr);
  return fields;
}

/// What a filter sees: facts beside the other fields, lists by their singular too, and no evidence,
/// whose words are ours.
Object filtered_view(const Object& fields) {
  Object view;
  for (const auto& [name, value] : fields.fields()) {
    if (name != "evidence") view.set(name, value);
  }
  for (const auto& [singular, plural] :
       {std::pair("mac", "macs"), std::pair("ip", "ips"), std::pair("host", "hosts"),
        std::pair("job", "jobs"), std::pair("address", "addresses"),
        std::pair("source", "sources")}) {
    if (const Value* list = fields.find(plural)) view.set(singular, *list);
  }
  if (const Value* facts = fields.find("facts")) {
    for (const auto& [name, value] : facts->object()->fields()) view.set(name, value);
  }
  return view;
}

}  // namespace

Reporter::Reporter(EventSink& sink, std::optional<filter::Filter> where)
    : sink_(sink), where_(std::move(where)) {}

bool Reporter::matches(const Object& fields) const {
  return !where_ || where_->matches(filtered_view(fields));
}

void Reporter::tell(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    if (!change.fields) {
      tell_loss(change);
    } else if (matches(*change.fields)) {
      tell_device(change);
    } else {
      tell_loss({change.id, std::nullopt, "filtered", {}});
    }
  }
}

void Reporter::tell_device(const Change& change) {
  const auto [told, added] = told_.try_emplace(change.id);
  const bool same = !added && without_signal(told->second) == without_signal(*change.fields);
  told->second = *change.fields;
  if (same) return;
  sink_.on_event(event::Item{change.id, added ? "found" : "changed", Record{schema, told->second}});
}

void Reporter::tell_loss(const Change& change) {
  const auto told = told_.find(change.id);
  if (told == told_.end()) return;
  Object fields = std::move(told->second);
  told_.erase(told);
  fields.set("lost_reason", change.reason);
  if (!change.merged_into.empty()) fields.set("merged_into", change.merged_into);
  sink_.on_event(event::Item{change.id, "lost", Record{schema, std::move(fields)}});
}

Array Reporter::devices() const {
  using Row = std::tuple<std::string, std::string, std::string, const Object*>;
  std::vector<Row> rows;
  for (const auto& [id, fields] : told_) {
    rows.emplace_back(text_of(fields, "ecosystem"), text_of(fields, "name"), id, &fields);
  }
  // What belongs to no known ecosystem comes last.
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const bool last_a = std::get<0>(a).empty(), last_b = std::get<0>(b).empty();
    return std::tie(last_a, a) < std::tie(last_b, b);
  });
  Array out;
  for (const Row& row : rows) out.emplace_back(*std::get<3>(row));
  return out;
}

}  // namespace aiot::discover
