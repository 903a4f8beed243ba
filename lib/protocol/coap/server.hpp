#pragma once

#include <deque>
#include <map>
#include <vector>

#include "net/datagram_engine.hpp"
#include "protocol/coap/link_format.hpp"
#include "protocol/coap/message.hpp"

namespace aiot::coap {

/// Something a server offers.
struct Resource {
  std::string path;                       ///< "/sensors/temp"
  std::vector<LinkAttribute> attributes;  ///< for /.well-known/core: {"rt", "temperature"}, …
  std::uint32_t content_format = format::text;
  bool observable = false;
  std::chrono::seconds max_age{60};
  Bytes value;  ///< sent in blocks of 1024 bytes when it is larger
};

/// The server's side of CoAP as an engine without I/O, for virtual devices and tests: GET of its
/// resources and of /.well-known/core with a filter (RFC 6690, 4.1), blocks (RFC 7959, 2.4),
/// confirmable notifications (RFC 7641, 4). A request that came to a group is answered only with
/// what was found (RFC 7252, 8.2).
class Server final : public net::DatagramEngine {
 public:
  /// `seed` makes message ids.
  explicit Server(std::uint32_t seed = 1) : next_id_(static_cast<std::uint16_t>(seed)) {}

  /// Adds a resource, or replaces the one of this path.
  void add(Resource resource);
  /// A new value, sent to the observers.
  void set_value(net::TimePoint now, std::string_view path, Bytes value);

  std::size_t observer_count() const { return observers_.size(); }
  static constexpr std::size_t max_observers = 32;

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override;
  std::optional<net::TimePoint> next_timer() const override;
  void on_timer(net::TimePoint now) override;
  std::optional<net::OutgoingDatagram> take_output() override;

 private:
  /// A client that observes a resource. One notification is on its way at a time; a newer value takes its
  /// place when it would be sent again, and inherits the count of tries and the time-out (RFC 7641,
  /// 4.5.2): one that never acknowledges gets five datagrams and is forgotten, however often the value
  /// changes. The address of an observation may be forged.
  struct Observer {
    net::asio::ip::udp::endpoint peer;
    Bytes token;
    std::string path;
    std::uint16_t id = 0;  ///< of the notification on its way
    Bytes sent;
    int sent_times = 0;
    bool outdated = false;  ///< the value has changed since
    net::Duration timeout{};
    std::optional<net::TimePoint> again_at;
  };

  Message answer(const MessageView& request, const net::Datagram& from);
  Message content(const MessageView& request, const Resource& resource) const;
  Resource directory(const MessageView& request) const;
  const Resource* find(std::string_view path) const;
  void observe(const MessageView& request, const Resource& resource,
               const net::asio::ip::udp::endpoint& peer, Message& reply);
  void forget(const net::asio::ip::udp::endpoint& peer, ByteSpan token);
  void notify(net::TimePoint now, Observer& observer);
  /// Makes the notification of the value as it is now.
  void compose(Observer& observer);
  void on_empty(net::TimePoint now, const MessageView& message,
                const net::asio::ip::udp::endpoint& peer);
  void send(const net::asio::ip::udp::endpoint& to, Bytes payload, unsigned interface = 0);

  std::vector<Resource> resources_;
  std::vector<Observer> observers_;
  std::uint32_t sequence_ = 2;  ///< of notifications, 24 bits
  std::uint16_t next_id_;
  std::deque<net::OutgoingDatagram> output_;
};

}  // namespace aiot::coap
