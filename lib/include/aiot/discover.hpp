#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Finds nearby devices by what they announce and by asking.
namespace aiot::discover {

struct Request {
  std::chrono::milliseconds timeout{3000};  ///< the search ends exactly then
  /// Names of sources (see sources()): only these, or all but these. Both empty: all.
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::vector<std::string> interfaces;  ///< network interfaces by name; empty: all
  std::vector<std::string> subnets;     ///< "192.168.1.0/24": asked address by address, too
  std::string keys_file;                ///< YAML: MAC -> bind key, for encrypted adverts
  std::string pcap_file;                ///< packets from a capture instead of the network
  std::string btsnoop_file;             ///< adverts from a capture instead of the air
  std::string where;                    ///< filter expression over a record's fields
  bool probe = false;                   ///< opens serial ports and asks the chip
  bool watch = false;                   ///< goes on until it is stopped, and reports what is lost
};

enum class DeviceState { unprovisioned, provisioned, bootloader, secured, unknown };

/// One claim of one source about a device.
struct Evidence {
  std::string fact;  ///< such as "name", "ecosystem", "mdns.txt.md"
  Value value;
  std::string source;
  double confidence = 1;  ///< 0 to 1: how sure the source can be
  std::string reason;     ///< "" where the value speaks for itself
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// One physical device (schema "aiot.device/1"): of each property the most confident claim; of
/// addresses, jobs and sources all. Texts are as the device sent them: escape them.
struct DeviceRecord {
  std::string id;         ///< twelve hexadecimal digits; stays while the device is known
  std::string name;       ///< as it calls itself, else what it is; may be empty
  std::string ecosystem;  ///< "" when there is no evidence of one
  std::optional<std::string> ecosystem_reason;
  DeviceState state = DeviceState::unknown;
  std::vector<std::string> jobs;   ///< of "flash", "pair", "ota", "listen", "bench": what applies
  std::vector<Address> addresses;  ///< the most useful first
  std::optional<std::string> vendor;
  std::optional<std::string> product;
  std::optional<std::string> model;
  std::optional<std::string> version;
  std::optional<std::string> serial;
  std::optional<std::uint64_t> vendor_id;      ///< in the numbering of the protocol it comes from
  std::optional<std::uint64_t> product_id;     ///< in the numbering of the protocol it comes from
  std::optional<std::uint64_t> discriminator;  ///< of Matter
  std::vector<std::string> hosts;
  std::vector<std::string> ips;
  std::vector<std::string> macs;  ///< lower case, with colons
  std::optional<int> rssi_dbm;    ///< the latest
  std::vector<std::string> sources;
  bool truncated = false;  ///< it has more services than are listed here
  Object facts;            ///< open: what else the device announces, each named SOURCE.FACT
  std::vector<Evidence> evidence;
  std::optional<std::string> lost_reason;  ///< of "lost": gone, silent, filtered, merged
  std::optional<std::string> merged_into;  ///< the id of the device that it turned out to be
  friend bool operator==(const DeviceRecord&, const DeviceRecord&) = default;
};

enum class SourceState { ran, no_adapter, no_permission, daemon_missing, not_asked, failed };

/// What became of one source.
struct SourceReport {
  std::string name;
  SourceState state = SourceState::ran;
  std::string detail;  ///< what was tried, on what
  std::string hint;    ///< what to do about it
};

/// Schema "aiot.discover/1".
struct Report {
  std::vector<DeviceRecord> devices;       ///< by ecosystem, name and id
  std::vector<SourceReport> sources = {};  ///< by name
  bool complete = true;                    ///< false when it was stopped before its time
  double seconds = 0;
};

/// Looks around. Each device is an event::Item ("found", "changed", "lost") with a DeviceRecord as
/// soon as it is known, `device` its id; the result has every device once, and what became of each
/// source. An empty result, a source that could not look and a stop are no errors. Errors are a
/// filter or a source's name that are not valid, and a capture that cannot be read.
AIOT_API Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop);

/// A source's name and what it finds, in one line.
struct SourceInfo {
  std::string name;
  std::string description;
};
AIOT_API std::vector<SourceInfo> sources();
/// Schema "aiot.discover.list/1".
struct SourceList {
  std::vector<SourceInfo> sources;
};

AIOT_API SchemaInfo schema_of(const DeviceRecord& record);
AIOT_API SchemaInfo schema_of(const Report& report);
AIOT_API SchemaInfo schema_of(const SourceList& list);
AIOT_API void describe(FieldVisitor& v, Evidence& evidence);
AIOT_API void describe(FieldVisitor& v, DeviceRecord& record);
AIOT_API void describe(FieldVisitor& v, SourceReport& source);
AIOT_API void describe(FieldVisitor& v, Report& report);
AIOT_API void describe(FieldVisitor& v, SourceInfo& source);
AIOT_API void describe(FieldVisitor& v, SourceList& list);

/// "ran", "no adapter", …
AIOT_API std::string_view state_name(SourceState state);
AIOT_API std::string_view state_name(DeviceState state);

}  // namespace aiot::discover
