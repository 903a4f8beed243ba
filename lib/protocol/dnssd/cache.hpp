#pragma once

#include <map>
#include <utility>
#include <vector>

#include "net/clock.hpp"
#include "protocol/dnssd/message.hpp"

namespace aiot::dnssd {

/// The records heard on one link, for as long as they are good (RFC 6762 section 10). At most 8,192
/// of them: what a flood brings beyond is not kept.
class Cache {
 public:
  static constexpr std::size_t most_records = 8192;

  struct Entry {
    Record record;
    net::TimePoint received;
    net::TimePoint expires;
  };

  /// Keeps a record, renews one that is there, or begins its end: a lifetime of 0 leaves it one
  /// more second, and so does a flush to older ones of its name and type (sections 10.1 and 10.2).
  /// True when it is new.
  bool put(const Record& record, net::TimePoint now);
  /// Takes out what is no longer good.
  std::vector<Record> expire(net::TimePoint now);
  /// When expire() has something to do; max() when it never has.
  net::TimePoint next_expiry() const { return next_expiry_; }

  const std::vector<Entry>& find(const Name& name, std::uint16_t type) const;
  /// True while one of these records is in the first 80 % of its lifetime.
  bool is_fresh(const Name& name, std::uint16_t type, net::TimePoint now) const;
  /// When a record of this name and type should be asked for again after `now`, lest it expires: at
  /// 80, 85, 90 and 95 % of its lifetime (section 5.2). max() when there is none.
  net::TimePoint next_refresh(const Name& name, std::uint16_t type, net::TimePoint now) const;

 private:
  using Key = std::pair<std::string, std::uint16_t>;

  std::map<Key, std::vector<Entry>> entries_;
  std::size_t count_ = 0;
  net::TimePoint next_expiry_ = net::TimePoint::max();
};

}  // namespace aiot::dnssd
