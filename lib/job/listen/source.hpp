#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aiot/listen.hpp"
#include "net/clock.hpp"
#include "net/link.hpp"

namespace aiot::listen {

/// Time of day, UTC, in microseconds.
using SystemTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// One thing that was said. Every text is as the other end said it: hostile.
struct Message {
  std::string payload;     ///< any bytes, without the frame or the line end around them
  std::string topic = {};  ///< MQTT topic, characteristic; "" where the address says it
  std::string from = {};   ///< the sender, where the address is not its own: "10.0.0.4:514"
  std::optional<SystemTime> time = {};  ///< when it arrived, where the source knows better than now
  std::optional<int> qos = {};          ///< MQTT: 0 to 2
  std::optional<bool> retained = {};    ///< MQTT: an old value that the broker kept
  std::optional<int> severity = {};     ///< 0 emergency to 7 debug (RFC 5424 table 2)
  bool truncated = false;               ///< cut: a long line goes on in the next message
  /// What only this protocol says, an object under its name: {"syslog": {"host": …}}. Its fields
  /// can be filtered by: syslog.host=gw.
  Object details = {};
};

/// What a source works with. Outlives its run. Everything is called on the loop's thread.
struct SourceContext {
  const Request& request;
  net::Clock& clock;
  /// Tells a message; the time is stamped here. Cheap enough to be called 100,000 times a second.
  std::function<void(Message)> report;
  /// Something worth knowing that is no failure: lost, connected again. `code` is stable, dotted.
  std::function<void(std::string code, std::string text, std::string hint)> notice;
  /// net::open_link, or what a test puts in its place.
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};

/// One address that is listened to: a session of its own, run beside the others on one loop.
class Source {
 public:
  virtual ~Source() = default;
  /// Listens until the other end is done (success), until it is cancelled (Errc::cancelled), or
  /// until it cannot go on. What a patient user would wait for (an unplugged port, a broker that
  /// restarts) is waited for here, with a notice, as `Request::reconnect` says.
  virtual net::Task<void> run(SourceContext& context) = 0;
  /// Hands bytes to the device while run() is under way, on the same loop.
  /// net::Errc::not_supported where nothing can be sent.
  virtual net::Task<void> send(Bytes data);
};

/// A scheme and what listens to it.
struct SourceKind {
  std::string_view scheme;
  std::string_view form;  ///< how it is written: "tcp://HOST:PORT"
  std::string_view what;  ///< one line, for people
  /// Checks the address; opens nothing.
  Result<std::unique_ptr<Source>> (*make)(const Address& address, const Request& request);
};
/// Every scheme there is, sorted. One line each: see sources.cpp.
std::span<const SourceKind> source_kinds();

/// The source for an address. core::Errc::wrong_scheme names what can be listened to.
Result<std::unique_ptr<Source>> make_source(const Address& address, const Request& request);

/// A source's factory; each is defined in source/NAME.cpp.
Result<std::unique_ptr<Source>> make_stream_source(const Address& address, const Request& request);
Result<std::unique_ptr<Source>> make_udp_source(const Address& address, const Request& request);
Result<std::unique_ptr<Source>> make_syslog_source(const Address& address, const Request& request);
Result<std::unique_ptr<Source>> make_mqtt_source(const Address& address, const Request& request);
Result<std::unique_ptr<Source>> make_coap_source(const Address& address, const Request& request);
Result<std::unique_ptr<Source>> make_ble_source(const Address& address, const Request& request);

}  // namespace aiot::listen
