#include "net/resolve.hpp"

#include <boost/asio/ip/udp.hpp>

#include "net/deadline.hpp"

namespace aiot::net {

Task<asio::ip::address> resolve(std::string host, TimePoint deadline) {
  using asio::ip::udp;
  using boost::system::error_code;
  error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return literal;

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto resolver = std::make_shared<udp::resolver>(executor);
  auto look_up = [resolver, host](auto handler) {
    resolver->async_resolve(
        host, "",
        [resolver, handler = std::move(handler)](const error_code& error,
                                                 udp::resolver::results_type found) mutable {
          handler(error, std::move(found));
        });
  };
  auto stop = [resolver] { resolver->cancel(); };
  auto looked =
      co_await by_deadline<error_code, udp::resolver::results_type>(deadline, look_up, stop);
  if (!looked) co_return std::move(looked).error().with("looking up " + host);
  const auto [error, found] = *looked;
  if (error || found.empty()) {
    co_return make_error(Errc::not_found, host + ": no such host", "check the name's spelling");
  }
  co_return found.begin()->endpoint().address();
}

}  // namespace aiot::net
