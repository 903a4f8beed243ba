#include "job/discover/subnet.hpp"

#include <boost/asio/ip/network_v4.hpp>

#include "job/discover/error.hpp"

namespace aiot::discover {
namespace {

namespace ip = boost::asio::ip;

/// 65,534 addresses are already half a minute's walk.
constexpr unsigned short shortest_prefix = 16;

Error bad(const std::string& text) {
  return make_error(Errc::bad_subnet, text, "write it as 192.168.1.0/24, from /16 to /32");
}

}  // namespace

Result<Subnet> Subnet::parse(const std::string& text) {
  boost::system::error_code error;
  const bool whole = text.find('/') != std::string::npos;
  const ip::network_v4 network = ip::make_network_v4(whole ? text : text + "/32", error);
  if (error || network.prefix_length() < shortest_prefix) return bad(text);
  Subnet out;
  out.first_ = network.network().to_uint();
  out.size_ = 1U << (32 - network.prefix_length());
  if (network.prefix_length() < 31) {
    // The first names the network, the last is its broadcast address.
    ++out.first_;
    out.size_ -= 2;
  }
  return out;
}

Result<std::vector<Subnet>> parse_subnets(std::span<const std::string> texts) {
  std::vector<Subnet> out;
  for (const std::string& text : texts) {
    AIOT_TRY(Subnet subnet, Subnet::parse(text));
    out.push_back(subnet);
  }
  return out;
}

}  // namespace aiot::discover
