#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "protocol/dnssd/cache.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::dnssd {

struct QuerierOptions {
  std::vector<Name> types;  ///< asked for from the start, beside the enumeration of all types
  unsigned interface = 0;   ///< of this link: the scope of link-local addresses heard on it
};

/// Finds every service on one link, as an engine without I/O: RFC 6762 (multicast DNS) and RFC 6763
/// (service discovery). One for each interface and IP version.
///
/// Each question is asked three times in little more than a second: first for an answer by unicast,
/// then for all to hear, with the answers that are known already (RFC 6762 section 7.1), then
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
  /// More is known of this service than was told before.
  struct Changed {
    Service service;
  };
  /// It said goodbye, or was not heard again.
  struct Gone {
    Service service;
  };
  using Action = std::variant<Send, Changed, Gone>;

  Querier(QuerierOptions options, net::TimePoint now);

  /// What was heard, in response to our questions or anyone's. Questions are not looked at.
  void on_message(const Message& message, net::TimePoint now);
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
  };

  void ask(const Name& name, std::uint16_t type, bool browse, net::TimePoint now);
  void note(const Record& record);
  void follow(const Record& record, net::TimePoint now);
  void update(net::TimePoint now);
  void forget(const Service& service);
  bool is_alive(const Known& known) const;
  Service look_up(const Name& instance) const;
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
