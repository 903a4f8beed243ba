#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "job/discover/source.hpp"
#include "net/datagram_engine.hpp"
#include "net/interfaces.hpp"

/// Searches over UDP: a protocol says whom to ask and what, and reads what comes.
namespace aiot::discover {

/// The addresses of an IPv4 network that devices can have, in their order.
class Subnet {
 public:
  /// "192.168.1.0/24", or one address. Errc::bad_subnet: not so written, or larger than a /16.
  static Result<Subnet> parse(const std::string& text);

  std::uint32_t size() const { return size_; }
  boost::asio::ip::address_v4 at(std::uint32_t index) const {
    return boost::asio::ip::address_v4(first_ + index);
  }

 private:
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
};

/// All of a request, or the error of the first that cannot be read.
Result<std::vector<Subnet>> parse_subnets(std::span<const std::string> texts);

/// The interfaces that a request asks for.
Result<std::vector<net::Interface>> asked_interfaces(const Request& request);

/// When a protocol of one question asks whom: groups, broadcast addresses and single hosts at once,
/// then half a second and a second and a half later, since datagrams get lost; every address of the
/// subnets in turn, twice; and all of it again each minute, as long as the search goes on.
class Questions {
 public:
  /// The datagram for the `round`th time, from 0: some protocols want each to be new.
  using Make = std::function<Bytes(unsigned round)>;

  Questions(Make make, std::uint16_t port, net::TimePoint begin)
      : make_(std::move(make)), port_(port), rounds_at_(begin), walk_at_(begin), begin_(begin) {}

  /// `interface` as UdpSocket::send has it.
  void add(const net::asio::ip::address& to, unsigned interface = 0);
  void add(const Subnet& subnet);

  /// When there is something to ask next.
  net::TimePoint next() const;
  /// What is to be asked now.
  std::vector<net::OutgoingDatagram> take(net::TimePoint now);

  std::uint64_t addresses() const { return addresses_; }
  /// How many addresses of the subnets have been asked at least once.
  std::uint64_t asked() const { return asked_; }

  /// Addresses a step, and the time between steps: 4000 a second fill no switch's table and no
  /// kernel's.
  static constexpr std::size_t step = 16;
  static constexpr std::chrono::milliseconds pace{4};

 private:
  struct Host {
    net::asio::ip::address address;
    unsigned interface = 0;
  };
  void take_round(net::TimePoint now, std::vector<net::OutgoingDatagram>& out);
  void take_steps(net::TimePoint now, std::vector<net::OutgoingDatagram>& out);

  Make make_;
  std::uint16_t port_;
  std::vector<Host> hosts_;
  std::vector<Subnet> subnets_;
  std::uint64_t addresses_ = 0;
  std::uint64_t asked_ = 0;
  unsigned round_ = 0;  ///< of the hosts
  net::TimePoint rounds_at_;
  unsigned pass_ = 0;  ///< of the subnets
  std::size_t subnet_ = 0;
  std::uint32_t index_ = 0;
  net::TimePoint walk_at_;
  net::TimePoint begin_;  ///< of the pass
};

/// What a search and the conversations that it starts share; these may outlive it.
struct UdpSearch {
  net::asio::any_io_executor executor;
  net::Clock& clock;
  net::TimePoint deadline;
  std::function<void(Observation)> sink;
  std::deque<net::OutgoingDatagram> outgoing = {};  ///< leaves by the socket that asks
  bool over = false;

  void report(Observation observation) {
    if (!over) sink(std::move(observation));
  }
};

/// A protocol of one question as discover knows it.
struct UdpProtocol {
  /// A datagram of a device.
  using Handler = std::function<void(const net::Datagram&)>;
  struct Asker {
    net::asio::ip::address address;  ///< unspecified, but with socket_per_address
    bool v6 = false;
  };
  enum class Listen {
    no,
    ports,   ///< on all its ports and groups, beside other programs
    groups,  ///< on its first port, for nothing but its groups and broadcasts
  };

  const net::UdpProtocol& wire;
  std::string_view description;
  std::function<Questions::Make(const Asker&)> question;
  /// Reads what comes. Without it, `decode` of the protocol's row does.
  std::function<Handler(std::shared_ptr<UdpSearch>)> handler = {};
  bool ask_broadcast = false;
  bool ask_own_addresses = false;  ///< groups do not reach servers of this machine that joined none
  bool ask_subnets = false;
  bool socket_per_address = false;  ///< the question names the address that it comes from
  Listen listen = Listen::no;
};
/// `decode` reads datagrams where the protocol has no handler.
std::unique_ptr<Source> make_udp_source(UdpProtocol protocol, Decoder decode);

/// A datagram as decoders take it; it views the datagram.
Packet packet_of(const net::Datagram& datagram);

/// Which documents behind URLs are fetched: each once, 16 at a time, 4096 in all. One that failed is
/// tried again with a later announcement, after a minute at the earliest, three times in all: a
/// device that announces itself every second is not asked every second.
class Fetches {
 public:
  /// True when `key` is to be fetched now; then ended() follows.
  bool begin(const std::string& key, net::TimePoint now);
  void ended(const std::string& key, bool well, net::TimePoint now);

 private:
  struct Fetch {
    bool under_way = false;
    int failures = 0;
    net::TimePoint not_before = net::TimePoint::min();
  };
  std::map<std::string, Fetch> known_;
  std::size_t under_way_ = 0;
};

/// What is owed to the sender of an answer to our question, which carried `token`, in a confirmable
/// CoAP message: an empty acknowledgement, each time it comes (RFC 7252, sections 4.2 and 8.2), so
/// that it is not sent again and again. nullopt for anything else; a stranger's message is not
/// answered.
std::optional<net::OutgoingDatagram> acknowledgement_of(const net::Datagram& datagram,
                                                        ByteSpan token);

}  // namespace aiot::discover
