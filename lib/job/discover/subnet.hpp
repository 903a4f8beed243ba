#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <span>
#include <string>
#include <vector>

#include "aiot/result.hpp"

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

}  // namespace aiot::discover
