#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/clock.hpp"
#include "net/mqtt/error.hpp"

namespace aiot::net::mqtt {

/// A message for a broker.
struct Publication {
  std::string topic;  ///< without wildcards; up to 65,535 bytes
  std::string payload;
  int qos = 0;
  bool retained = false;
};

struct Options {
  std::string host;
  std::uint16_t port = 0;           ///< 0: 1883, or 8883 with TLS
  std::vector<std::string> topics;  ///< filters, with + and #; none: only publishes
  std::optional<Publication> will;  ///< published by the broker when we are gone without a goodbye
  int version = 5;                  ///< of the protocol: 5, or 4 for 3.1.1
  int qos = 0;                      ///< 0 to 2: the most that is asked for
  /// Names a session that the broker keeps while we are away. "" makes a name up; the broker then
  /// keeps what it holds for us for an hour at QoS 1 and 2 of version 5, and forgets us at close().
  std::string client_id;
  std::string user;
  std::string password;
  bool tls = false;
  std::string ca_file;           ///< "": the certificate authorities of this machine
  std::string certificate_file;  ///< ours, PEM; with its key
  std::string key_file;
};

/// One published message; its views live as long as the call.
struct Message {
  std::string_view topic;
  std::string_view payload;
  int qos = 0;
  bool retained = false;
  std::string content_type;  ///< of version 5, "" when not said
};

/// A client of a broker: MQTT 3.1.1 and 5.0 (OASIS) by libmosquitto, driven by this thread's loop.
class Client {
 public:
  /// Checks the options. Errc::bad_topic, Errc::bad_certificate, Condition::resource without the
  /// library.
  static Result<std::unique_ptr<Client>> make(Options options,
                                              std::function<void(const Message&)> on_message);
  ~Client();

  /// Connects, logs in and subscribes; also again after run() has ended. Link errors and Errc.
  Task<void> connect(TimePoint deadline);
  /// Hears messages until the connection is lost (Errc::link_lost) or it is cancelled.
  Task<void> run();
  /// The same once: until something was heard or sent, or until `end`; both are success.
  Task<void> work_until(TimePoint end);
  /// connect() again and again, with longer and longer pauses between, until the broker is there or
  /// says what waiting does not mend.
  Task<void> come_back(Clock& clock);

  /// Hands a message to the connection; for whoever does not wait in run() at the same time. What
  /// the socket does not take yet is sent by the next work_until(). Errc::bad_topic, link errors.
  Result<void> publish(const Publication& what);
  /// Messages wait for the socket: a flood should pause.
  bool is_congested() const;

  /// Errc::bad_topic for a name that nothing can be published under: empty, too long, + or # in it.
  static Result<void> check_topic(const std::string& topic);

  /// Says goodbye: the will is not published then. Idempotent.
  void close();

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  Task<void> subscribe(TimePoint deadline);
  Task<void> turn(TimePoint deadline);

  std::unique_ptr<State> state_;
};

}  // namespace aiot::net::mqtt
