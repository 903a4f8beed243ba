#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/discover.hpp"
#include "aiot/document.hpp"

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

/// One property of a device, and how sure a source can be of it.
template <class T>
struct Estimate {
  T value{};
  double confidence = 1;  ///< 0 to 1
  std::string reason;     ///< "" where the value speaks for itself
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// Of what is claimed twice, the surer counts; of equals the first.
template <class T, class V>
void claim(std::optional<Estimate<T>>& known, V&& value, double confidence = 1,
           std::string reason = {}) {
  if (known && known->confidence >= confidence) return;
  known = Estimate<T>{T(std::forward<V>(value)), confidence, std::move(reason)};
}
/// The same for a text that is not empty.
inline void claim_text(std::optional<Estimate<std::string>>& known, std::string_view text,
                       double confidence = 1) {
  if (!text.empty()) claim(known, text, confidence);
}

/// What one source has seen of one device at one moment. Texts are as the device sent them:
/// hostile.
struct Observation {
  std::string source;  ///< its name: "mdns", "ble", …
  std::vector<Identity> identities;
  std::optional<Estimate<std::string>> name;
  std::optional<Estimate<std::string>> vendor;
  std::optional<Estimate<std::string>> product;
  std::optional<Estimate<std::string>> model;
  std::optional<Estimate<std::string>> version;  ///< of the firmware
  std::optional<Estimate<std::string>> serial;
  std::optional<Estimate<std::string>> ecosystem;
  std::optional<Estimate<DeviceState>> state;
  std::optional<Estimate<std::uint64_t>> vendor_id;
  std::optional<Estimate<std::uint64_t>> product_id;
  std::optional<Estimate<std::uint64_t>> discriminator;
  std::vector<std::string> hosts;
  std::vector<std::string> ips;
  std::vector<std::string> macs;
  std::optional<int> rssi_dbm;
  Object details;  ///< open: facts of the advertisement itself, each named SOURCE.FACT
  std::vector<std::string> addresses;  ///< URIs
  std::vector<std::string> jobs;       ///< "flash", "pair", "ota", "listen", "bench": what applies
  bool gone = false;                   ///< it announced its end, or was unplugged
};

/// Adds a fact of the advertisement; of several with one name the first counts.
void add_detail(Observation& out, std::string name, Value value);
/// Adds each field of open content as `prefix`.FIELD; those of an object inside it as
/// `prefix`.OBJECT.FIELD.
void add_details(Observation& out, const std::string& prefix, const Object& fields);
/// The same for a described struct.
template <class T>
requires requires(FieldVisitor& v, T& t) { describe(v, t); }
void add_details(Observation& out, const std::string& prefix, const T& described) {
  add_details(out, prefix, fields_of(described));
}

/// Every claim of an observation, in the order of the fields above.
std::vector<Evidence> evidence_of(const Observation& observation);

}  // namespace aiot::discover
