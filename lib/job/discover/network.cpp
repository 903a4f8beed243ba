#include "job/discover/network.hpp"

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "job/discover/vendor.hpp"
#include "net/interfaces.hpp"
#include "net/udp.hpp"

namespace aiot::discover {
namespace {

namespace asio = net::asio;

constexpr std::uint16_t discard_port = 9;
constexpr std::size_t max_prompted = 4096;
constexpr std::size_t max_parsed = 4096;
constexpr std::chrono::milliseconds table_age{5};

bool on_network(const asio::ip::address& address, const net::InterfaceAddress& network) {
  if (address.is_v4() != network.address.is_v4()) return false;
  const auto same_prefix = [&](const auto& a, const auto& b) {
    for (unsigned bit = 0; bit < network.prefix_bits; ++bit) {
      const unsigned shift = 7 - bit % 8;
      if (((a[bit / 8] ^ b[bit / 8]) >> shift & 1U) != 0) return false;
    }
    return true;
  };
  return address.is_v4()
             ? same_prefix(address.to_v4().to_bytes(), network.address.to_v4().to_bytes())
             : same_prefix(address.to_v6().to_bytes(), network.address.to_v6().to_bytes());
}

class Neighbourhood {
 public:
  Neighbourhood(const asio::any_io_executor& executor, net::Clock& clock) : clock_(clock) {
    auto interfaces = net::list_interfaces();
    if (interfaces) interfaces_ = *std::move(interfaces);
    for (const bool v6 : {false, true}) {
      net::UdpOptions options;
      options.v6 = v6;
      auto socket = net::UdpSocket::open(executor, options);
      if (socket) (v6 ? v6_ : v4_).emplace(*std::move(socket));
    }
  }

  std::string mac_of(const std::string& ip) {
    const std::optional<asio::ip::address> parsed = parse(ip);
    if (!parsed || parsed->is_loopback() || parsed->is_multicast()) return {};
    const asio::ip::address& address = *parsed;
    if (const auto mac = neighbours().find(address)) return net::mac_text(*mac);
    if (prompted_.size() < max_prompted && is_near(address) && prompted_.insert(ip).second) {
      prompt(address);
    }
    return {};
  }

  bool is_own(const std::string& ip) {
    const std::optional<asio::ip::address> address = parse(ip);
    if (!address) return false;
    return address->is_loopback() || any_network([&](const net::InterfaceAddress& own) {
             return without_scope(own.address) == without_scope(*address);
           });
  }

 private:
  /// nullopt for what is no address. The same few come again and again, and for the scope of each
  /// the kernel is asked.
  std::optional<asio::ip::address> parse(const std::string& ip) {
    const auto known = parsed_.find(ip);
    if (known != parsed_.end()) return known->second;
    boost::system::error_code bad;
    const asio::ip::address address = asio::ip::make_address(ip, bad);
    const auto out = bad ? std::nullopt : std::optional(address);
    if (parsed_.size() < max_parsed) parsed_.emplace(ip, out);
    return out;
  }

  /// The table as it was a moment ago: one answer brings questions for many addresses.
  const net::Neighbours& neighbours() {
    const net::TimePoint now = clock_.now();
    if (!read_at_ || now - *read_at_ >= table_age) {
      neighbours_ = net::Neighbours::read();
      read_at_ = now;
    }
    return neighbours_;
  }

  template <class Test>
  bool any_network(const Test& test) const {
    for (const net::Interface& interface : interfaces_) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (test(own)) return true;
      }
    }
    return false;
  }

  bool is_near(const asio::ip::address& address) const {
    return any_network(
        [&](const net::InterfaceAddress& network) { return on_network(address, network); });
  }

  /// A capture, or a service's own words, do not say on which link a link-local address is.
  static asio::ip::address without_scope(asio::ip::address address) {
    if (address.is_v4()) return address;
    return asio::ip::address_v6(address.to_v6().to_bytes());
  }

  void prompt(const asio::ip::address& address) {
    auto& socket = address.is_v6() ? v6_ : v4_;
    if (socket) (void)socket->send({address, discard_port}, {});
  }

  net::Clock& clock_;
  std::vector<net::Interface> interfaces_;
  std::optional<net::UdpSocket> v4_;
  std::optional<net::UdpSocket> v6_;
  std::set<std::string> prompted_;
  std::map<std::string, std::optional<asio::ip::address>> parsed_;
  net::Neighbours neighbours_;
  std::optional<net::TimePoint> read_at_;
};

}  // namespace

Network this_network(asio::io_context& loop, net::Clock& clock) {
  auto neighbourhood = std::make_shared<Neighbourhood>(loop.get_executor(), clock);
  Network network;
  network.mac_of = [neighbourhood](const std::string& ip) { return neighbourhood->mac_of(ip); };
  network.is_own = [neighbourhood](const std::string& ip) { return neighbourhood->is_own(ip); };
  network.vendor_of = known_vendors();
  return network;
}

VendorOf known_vendors() {
  const auto makers = std::make_shared<VendorList>();
  return [makers](const std::string& mac) { return makers->vendor_of(mac); };
}

}  // namespace aiot::discover
