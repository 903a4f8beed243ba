#include "protocol/dnssd/cache.hpp"

#include <algorithm>

namespace aiot::dnssd {

using net::TimePoint;
using std::chrono::seconds;

namespace {

/// A name with more records of one type than this is a flood's, or nobody's.
constexpr std::size_t most_of_a_name = 1024;
constexpr seconds last_second{1};

TimePoint share_of_life(const Cache::Entry& entry, int percent) {
  return entry.received + net::Duration(seconds(entry.record.ttl_s)) / 100 * percent;
}

}  // namespace

bool Cache::put(const Record& record, TimePoint now) {
  const auto found = entries_.find(Key(record.name.key(), record.type));
  if (found == entries_.end() && record.ttl_s == 0) return false;
  if (found == entries_.end() && count_ >= most_records) return false;
  std::vector<Entry>& same_name =
      found != entries_.end() ? found->second : entries_[Key(record.name.key(), record.type)];
  if (record.flush) {
    for (Entry& entry : same_name) {
      // What came in the last second belongs to the same announcement.
      if (now - entry.received <= last_second) continue;
      entry.expires = std::min(entry.expires, now + last_second);
      next_expiry_ = std::min(next_expiry_, entry.expires);
    }
  }
  const auto same = std::find_if(same_name.begin(), same_name.end(), [&](const Entry& entry) {
    return entry.record.data == record.data;
  });
  if (record.ttl_s == 0) {
    if (same != same_name.end()) {
      same->expires = std::min(same->expires, now + last_second);
      next_expiry_ = std::min(next_expiry_, same->expires);
    }
    return false;
  }
  const TimePoint expires = now + seconds(record.ttl_s);
  next_expiry_ = std::min(next_expiry_, expires);
  if (same != same_name.end()) {
    *same = Entry{record, now, expires};
    return false;
  }
  if (count_ >= most_records || same_name.size() >= most_of_a_name) return false;
  same_name.push_back(Entry{record, now, expires});
  ++count_;
  return true;
}

std::vector<Record> Cache::expire(TimePoint now) {
  std::vector<Record> out;
  if (now < next_expiry_) return out;
  next_expiry_ = TimePoint::max();
  for (auto row = entries_.begin(); row != entries_.end();) {
    std::vector<Entry>& entries = row->second;
    for (const Entry& entry : entries) {
      if (entry.expires <= now) {
        out.push_back(entry.record);
      } else {
        next_expiry_ = std::min(next_expiry_, entry.expires);
      }
    }
    std::erase_if(entries, [now](const Entry& entry) { return entry.expires <= now; });
    row = entries.empty() ? entries_.erase(row) : std::next(row);
  }
  count_ -= out.size();
  return out;
}

const std::vector<Cache::Entry>& Cache::find(const Name& name, std::uint16_t type) const {
  static const std::vector<Entry> none;
  const auto found = entries_.find(Key(name.key(), type));
  return found == entries_.end() ? none : found->second;
}

bool Cache::is_fresh(const Name& name, std::uint16_t type, TimePoint now) const {
  const std::vector<Entry>& entries = find(name, type);
  return std::any_of(entries.begin(), entries.end(), [now](const Entry& entry) {
    return now < share_of_life(entry, 80) && now < entry.expires;
  });
}

TimePoint Cache::next_refresh(const Name& name, std::uint16_t type, TimePoint now) const {
  TimePoint out = TimePoint::max();
  for (const Entry& entry : find(name, type)) {
    for (const int percent : {80, 85, 90, 95}) {
      const TimePoint when = share_of_life(entry, percent);
      if (when > now && when < entry.expires) {
        out = std::min(out, when);
        break;
      }
    }
  }
  return out;
}

}  // namespace aiot::dnssd
