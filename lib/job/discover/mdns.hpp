#pragma once

#include <map>
#include <span>
#include <string_view>

#include "job/discover/source.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::discover {

/// Facts of a service that have no field of their own.
struct MdnsDetails {
  std::string service;  ///< its type
  std::optional<std::uint16_t> port;
  std::map<std::string, Value> txt;  ///< open: attribute -> text, or true without a value
  std::string matter_instance;
  std::string matter_fabric;
  std::string thread_network;
};
void describe(FieldVisitor& v, MdnsDetails& details);

/// One service while it is looked at.
class MdnsDraft {
 public:
  MdnsDraft(Observation& observation, MdnsDetails& its_details, const dnssd::Service& service)
      : out(observation), details(its_details), service_(service) {}

  const dnssd::Service& service() const { return service_; }
  /// The value of a TXT attribute; "" when there is none.
  std::string_view txt(std::string_view key) const;
  /// A TXT attribute as a claim, when it is there.
  void claim_txt(std::string_view key, std::optional<Estimate<std::string>>& known,
                 double confidence = 1) {
    claim_text(known, txt(key), confidence);
  }
  void name(std::string_view text, double confidence) { claim(out.name, text, confidence); }
  void state(DeviceState state, double confidence = 1) { claim(out.state, state, confidence); }
  void job(std::string_view job);
  /// An id that `scope` alone makes unique; "" is none.
  void hardware_id(std::string_view id, std::string_view scope);
  /// A MAC address with or without separators; anything else is ignored.
  void mac(std::string_view text);

  Observation& out;
  MdnsDetails& details;

 private:
  const dnssd::Service& service_;
};

/// What is publicly known of a service type.
struct MdnsType {
  std::string_view type;       ///< "_hap._tcp"
  std::string_view ecosystem;  ///< "" when it is nobody's own
  double confidence;        ///< that a device that offers it is of that ecosystem before all others
  std::string_view scheme;  ///< of the address that other commands take; "" for none
  void (*look)(MdnsDraft&);  ///< what its attributes and names say; nullptr for nothing more
};

/// In the order of their names; all are asked for at once, before they are known to be in use.
std::span<const MdnsType> mdns_types();
/// nullptr for types that are not in the list.
const MdnsType* find_mdns_type(std::string_view type);

/// What a service instance says of the device that offers it.
Observation observe_service(const dnssd::Service& service);

}  // namespace aiot::discover
