#pragma once

#include <functional>
#include <vector>

#include "job/discover/subnet.hpp"
#include "net/clock.hpp"
#include "net/datagram_engine.hpp"

namespace aiot::discover {

/// When a protocol of one question asks whom: groups, broadcast addresses and single hosts at once,
/// then half a second and a second and a half later, since datagrams get lost; every address of the
/// subnets in turn, twice; and all of it again each minute, for whoever goes on watching.
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

}  // namespace aiot::discover
