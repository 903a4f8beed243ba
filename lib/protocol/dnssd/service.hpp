#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <vector>

#include "protocol/dnssd/message.hpp"

namespace aiot::dnssd {

using IpAddress = boost::asio::ip::address;

/// One instance of a service, as far as it is known (RFC 6763 section 4.1).
struct Service {
  Name instance;  ///< "Lamp._hap._tcp.local"
  Name host;      ///< "lamp.local"; empty while SRV is not known
  std::uint16_t port = 0;
  std::vector<Attribute> attributes;
  std::vector<IpAddress> addresses;  ///< sorted; link-local ones with their scope id
  IpAddress sender = {};             ///< of the packet that announced it; unspecified: not known

  /// "Lamp": what its user has called it; any bytes.
  const std::string& label() const { return instance.labels().front(); }
  /// "_hap._tcp"
  std::string type() const;
};
bool operator==(const Service& a, const Service& b);

/// "LABEL._hap._tcp.local"; also with domains of more labels.
bool is_instance(const Name& name);
/// "_hap._tcp.local"
bool is_type(const Name& name);

/// Where a record says an address is. Link-local IPv6 addresses get the scope id `interface`.
std::optional<IpAddress> address_of(const Record& record, unsigned interface);

/// The instances that a message speaks of, each with what the message says of it.
std::vector<Service> services_of(const Message& message, unsigned interface);

/// The addresses that a message gives for a host, sorted.
std::vector<IpAddress> addresses_in(const Message& message, const Name& host, unsigned interface);

/// `_services._dns-sd._udp.local`, which names the types in use (RFC 6763 section 9).
const Name& enumeration_name();

}  // namespace aiot::dnssd
