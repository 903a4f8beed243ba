#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/packet.hpp"
#include "net/link.hpp"
#include "net/tls_link.hpp"

namespace aiot::mqtt {

struct Options {
  std::string host;
  std::uint16_t port = 0;           ///< 0: 1883, or 8883 with TLS
  std::vector<std::string> topics;  ///< filters, with + and #; none: only publishes
  std::optional<Publication> will;  ///< published by the broker when we leave without DISCONNECT
  Version version = Version::v5;
  int qos = 0;  ///< 0 to 2: the most that is asked for
  /// Names a session that the broker keeps while we are away. "" makes a name up; the broker then
  /// keeps what it holds for us for an hour at QoS 1 and 2 of version 5, and until disconnect().
  std::string client_id;
  std::string user;
  std::string password;
  bool tls = false;
  std::string ca_file;           ///< "": the certificate authorities of this machine
  std::string certificate_file;  ///< ours, PEM; with its key
  std::string key_file;
  std::uint16_t keep_alive_s = 30;
  /// A larger packet ends the session. A buffer grows to this only with bytes that have arrived.
  std::uint32_t largest_packet_bytes = 16 * 1024 * 1024;
};

/// One published message; its views live as long as the call.
struct Message {
  std::string_view topic;
  std::string_view payload;
  int qos = 0;
  bool retained = false;
  Properties properties;  ///< of version 5: content type, response topic, user properties …
};

/// A client of a broker: MQTT 3.1.1 and 5.0 (OASIS) over one link, within fixed limits. It is one
/// session at a time, on one executor, and never blocks it.
class Client {
 public:
  using OnMessage = std::function<void(const Message&)>;
  /// Opens the transport, TLS and all: what a test puts in the network's place.
  using Connector = std::function<net::Task<std::unique_ptr<net::Link>>(net::TimePoint deadline)>;

  /// Checks the options and reads the files of TLS. Errc::bad_topic, Errc::bad_certificate.
  static Result<std::unique_ptr<Client>> make(Options options, OnMessage on_message,
                                              Connector connector = {});

  /// Connects, logs in and subscribes, also again after run() has ended; what was published at QoS
  /// 1 and 2 and not acknowledged is sent again. Link errors and Errc.
  net::Task<void> connect(net::TimePoint deadline);
  /// Receives messages until the connection is lost (net::Errc::link_lost), it is cancelled, or the
  /// broker breaks the protocol (Errc).
  net::Task<void> run();
  /// The same once: until something was received, or until `end`; both are success.
  net::Task<void> work_until(net::TimePoint end);
  /// connect() again and again, with longer and longer pauses between, until the broker is there or
  /// gives an answer that waiting does not change.
  net::Task<void> come_back(net::Clock& clock);

  /// Takes a message; work_until() sends it. For a caller that does not wait in run() at the same
  /// time. At QoS 1 and 2 it is kept until the broker acknowledges it, across connections.
  /// Errc::bad_topic, Errc::refused for what the broker does not support, Errc::too_large_to_send,
  /// net::Errc::link_lost.
  Result<void> publish(const Publication& what);
  /// Much waits to be sent: a flood should pause.
  bool is_congested() const;

  /// Errc::bad_topic for a name that cannot be published to: empty, too long, + or # in it.
  static Result<void> check_topic(const std::string& topic);

  /// Sends what waits and DISCONNECT (the will is not published then), and closes. Also after a
  /// cancellation, which it resets.
  net::Task<void> disconnect(net::TimePoint deadline);
  /// Closes at once; the broker publishes the will.
  void close();

 private:
  /// Bytes that have arrived and are not taken yet.
  class Input {
   public:
    std::span<std::uint8_t> space(std::size_t limit_bytes);
    void added(std::size_t count) { end_ += count; }
    ByteSpan bytes() const { return ByteSpan(storage_).subspan(begin_, end_ - begin_); }
    void take(std::size_t count) { begin_ += count; }
    void clear() { begin_ = end_ = 0; }

   private:
    Bytes storage_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
  };
  /// A message of ours of QoS 1 or 2 that is not acknowledged.
  struct Outgoing {
    enum class State { waiting, sent, released };
    std::uint16_t id = 0;
    Publication what;
    State state = State::waiting;
    bool duplicate = false;
  };
  /// What the broker said in CONNACK (3.2.2.3).
  struct Limits {
    std::uint32_t packet_bytes = largest_packet_bytes;
    std::uint16_t receive_maximum = 65'535;
    int qos = 2;
    bool retain = true;
  };

  Client(Options options, OnMessage on_message, Connector connector);

  std::string where() const;
  net::Task<void> log_in(net::TimePoint deadline);
  net::Task<void> subscribe(net::TimePoint deadline);
  net::Task<void> turn(net::TimePoint deadline);
  net::Task<void> flush(net::TimePoint deadline);
  net::Task<void> refuse(Error why);
  Result<void> stay_alive(net::TimePoint now);
  net::TimePoint next_ping() const;
  Result<void> take_input();
  Result<void> receive(const Connack& connack);
  Result<void> receive(const Publish& publish);
  Result<void> receive(const Ack& ack);
  Result<void> receive(const SubscribeAck& ack);
  Result<void> receive(const Pingresp& pong);
  Result<void> receive(const Notice& notice);
  Error refusal(const Connack& connack) const;
  void resume(bool session_present);
  void send_waiting();
  std::uint16_t next_id();
  void finish(std::uint16_t id);

  Options options_;
  OnMessage on_message_;
  Connector connector_;
  bool made_up_id_ = false;
  bool keeps_session_ = false;
  std::unique_ptr<net::Link> link_;
  Input input_;
  Bytes output_;
  Bytes writing_;

  // Of this connection.
  bool connected_ = false;
  bool flooded_ = false;  // the last read was short, and found something at once
  Limits limits_;
  net::Duration keep_alive_{};
  net::TimePoint sent_at_;
  net::TimePoint received_at_;
  std::optional<net::TimePoint> pinged_at_;  // and not answered
  std::vector<std::string> aliases_;         // [alias - 1]
  std::uint16_t subscribe_id_ = 0;           // of a SUBSCRIBE that is not answered
  Bytes granted_;

  // Of the session, which may outlive the connection.
  std::set<std::uint16_t> received_ids_;  // of QoS 2, whose PUBREL is to come
  std::deque<Outgoing> outgoing_;         // first those that are under way, then those that wait
  std::size_t under_way_ = 0;
  std::size_t outgoing_bytes_ = 0;
  std::uint16_t last_id_ = 0;
};

}  // namespace aiot::mqtt
