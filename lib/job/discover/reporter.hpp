#pragma once

#include <map>
#include <optional>

#include "aiot/event.hpp"
#include "filter/filter.hpp"
#include "job/discover/registry.hpp"

namespace aiot::discover {

/// Tells what becomes of the devices that a filter lets through, and keeps what was told.
class Reporter {
 public:
  /// Without a filter every device is told.
  Reporter(EventSink& sink, std::optional<filter::Filter> where);

  /// A device that begins to match is "found", one that no longer does is "lost". A signal strength
  /// that alone is new is kept, and not told.
  void tell(const std::vector<Change>& changes);
  /// Every device as it was told, by ecosystem, name and id.
  Array devices() const;

 private:
  void tell_device(const Change& change);
  void tell_loss(const Change& change);
  bool matches(const Object& fields) const;

  EventSink& sink_;
  std::optional<filter::Filter> where_;
  std::map<std::string, Object> told_;
};

}  // namespace aiot::discover
