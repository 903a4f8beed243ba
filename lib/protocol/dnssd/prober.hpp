#pragma once

#include <random>
#include <span>
#include <string>
#include <vector>

#include "net/clock.hpp"
#include "protocol/dnssd/message.hpp"

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

}  // namespace aiot::dnssd
