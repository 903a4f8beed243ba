#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Monitors device output: serial ports, the network, brokers, Bluetooth LE.
namespace aiot::listen {

/// How bytes without message borders are cut.
enum class Framing {
  line,  ///< at a line feed; a rest after `idle`
  idle,  ///< where nothing came for `idle`
  none,  ///< as they arrive: for somebody who watches
};

struct Request {
  Framing framing = Framing::line;
  std::chrono::milliseconds idle{200};
  std::uint32_t baud_bps = 115200;
  bool reset = false;                     ///< restart the device first, by its modem lines
  std::string filter;                     ///< expression: only messages that match are reported
  std::string expect;                     ///< RE2: ends with success at the first match
  std::string fail_on;                    ///< RE2: ends with Condition::mismatch at the first match
  std::chrono::milliseconds timeout{0};   ///< with `expect`: Condition::timeout after this long
  std::chrono::milliseconds duration{0};  ///< ends with success after this long; 0: does not
  std::uint64_t count = 0;                ///< ends with success after so many messages; 0: does not
  /// Comes back after an unplug or a lost connection. nullopt: as is usual for the kind of address;
  /// a connection that the other end closed in good order is its end.
  std::optional<bool> reconnect;
  std::string log_file;         ///< every message is appended there, too
  std::uint64_t log_bytes = 0;  ///< rotates beyond this size; 0: does not
  unsigned log_files = 5;       ///< how many are kept
  std::string elf_file;         ///< decodes the addresses of a panic
  /// How many messages Report::heard keeps, of at most 16 MiB in all; 0: none.
  std::size_t keep = 0;
  int mqtt_version = 5;         ///< 4: 3.1.1
  int mqtt_qos = 0;
  std::string mqtt_client_id;    ///< "" makes one up
  std::string credentials_file;  ///< YAML: user, password
  std::string keys_file;  ///< bind keys of encrypted adverts; YAML: address, key
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  /// Bytes for the devices, as they come: blocks until there are some, until they end or until the
  /// token is stopped; both give "". Called on a thread of its own. nullptr sends nothing.
  std::function<std::string(std::stop_token)> input;
};

/// Time of day, UTC, in microseconds.
using SystemTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// The source behind an address that a crash printed.
struct CodeLocation {
  std::string address;   ///< as it was printed
  std::string role;      ///< "backtrace", "abort", "stack", or a register's name: "MEPC"
  std::string function;  ///< demangled; "" is unknown, as below
  std::string file;
  unsigned line = 0;
  bool inlined = false;  ///< the code of a function inside the next location's
};

/// What a syslog message has beside its text (RFC 5424 6.2, RFC 3164 4.1); "" is not there.
struct Syslog {
  std::string facility;  ///< "daemon"
  std::string time;      ///< as it was sent
  std::string host;
  std::string app;      ///< APP-NAME or TAG
  std::string process;  ///< PROCID
  std::string id;       ///< MSGID
  Object structured;    ///< elements and their parameters
};

/// One message of a device. Every text is as the device sent it: hostile until escaped.
struct Message {
  std::string payload;        ///< any bytes, without the frame or the line end around them
  std::string topic = {};     ///< MQTT topic, characteristic; "" where the address has it
  std::string from = {};      ///< the sender, where an address has several: "10.0.0.4:514"
  std::string source = {};    ///< the address that was listened to
  std::optional<SystemTime> time = {};  ///< when it arrived; a message that was reported has one
  std::optional<int> severity = {};     ///< 0 emergency to 7 debug (RFC 5424 table 2)
  std::optional<int> qos = {};          ///< MQTT: 0 to 2
  std::optional<bool> retained = {};    ///< MQTT: an old value that the broker kept
  bool truncated = false;               ///< cut: a long line goes on in the next message
  /// What only one protocol has.
  Object mqtt = {};
  Object coap = {};
  Object ble = {};
  std::optional<Syslog> syslog = {};
  std::vector<CodeLocation> decoded = {};  ///< of a crash, with Request::elf_file
};
AIOT_API SchemaInfo schema_of(const Message&);
AIOT_API void describe(FieldVisitor& v, Message& message);
/// "2026-11-24T06:33:38.123456Z"
AIOT_API std::string format_time(SystemTime time);

/// What came from one address.
struct SourceResult {
  std::string address;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;      ///< of their payloads
  std::uint64_t truncated = 0;  ///< messages that were cut
  std::optional<Error> error;   ///< it could not be listened to, or not to the end
};

/// What ended it.
enum class EndedBy { expect, fail_on, timeout, count, duration, sources, stop };

struct Report {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;     ///< of their payloads
  std::uint64_t filtered = 0;  ///< messages that the filter did not want
  double seconds = 0;
  EndedBy ended_by = EndedBy::sources;
  std::optional<std::string> matched;      ///< the payload that `expect` or `fail_on` was found in
  std::optional<std::uint64_t> log_lost;   ///< lines missing in the log file
  std::vector<SourceResult> sources;       ///< in the order given
  std::optional<std::vector<Message>> heard;  ///< with Request::keep: the first messages
  /// The check failed (`expect`, `fail_on`), or the log file could not be written.
  std::optional<Error> error;
};
AIOT_API SchemaInfo schema_of(const Report&);
AIOT_API void describe(FieldVisitor& v, Report& report);

/// Listens to all addresses side by side until something ends it. Each message is an event::Item
/// ("message", schema "aiot.message/1", `device` the address) in the order of time. EventSink::
/// on_pause is called whenever nothing more is at hand. An error when nothing was tried. A stop is
/// no failure unless `expect` was not seen yet.
AIOT_API Result<Report> run(std::span<const Address> sources, const Request& request,
                            EventSink& sink, std::stop_token stop);

/// A scheme that run() takes: "tcp", "tcp://HOST:PORT", and a line about it. Sorted.
struct Scheme {
  std::string name;
  std::string form;
  std::string description;
};
AIOT_API std::vector<Scheme> schemes();

/// All of them, as a result.
struct Catalog {
  std::vector<Scheme> addresses;
};
AIOT_API SchemaInfo schema_of(const Catalog&);
AIOT_API void describe(FieldVisitor& v, Catalog& catalog);

}  // namespace aiot::listen
