#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/event.hpp"
#include "aiot/export.hpp"
#include "aiot/result.hpp"

/// Serves updates over TLS: files, and deployments to devices that poll.
namespace aiot::ota {

struct ServeRequest {
  std::string folder;  ///< what is served: a TUF repository, or any files
  /// HOST:PORT, [HOST]:PORT or :PORT; port 0 takes a free one. Sockets that systemd hands over
  /// (LISTEN_FDS) are used instead.
  std::vector<std::string> listen = {":8443"};
  std::string certificate_file;  ///< PEM, with its chain
  std::string key_file;          ///< PEM, not encrypted
  /// Without the two above: makes a certificate of its own in `state_folder`, or uses the one
  /// there.
  bool self_signed = false;
  std::vector<std::string> names;  ///< of that certificate; none: localhost and this host's
  /// Authorities of client certificates. Without `tokens_file` every client needs one.
  std::string client_ca_file;
  /// Credentials of DDI clients; YAML: DEVICE: token, `gateway: token` for all. "": not asked for.
  std::string tokens_file;
  /// Artifacts beside those of the TUF repository; YAML: a section each with file, product,
  /// version, hardware.
  std::string artifacts_file;
  bool ddi = false;                        ///< hawkBit's Direct Device Integration
  std::chrono::seconds poll_interval{60};  ///< at which DDI clients shall poll
  /// Keeps DDI's devices and actions, and the own certificate. "": systemd's $STATE_DIRECTORY, else
  /// the user's state folder.
  std::string state_folder;
  std::string metrics_listen;  ///< HOST:PORT of /metrics, over plain HTTP; "": none
  bool access_events = false;  ///< an event::Item "access" (AccessRecord) for each request

  std::size_t connections = 10'000;        ///< at once
  std::size_t connections_of_peer = 256;   ///< of one address
  unsigned rate_of_peer = 200;             ///< connections and requests a second; 0: any number
  std::chrono::milliseconds idle{60'000};  ///< between two requests of a connection
};

/// The server listens. Schema "aiot.ota.serve.ready/1".
struct ServeReady {
  std::vector<std::string> urls;
  std::string metrics_url;
  std::string certificate_sha256;  ///< hexadecimal, of the DER
  std::string key_pin;             ///< "sha256//BASE64", as curl --pinnedpubkey
  std::string certificate_file;    ///< of a certificate that it made
  std::uint64_t artifacts = 0;     ///< that devices can be offered
};
AIOT_API SchemaInfo schema_of(const ServeReady&);
AIOT_API void describe(FieldVisitor& v, ServeReady& ready);

/// A request that is over. Schema "aiot.ota.access/1".
struct AccessRecord {
  std::string time;  ///< ISO 8601, UTC, of its end
  std::string peer;
  std::string client;  ///< common name of its certificate
  std::string device;  ///< of DDI
  std::string method;
  std::string target;
  std::uint64_t status = 0;
  std::uint64_t bytes = 0;  ///< of the answer's body
  bool whole = false;
  double seconds = 0;
  std::string tls;
  bool resumed = false;
  std::string user_agent;
};
AIOT_API SchemaInfo schema_of(const AccessRecord&);
AIOT_API void describe(FieldVisitor& v, AccessRecord& record);

/// What a DDI device says about an update: an event::Item "device" of its own. What a device booted
/// is what `execution` "closed" with `finished` "success" says. Schema "aiot.ota.device/1".
struct DeviceStatus {
  std::string time;
  std::string device;
  std::uint64_t action = 0;
  std::string artifact;  ///< "PRODUCT VERSION"
  std::string version;
  std::string execution;  ///< of DDI: "proceeding", "closed", …
  std::string finished;   ///< "none", "success", "failure"
  std::vector<std::string> details;
};
AIOT_API SchemaInfo schema_of(const DeviceStatus&);
AIOT_API void describe(FieldVisitor& v, DeviceStatus& status);

/// Schema "aiot.ota.serve/1".
struct ServeReport {
  std::uint64_t connections = 0;
  std::uint64_t refused_connections = 0;
  std::uint64_t handshakes_full = 0;
  std::uint64_t handshakes_resumed = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused_requests = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t devices = 0;  ///< that DDI knows
  std::uint64_t updated = 0;  ///< actions that ended in success, in this run
  std::uint64_t failed = 0;
  double seconds = 0;
};
AIOT_API SchemaInfo schema_of(const ServeReport&);
AIOT_API void describe(FieldVisitor& v, ServeReport& report);

/// Serves until `stop` is requested, which is success; answers that are under way may end first.
/// SIGHUP reads the certificate, the tokens and the artifacts again, and drops no connection.
/// `ready` comes once, before the first client is accepted.
AIOT_API Result<ServeReport> serve(const ServeRequest& request,
                                   const std::function<void(const ServeReady&)>& ready,
                                   EventSink& sink, std::stop_token stop);

}  // namespace aiot::ota
