#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aiot/listen.hpp"
#include "net/clock.hpp"
#include "net/link.hpp"

namespace aiot::listen {

/// What a source works with. Outlives its run. Everything is called on the loop's thread.
struct SourceContext {
  const Request& request;
  net::Clock& clock;
  /// Takes a message; source and time are stamped there. Cheap enough to be called 100,000 times a second.
  std::function<void(Message)> report;
  /// Something worth knowing that is no failure: lost, connected again. `code` is stable, dotted.
  std::function<void(std::string code, std::string text, std::string hint)> notice;
  /// net::open_link, or what a test puts in its place.
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};

/// One address: a session of its own, run beside the others on one loop.
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

/// A scheme and how it is listened to.
struct SourceKind {
  std::string_view scheme;
  std::string_view form;  ///< how it is written: "tcp://HOST:PORT"
  std::string_view what;  ///< one line, for people
  /// Checks the address; opens nothing.
  Result<std::unique_ptr<Source>> (*make)(const Address& address, const Request& request);
};
/// Every scheme there is, sorted. One line each: see source.cpp.
std::span<const SourceKind> source_kinds();

/// Errc::bad_setting when the address's query holds anything but `known`.
Result<void> check_settings(const Address& address, std::initializer_list<std::string_view> known);

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
