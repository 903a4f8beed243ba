#pragma once

#include <map>
#include <optional>

#include "aiot/event.hpp"
#include "filter/filter.hpp"
#include "job/discover/registry.hpp"

namespace aiot::discover {

/// Errc::unknown_field when `where` compares a field that no record has. Dotted names are facts,
/// which each source adds as it likes: any is valid.
Result<void> check_fields(const filter::Filter& where);

/// Reports what becomes of the devices that a filter lets through, and keeps what was reported.
class Reporter {
 public:
  /// Without a filter every device is reported.
  Reporter(EventSink& sink, std::optional<filter::Filter> where);

  /// A device that begins to match is "found", one that no longer does is "lost". A signal strength
  /// that alone is new is kept, and not reported.
  void report(std::vector<Change> changes);
  /// Every device as it was reported, by ecosystem, name and id.
  std::vector<DeviceRecord> devices() const;

 private:
  void report_device(Change change);
  void report_loss(const Change& change);
  bool matches(const DeviceRecord& record) const;

  EventSink& sink_;
  std::optional<filter::Filter> where_;
  std::map<std::string, DeviceRecord> reported_;
};

}  // namespace aiot::discover
