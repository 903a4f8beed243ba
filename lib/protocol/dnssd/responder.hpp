#pragma once

#include <boost/asio/ip/udp.hpp>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "net/clock.hpp"
#include "protocol/dnssd/message.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::dnssd {

/// True when `theirs`, heard in a response, claims a name of `ours` for something else.
bool conflicts(const Record& theirs, std::span<const Record> ours);

/// "Lamp" becomes "Lamp (2)", that "Lamp (3)"; a host's "lamp" becomes "lamp-2" (RFC 6762, 9). Cut
/// where it would have more than 63 bytes, between characters.
std::string next_service_label(const std::string& label);
std::string next_host_label(const std::string& label);

/// Asks on one link whether names are free before they are claimed, as an engine without I/O: RFC
/// 6762, section 8.1, and the tie of two that ask at once, 8.2.
class Prober {
 public:
  /// `records` are to be this host's alone. `friends`: what it says on other links, which may be
  /// heard here. `seed` spreads the probes of many. Begins at `begin` or up to 250 ms later.
  Prober(std::vector<Record> records, std::vector<Record> friends, std::uint32_t seed,
         net::TimePoint begin);

  void on_message(const Message& message, net::TimePoint now);
  void on_timer(net::TimePoint now);
  net::TimePoint next_timer() const { return next_; }
  /// Nobody has objected.
  bool is_free() const { return probes_ > 3; }
  /// The names that somebody else has: choose others, and begin again.
  const std::vector<Name>& taken() const { return taken_; }
  /// Packets for the group since this was last called.
  std::vector<Bytes> take_output() { return std::exchange(output_, {}); }

 private:
  void probe();
  void settle_tie(const Message& query, net::TimePoint now);

  std::vector<Record> records_;
  std::vector<Record> all_;  // with the friends
  std::vector<Name> names_;
  std::vector<Name> taken_;
  unsigned probes_ = 0;  // sent; one more when their time has passed
  net::TimePoint next_;
  std::vector<Bytes> output_;
};

/// A service to offer. Its host and addresses are those of the responder.
struct Offer {
  std::string label;  ///< "Virtual lamp"
  std::string type;   ///< "_hap._tcp"
  std::uint16_t port = 0;
  std::vector<Attribute> attributes;
  std::vector<std::string> subtypes;  ///< "_S15" (RFC 6763 section 7.1)
};

/// Offers services on one link, as an engine without I/O: announces them twice, answers questions,
/// says goodbye (RFC 6762 sections 6 to 10). Whether the names are free was asked before: Prober.
class Responder {
 public:
  /// A packet to send from port 5353, to the group unless `to` says otherwise.
  struct Send {
    Bytes payload;
    std::optional<boost::asio::ip::udp::endpoint> to;
  };

  /// `host` such as "lamp.local". Errc::bad_name. `seed` spreads the answers of many.
  static Result<Responder> make(const Name& host, const std::vector<IpAddress>& addresses,
                                const std::vector<Offer>& offers, std::uint32_t seed,
                                net::TimePoint now);

  /// Questions of others; responses are not looked at.
  void on_message(const Message& message, const boost::asio::ip::udp::endpoint& from,
                  net::TimePoint now);
  void on_timer(net::TimePoint now);
  net::TimePoint next_timer() const;
  /// Everything is withdrawn; nothing is answered any more.
  void say_goodbye();
  /// The records that are this host's alone.
  std::vector<Record> unique() const;
  /// What there is to send since this was last called.
  std::vector<Send> take_output() { return std::exchange(output_, {}); }

 private:
  using Endpoint = boost::asio::ip::udp::endpoint;
  struct Owned {
    Record record;
    std::optional<net::TimePoint> said = {};  // when it was last sent to the group
  };
  /// An answer that waits for its time.
  struct Pending {
    net::TimePoint due;
    Endpoint asker;
  };

  Responder(std::uint32_t seed, net::TimePoint now);
  void own(Name name, Type type, std::uint32_t ttl_s, Data data);
  std::vector<std::size_t> answers_to(const Question& question) const;
  std::vector<std::size_t> additionals_of(const std::vector<std::size_t>& answers) const;
  void answer_one(const Message& query, const std::vector<std::size_t>& answers,
                  const Endpoint& to);
  void answer_group(const std::vector<std::size_t>& answers, net::TimePoint now);
  void announce(net::TimePoint now);
  net::Duration between(std::chrono::milliseconds least, std::chrono::milliseconds most);

  std::minstd_rand random_;
  std::vector<Owned> owned_;
  std::map<std::size_t, Pending> pending_;
  unsigned announcements_left_ = 2;
  net::TimePoint next_announcement_;
  bool gone_ = false;
  std::vector<Send> output_;
};

}  // namespace aiot::dnssd
