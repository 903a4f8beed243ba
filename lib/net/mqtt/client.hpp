#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/clock.hpp"
#include "net/mqtt/error.hpp"

namespace aiot::net::mqtt {

struct Options {
  std::string host;
  std::uint16_t port = 0;           ///< 0: 1883, or 8883 with TLS
  std::vector<std::string> topics;  ///< filters, with + and #
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

/// A subscriber: MQTT 3.1.1 and 5.0 (OASIS) by libmosquitto, driven by this thread's loop.
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
  /// Says goodbye. Idempotent.
  void close();

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  Task<void> turn(TimePoint deadline);

  std::unique_ptr<State> state_;
};

}  // namespace aiot::net::mqtt
