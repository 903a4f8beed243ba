#pragma once

#include <boost/asio/ip/udp.hpp>
#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/interfaces.hpp"
#include "net/datagram_engine.hpp"
#include "protocol/dnssd/message.hpp"

namespace aiot::dnssd {

/// One interface with one IP version: each is a network of its own to multicast DNS.
struct LinkId {
  unsigned interface = 0;
  bool v6 = false;
  friend auto operator<=>(const LinkId&, const LinkId&) = default;
};

/// 224.0.0.251 or ff02::fb, port 5353 (RFC 6762 section 3).
boost::asio::ip::udp::endpoint group_on(LinkId link);

/// What works on the links: engines without I/O, and where they send to.
class Station {
 public:
  virtual ~Station() = default;
  /// Something well-formed has come. A response is from port 5353 (RFC 6762 section 6).
  virtual void on_message(LinkId link, const Message& message,
                          const boost::asio::ip::udp::endpoint& from, net::TimePoint now) = 0;
  virtual void on_timer(net::TimePoint now) = 0;
  /// When on_timer() is due; TimePoint::max() when never.
  virtual net::TimePoint next_timer() const = 0;
};

/// The sockets of multicast DNS: on port 5353, bound to the groups so that a daemon beside keeps
/// all that is sent to the machine's own addresses; and on a port of our own for each IP version.
class Links final : private net::DatagramEngine {
 public:
  /// Opens what can be opened on these interfaces; links() has which. An interface without
  /// multicast is left out.
  static std::shared_ptr<Links> open(const boost::asio::any_io_executor& executor, net::Clock& clock,
                                     const std::vector<net::Interface>& interfaces);
  ~Links() override;

  const std::vector<LinkId>& links() const { return links_; }
  /// False when port 5353 could not be shared, so that only answers by unicast arrive.
  bool receives_groups() const { return receives_groups_; }
  /// "eth0 IPv4, eth0 IPv6"
  std::string text() const;

  /// To the group, from port 5353; from a port of our own where that is wanted or all there is.
  void send_to_group(LinkId link, ByteSpan payload, bool from_own_port = false);
  /// To one address, from port 5353 as answers must be.
  void send_to(LinkId link, const boost::asio::ip::udp::endpoint& to, ByteSpan payload);

  /// Starts to read all sockets for `station`, which is called, and kept alive, until close().
  void start(std::shared_ptr<Station> station);
  /// Nothing calls the station any more. Idempotent.
  void close();

 private:
  struct Socket {
    std::size_t number = 0;  // the driver's
    bool v6 = false;
    unsigned interface = 0;  // 0: all
    bool own_port = false;
  };

  Links() = default;
  void open_group(LinkId link);
  const Socket* socket_for(LinkId link, bool own_port) const;
  std::optional<LinkId> link_of(const net::Datagram& datagram) const;
  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override;
  std::optional<net::TimePoint> next_timer() const override;
  void on_timer(net::TimePoint now) override;
  std::optional<net::OutgoingDatagram> take_output() override { return std::nullopt; }

  std::shared_ptr<net::DatagramDriver> driver_;
  std::shared_ptr<Station> station_;
  std::vector<Socket> sockets_;
  std::vector<LinkId> links_;
  std::vector<std::string> names_;
  std::vector<std::pair<boost::asio::ip::address, LinkId>> own_addresses_;
  bool receives_groups_ = true;
};

}  // namespace aiot::dnssd
