#include "job/pair/confirm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "core/mac.hpp"
#include "net/udp.hpp"
#include "protocol/dnssd/search.hpp"

namespace aiot::pair {
namespace {

using net::asio::ip::address;
using provisioning::Errc;

/// A device that has just joined may announce itself after some seconds.
constexpr std::chrono::seconds confirm_patience{30};
constexpr std::chrono::milliseconds look_interval{200};

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

/// The device's address by the neighbour table, once it is there.
std::optional<address> in_neighbours(const Sought& sought) {
  const net::Neighbours neighbours = net::Neighbours::read();
  if (!sought.ip) return sought.mac ? neighbours.find(*sought.mac) : std::nullopt;
  const auto mac = neighbours.find(*sought.ip);
  if (!mac || (sought.mac && mac != sought.mac)) return std::nullopt;
  return sought.ip;
}

bool is_own(const address& ip, const std::vector<net::Interface>& interfaces) {
  return ip.is_loopback() || std::ranges::any_of(interfaces, [&](const net::Interface& one) {
           return std::ranges::find(one.addresses, ip, &net::InterfaceAddress::address) !=
                  one.addresses.end();
         });
}

net::Task<address> find(const Sought& sought, const std::vector<net::Interface>& interfaces,
                        net::Clock& clock) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  const net::TimePoint deadline = clock.now() + confirm_patience;
  const auto links = dnssd::Links::open(executor, clock, interfaces);
  const auto station = std::make_shared<Announcements>(links, sought, clock.now());
  links->start(station);
  Result<address> found = make_error(Errc::not_found, "the device after it joined",
                                     "check that this host is on the same network");
  while (clock.now() < deadline) {
    if (sought.ip) provoke(executor, *sought.ip);
    auto at = station->at();
    if (!at) at = in_neighbours(sought);
    if (at) {
      found = *at;
      break;
    }
    const Result<void> slept = co_await clock.sleep_for(look_interval);
    if (!slept) {
      found = slept.error();
      break;
    }
  }
  links->close();
  co_return found;
}

}  // namespace

Sought sought_of(const PairResult& result) {
  Sought sought;
  boost::system::error_code error;
  const address ip = net::asio::ip::make_address(result.ip, error);
  if (!error) sought.ip = ip;
  sought.mac = parse_mac(result.id);
  sought.name = result.name;
  return sought;
}

bool is_sought(const dnssd::Service& service, const Sought& sought) {
  if (sought.ip && std::ranges::find(service.addresses, *sought.ip) != service.addresses.end()) {
    return true;
  }
  std::vector<std::string> names = {service.label(), service.host.text()};
  if (sought.mac) {
    for (const dnssd::Attribute& attribute : service.attributes) {
      if (attribute.value) names.push_back(*attribute.value);
    }
    const std::string digits = to_hex(*sought.mac);
    const auto has_mac = [&](const std::string& name) {
      return letters_and_digits(name).find(digits) != std::string::npos;
    };
    if (std::ranges::any_of(names, has_mac)) return true;
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
  const Sought sought = sought_of(attempt.result);
  if (!sought.ip && !sought.mac && sought.name.empty()) {
    co_return make_error(Errc::not_found, "the device reports no address, MAC or name",
                         "look for it without this command");
  }
  AIOT_CO_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
  if (sought.ip && is_own(*sought.ip, interfaces)) co_return Result<void>();
  if (sought.ip && !is_near(*sought.ip, interfaces)) {
    co_return make_error(Errc::wrong_subnet, attempt.result.ip,
                         "connect this host to the network that the device joined");
  }
  AIOT_CO_TRY(const address found, co_await find(sought, interfaces, attempt.run.clock()));
  attempt.result.ip = found.to_string();
  co_return Result<void>();
}

}  // namespace aiot::pair
