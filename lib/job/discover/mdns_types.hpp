#pragma once

#include <span>
#include <string_view>

#include "job/discover/observation.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::discover {

/// What is told of one service while it is looked at.
class MdnsDraft {
 public:
  MdnsDraft(Observation& out, const dnssd::Service& service) : out_(out), service_(service) {}

  const dnssd::Service& service() const { return service_; }
  /// The value of a TXT attribute; "" when there is none.
  std::string_view txt(std::string_view key) const;
  void fact(std::string name, Value value, double confidence = 1);
  /// A TXT attribute as a fact, when it is there.
  void fact_from(std::string_view key, std::string name, double confidence = 1);
  void state(std::string_view state, double confidence = 1) { fact("state", state, confidence); }
  void job(std::string_view job);
  /// An id that `scope` alone makes unique; "" is none.
  void hardware_id(std::string_view id, std::string_view scope);
  /// A MAC address with or without separators; anything else is ignored.
  void mac(std::string_view text);

 private:
  Observation& out_;
  const dnssd::Service& service_;
};

/// What is publicly known of a service type.
struct MdnsType {
  std::string_view type;       ///< "_hap._tcp"
  std::string_view ecosystem;  ///< "" when it is nobody's own
  double confidence;           ///< that whoever offers it is of that ecosystem before all others
  std::string_view scheme;     ///< of the address that other commands take; "" for none
  void (*look)(MdnsDraft&);    ///< what its attributes and names say; nullptr for nothing more
};

/// In the order of their names; all are asked for at once, before they are known to be in use.
std::span<const MdnsType> mdns_types();
/// nullptr for types that are not in the list.
const MdnsType* find_mdns_type(std::string_view type);

}  // namespace aiot::discover
