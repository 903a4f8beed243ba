#include "job/pair/confirm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "core/mac.hpp"
#include "net/udp.hpp"
#include "protocol/dnssd/search.hpp"
#include "protocol/miio/provision.hpp"

namespace aiot::pair {
namespace {

using net::asio::ip::address;
using provisioning::Errc;

/// A device that has just joined may announce itself after some seconds.
constexpr std::chrono::seconds confirm_patience{30};
constexpr std::chrono::milliseconds look_interval{200};
constexpr std::chrono::seconds hello_interval{1};
constexpr std::chrono::seconds sweep_after{2};
constexpr std::uint8_t local_mac_bit = 0x02;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return out;
}

/// Without what separates the digits of a MAC, and all else that names differ in.
std::string letters_and_digits(std::string_view text) {
  std::string out = lower(text);
  std::erase_if(out, [](char c) { return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')); });
  return out;
}

/// Asks on each link for all services, and remembers the address of one that is the device's.
class Announcements final : public dnssd::Search {
 public:
  Announcements(std::shared_ptr<dnssd::Links> links, const Sought& sought, net::TimePoint now)
      : Search(std::move(links), {}, now), sought_(sought) {}

  const std::optional<address>& at() const { return at_; }

 private:
  void found(dnssd::LinkId, dnssd::Service service) override {
    if (!service.addresses.empty() && is_sought(service, sought_)) {
      at_ = service.addresses.front();
    }
  }

  const Sought& sought_;
  std::optional<address> at_;
};

/// The kernel asks for the hardware address of whom a datagram is for.
void provoke(const net::asio::any_io_executor& executor, const address& ip) {
  net::UdpOptions options;
  options.v6 = ip.is_v6();
  auto socket = net::UdpSocket::open(executor, options);
  constexpr std::uint16_t discard_port = 9;
  if (socket) (void)socket->send({ip, discard_port}, Bytes{0});
}

/// The device's address by the neighbour table, once it answers there. What the kernel remembers
/// from earlier is asked again.
std::optional<address> in_neighbours(const net::asio::any_io_executor& executor,
                                     const Sought& sought) {
  const net::Neighbours neighbours = net::Neighbours::read();
  std::vector<net::Neighbour> rows;
  if (!sought.ip) {
    rows = neighbours.all([&](const net::MacAddress& mac) { return sought.has_mac(mac); });
  } else if (const auto row = neighbours.row(*sought.ip)) {
    if (sought.macs.empty() || sought.has_mac(row->mac)) rows.push_back(*row);
  }
  for (const net::Neighbour& row : rows) {
    if (row.answers) return row.address;
    provoke(executor, row.address);
  }
  return std::nullopt;
}

/// Makes the kernel ask for the hardware addresses on this host's small networks, some at a time,
/// over and over.
class Sweep {
 public:
  explicit Sweep(const std::vector<net::Interface>& interfaces) {
    for (const net::Interface& interface : interfaces) {
      for (const net::InterfaceAddress& own : interface.addresses) {
        if (interface.loopback || !own.address.is_v4() || own.prefix_bits < least_prefix_bits ||
            own.prefix_bits > 30) {
          continue;
        }
        const std::uint32_t mask = ~std::uint32_t{0} << (32 - own.prefix_bits);
        const std::uint32_t network = own.address.to_v4().to_uint() & mask;
        for (std::uint32_t host = network + 1; host < (network | ~mask); ++host)
          hosts_.emplace_back(host);
      }
    }
  }

  void step(const net::asio::any_io_executor& executor) {
    for (std::size_t i = 0; i < std::min(hosts_.size(), at_once); ++i) {
      provoke(executor, hosts_[next_]);
      next_ = (next_ + 1) % hosts_.size();
    }
  }

 private:
  static constexpr unsigned least_prefix_bits = 22;
  static constexpr std::size_t at_once = 16;

  std::vector<net::asio::ip::address_v4> hosts_;
  std::size_t next_ = 0;
};

bool is_own(const address& ip, const std::vector<net::Interface>& interfaces) {
  return ip.is_loopback() || std::ranges::any_of(interfaces, [&](const net::Interface& one) {
           return std::ranges::find(one.addresses, ip, &net::InterfaceAddress::address) !=
                  one.addresses.end();
         });
}

/// Looks for one device in all ways at once.
class Look {
 public:
  Look(const Sought& sought, const std::vector<net::Interface>& interfaces,
       const net::asio::any_io_executor& executor, net::Clock& clock,
       net::asio::ip::udp::endpoint miio_at)
      : sought_(sought),
        executor_(executor),
        clock_(clock),
        miio_at_(std::move(miio_at)),
        links_(dnssd::Links::open(executor, clock, interfaces)),
        station_(std::make_shared<Announcements>(links_, sought, clock.now())),
        sweep_(interfaces) {
    links_->start(station_);
  }

  net::Task<address> run() {
    Result<address> found = co_await look();
    links_->close();
    co_return found;
  }

 private:
  net::Task<address> look() {
    net::UdpOptions options;
    options.broadcast = true;
    Result<net::UdpSocket> socket = net::UdpSocket::open(executor_, options);
    if (!socket) co_return std::move(socket).error();
    const net::TimePoint begin = clock_.now();
    net::TimePoint next_hello = begin;
    while (clock_.now() < begin + confirm_patience) {
      if (clock_.now() >= next_hello) {
        next_hello = clock_.now() + hello_interval;
        AIOT_CO_CHECK(ask(*socket));
      }
      if (sought_.ip) provoke(executor_, *sought_.ip);
      // A device that speaks to nobody here is asked for its hardware address.
      if (clock_.now() >= begin + sweep_after && (sought_.mac_end || !sought_.macs.empty()))
        sweep_.step(executor_);
      if (const auto at = station_->at()) co_return *at;
      if (const auto at = in_neighbours(executor_, sought_)) co_return *at;
      const net::TimePoint until = clock_.now() + look_interval;
      for (;;) {
        Result<net::Datagram> got = co_await socket->receive(until);
        if (!got && got.error().code != net::Errc::timed_out) co_return std::move(got).error();
        if (!got) break;
        const auto reply = miio::decode_hello_reply(got->payload);
        const address from = got->from.address();
        if (reply && is_sought(*reply, from, net::Neighbours::read(), sought_)) co_return from;
      }
    }
    co_return make_error(Errc::not_found, "the device after it joined",
                         "check that this host is on the same network");
  }

  /// Where it was, and on all networks.
  Result<void> ask(net::UdpSocket& socket) {
    if (miio_at_.port() != 0 && miio_at_.address().is_v4()) {
      AIOT_CHECK(socket.send(miio_at_, miio::hello()));
    }
    return miio::send_hellos(socket, miio_at_.port() == 0 ? miio::udp_port : miio_at_.port());
  }

  const Sought& sought_;
  net::asio::any_io_executor executor_;
  net::Clock& clock_;
  net::asio::ip::udp::endpoint miio_at_;
  std::shared_ptr<dnssd::Links> links_;
  std::shared_ptr<Announcements> station_;
  Sweep sweep_;
};

}  // namespace

Sought sought_of(const PairResult& result, const Clues& clues) {
  Sought sought;
  boost::system::error_code error;
  const address ip = net::asio::ip::make_address(result.ip, error);
  if (!error) sought.ip = ip;
  if (const auto mac = parse_mac(result.id)) sought.macs.push_back(*mac);
  sought.name = result.name;
  sought.miio_id = clues.miio_id;
  if (clues.access_point) {
    // ESP's: that of the access point follows the station's, or has the local bit beside it
    // (esp_read_mac(), ESP-IDF and ESP8266).
    net::MacAddress station = *clues.access_point;
    const bool local = (station[0] & local_mac_bit) != 0;
    station[0] = static_cast<std::uint8_t>(station[0] & ~local_mac_bit);
    if (!local) --station[5];
    sought.macs.push_back(station);
  }
  const std::size_t at = result.name.rfind('_');
  if (at != std::string::npos && result.name.size() == at + 7) {
    const auto end = from_hex(std::string_view(result.name).substr(at + 1));
    if (end) sought.mac_end = {(*end)[0], (*end)[1], (*end)[2]};
  }
  return sought;
}

bool Sought::has_mac(const net::MacAddress& mac) const {
  if (std::ranges::find(macs, mac) != macs.end()) return true;
  return mac_end && std::equal(mac_end->begin(), mac_end->end(), mac.begin() + 3);
}

bool is_sought(const miio::HelloReply& reply, const address& from,
               const net::Neighbours& neighbours, const Sought& sought) {
  if (sought.miio_id) return reply.device_id == *sought.miio_id;
  if (sought.ip) return from == *sought.ip;
  const auto mac = neighbours.find(from);
  return mac && sought.has_mac(*mac);
}

bool is_sought(const dnssd::Service& service, const Sought& sought) {
  if (sought.ip && std::ranges::find(service.addresses, *sought.ip) != service.addresses.end()) {
    return true;
  }
  std::vector<std::string> names = {service.label(), service.host.text()};
  const auto has = [&](const std::string& digits) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return letters_and_digits(name).find(digits) != std::string::npos;
    });
  };
  // Only names are compared with half a MAC: a long text can contain any three bytes.
  if (sought.mac_end && has(to_hex(*sought.mac_end))) return true;
  for (const dnssd::Attribute& attribute : service.attributes) {
    if (attribute.value) names.push_back(*attribute.value);
  }
  for (const net::MacAddress& mac : sought.macs) {
    if (has(to_hex(mac))) return true;
  }
  if (sought.name.empty()) return false;
  const std::string name = letters_and_digits(sought.name);
  return !name.empty() && (letters_and_digits(service.label()) == name ||
                           letters_and_digits(service.host.labels().empty()
                                                  ? std::string()
                                                  : service.host.labels().front()) == name);
}

bool is_near(const address& ip, const std::vector<net::Interface>& interfaces) {
  if (is_own(ip, interfaces)) return true;
  const auto shares = [&](const net::InterfaceAddress& own) {
    if (own.address.is_v4() != ip.is_v4()) return false;
    const auto bits = [](const address& one) {
      if (one.is_v4()) {
        const auto bytes = one.to_v4().to_bytes();
        return Bytes(bytes.begin(), bytes.end());
      }
      const auto bytes = one.to_v6().to_bytes();
      return Bytes(bytes.begin(), bytes.end());
    };
    const Bytes a = bits(own.address);
    const Bytes b = bits(ip);
    for (unsigned i = 0; i < own.prefix_bits && i / 8 < a.size(); ++i) {
      if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0) return false;
    }
    return true;
  };
  return std::ranges::any_of(interfaces, [&](const net::Interface& one) {
    return std::ranges::any_of(one.addresses, shares);
  });
}

net::Task<void> confirm(Attempt& attempt) {
  const Sought sought = sought_of(attempt.result, attempt.clues);
  if (sought.empty()) {
    co_return make_error(Errc::not_found, "the device reports no address, MAC or name",
                         "look for it without this command");
  }
  AIOT_CO_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
  if (sought.ip && is_own(*sought.ip, interfaces)) co_return Result<void>();
  if (sought.ip && !is_near(*sought.ip, interfaces)) {
    co_return make_error(Errc::wrong_subnet, attempt.result.ip,
                         "connect this host to the network that the device joined");
  }
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  Look look(sought, interfaces, executor, attempt.run.clock(), attempt.clues.miio_at);
  Result<address> found = co_await look.run();
  if (!found) co_return std::move(found).error();
  attempt.result.ip = found->to_string();
  co_return Result<void>();
}

}  // namespace aiot::pair
