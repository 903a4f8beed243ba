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

/// Hears what devices say: serial, network, brokers, the air.
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
  std::string filter;                     ///< expression: only messages that match are told
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

/// An address that could not be listened to, or not to the end.
struct Failure {
  Address source;
  Error error;
};
struct Report {
  Record record;                  ///< schema "aiot.listen/1": what was heard, and what ended it
  std::vector<Failure> failures;  ///< of single sources
  /// The check failed (`expect`, `fail_on`), or the log file could not be written.
  std::optional<Error> error;
  bool checked = false;  ///< `expect` was seen: single sources' failures do not matter
};

/// Hears all addresses side by side until something ends it. Each message is an event::Item
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

}  // namespace aiot::listen
