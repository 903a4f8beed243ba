#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "aiot/value.hpp"

namespace aiot::discover {

/// What makes two observations one device.
enum class IdentityKind {
  mac,          ///< "24:0a:c4:00:00:01": of any of its interfaces, also a public BLE address
  serial,       ///< serial number, unique with `scope` the maker's name or USB id
  instance,     ///< DNS-SD instance or UPnP UDN: one device, however many interfaces it answers on
  hardware_id,  ///< a protocol's own device id: miIO did, Tuya gwId, Matter instance name
  address,      ///< IP address with its scope: the weakest, shared by all behind one router
  port,         ///< the stable path of a serial or USB port
  host,         ///< name that is unique on its link ("lamp.local"): joins what one machine offers
};
struct Identity {
  IdentityKind kind;
  std::string value;
  std::string scope = {};  ///< keeps apart ids that only one maker or protocol makes unique
};

/// One thing an observation says of the device. Names used by several sources:
///   name, vendor, product, model, version, ecosystem, state, host, ip, mac, serial, rssi_dbm,
///   vendor_id, product_id, discriminator; a source's own begin with its name: "mdns.txt.md".
struct Fact {
  std::string name;
  Value value;
  double confidence = 1;  ///< 0 to 1: how sure this source can be of it
};

/// What one source has seen of one device at one moment. Text is as the device said it: hostile.
struct Observation {
  std::string source;  ///< its name: "mdns", "ble", …
  std::vector<Identity> identities;
  std::vector<Fact> facts;
  std::vector<std::string> addresses;  ///< URIs that other commands accept
  std::vector<std::string> jobs;       ///< "flash", "pair", "ota", "listen", "bench": what applies
  bool gone = false;                   ///< it said goodbye, or was unplugged
};

}  // namespace aiot::discover
