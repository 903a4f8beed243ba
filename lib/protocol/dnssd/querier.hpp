#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/clock.hpp"
#include "protocol/dnssd/message.hpp"
#include "protocol/dnssd/service.hpp"

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

struct QuerierOptions {
  std::vector<Name> types;  ///< asked for from the start, beside the enumeration of all types
  unsigned interface = 0;   ///< of this link: the scope of link-local addresses heard on it
};

/// Finds every service on one link, as an engine without I/O: RFC 6762 (multicast DNS) and RFC 6763
/// (service discovery). One for each interface and IP version.
///
/// Each question is asked three times in little more than a second: first for an answer by unicast,
/// then by multicast, with the answers that are known already (RFC 6762 section 7.1), then
/// again; later ones follow at intervals that double up to an hour. What is known is asked for
/// again before it expires.
class Querier {
 public:
  /// A packet to send. `unicast`: from a port of its own, where the answers come; otherwise from
  /// and to port 5353 of the group.
  struct Send {
    Bytes payload;
    bool unicast = false;
  };
  /// More is known of this service than was reported before.
  struct Changed {
    Service service;
  };
  /// It said goodbye, or was not heard again.
  struct Gone {
    Service service;
  };
  using Action = std::variant<Send, Changed, Gone>;

  Querier(QuerierOptions options, net::TimePoint now);

  /// A message from `sender`, in response to our questions or anyone's. Questions are not looked
  /// at.
  void on_message(const Message& message, net::TimePoint now, const IpAddress& sender = {});
  /// To be called at next_timer(), or later.
  void on_timer(net::TimePoint now);
  net::TimePoint next_timer() const;
  /// What there is to do since this was last called.
  std::vector<Action> take_actions() { return std::exchange(actions_, {}); }

 private:
  struct Asked {
    Question question;
    bool browse = false;  // more answers may come at any time
    unsigned times = 0;
    net::TimePoint next;
  };
  struct Known {
    Service service;
    bool pointed_to = false;  // a PTR record led here, and its end is the end
    bool told = false;
    Name host;         // of the last SRV record: where hosts_ has this instance
    IpAddress sender;  // of the latest packet that said where it is
    /// What that packet gives for its host, when the sender's address is among them. Several hosts
    /// may call themselves the same, and the cache holds the addresses of all.
    std::vector<IpAddress> own_addresses;
  };

  void ask(const Name& name, std::uint16_t type, bool browse, net::TimePoint now);
  void note(const Record& record);
  void follow(const Record& record, net::TimePoint now);
  void locate(const Message& message, const IpAddress& sender);
  void update(net::TimePoint now);
  void forget(const Known& known);
  void leave_host(const Name& host, const std::string& instance);
  /// Unless an instance is there.
  void ask_no_more(const Name& host);
  bool is_alive(const Known& known) const;
  Service look_up(const Known& known) const;
  void ask_for_the_rest(const Known& known, net::TimePoint now);
  net::TimePoint next_time(const Asked& asked, net::TimePoint now) const;
  void send_unicast(const std::vector<Question>& questions);
  void send_multicast(const std::vector<Question>& questions, net::TimePoint now);
  std::vector<Record> known_answers(const std::vector<Question>& questions,
                                    net::TimePoint now) const;

  QuerierOptions options_;
  Cache cache_;
  std::map<std::string, Asked> asked_;
  std::size_t browsed_ = 0;  // types that came up, those beyond the bound too
  std::map<std::string, Known> known_;
  std::map<std::string, std::set<std::string>> hosts_;  // host -> instances there
  std::set<std::string> touched_;                       // instances to look at again
  std::vector<Action> actions_;
};

}  // namespace aiot::dnssd
