#include "net/resolve.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <boost/asio/post.hpp>
#include <cstring>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>

#include "net/clock.hpp"

namespace aiot::net {
namespace {

using Addresses = std::vector<asio::ip::address>;

/// getaddrinfo() cannot be interrupted, and Asio's resolver joins the thread that waits for it when
/// the loop is destroyed. This one is left alone: what it finds then goes nowhere.
class LookUp {
 public:
  explicit LookUp(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  void start(std::function<void(Addresses)> handler) { handler_ = std::move(handler); }
  /// From here on nothing is posted to the executor.
  void forget() {
    const std::lock_guard lock(mutex_);
    handler_ = nullptr;
  }
  void finish(Addresses found) {
    const std::lock_guard lock(mutex_);
    if (!handler_) return;
    asio::post(executor_, [handler = std::move(handler_), found = std::move(found)]() mutable {
      handler(std::move(found));
    });
    handler_ = nullptr;
  }

 private:
  std::mutex mutex_;
  asio::any_io_executor executor_;
  std::function<void(Addresses)> handler_;
};

/// Forgets a look-up with the coroutine that waits for it, however that ends.
struct Forgetting {
  std::shared_ptr<LookUp> look_up;
  explicit Forgetting(std::shared_ptr<LookUp> l) : look_up(std::move(l)) {}
  ~Forgetting() { look_up->forget(); }
  Forgetting(const Forgetting&) = delete;
  Forgetting& operator=(const Forgetting&) = delete;
};

std::optional<asio::ip::address> address_of(const sockaddr* from) {
  if (from->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, from, sizeof v4);
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (from->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from, sizeof v6);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  return std::nullopt;
}

Addresses look_up_now(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // each address once
  addrinfo* found = nullptr;
  Addresses out;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return out;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (const auto address = address_of(each->ai_addr)) out.push_back(*address);
  }
  ::freeaddrinfo(found);
  return out;
}

}  // namespace

Task<Addresses> resolve_all(std::string host, TimePoint deadline) {
  boost::system::error_code not_literal;
  const asio::ip::address literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Addresses{literal};

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const Forgetting waiting(std::make_shared<LookUp>(executor));
  std::optional<std::string> no_thread;
  auto start = [look_up = waiting.look_up, &no_thread, host](auto handler) {
    look_up->start(std::move(handler));
    try {
      std::thread([look_up, host] { look_up->finish(look_up_now(host)); }).detach();
    } catch (const std::system_error& error) {
      no_thread = error.what();
      look_up->finish({});
    }
  };
  auto stop = [look_up = waiting.look_up] { look_up->forget(); };
  auto looked = co_await by_deadline<Addresses>(deadline, start, stop);
  if (!looked) co_return std::move(looked).error();
  if (no_thread) co_return make_error(Errc::io, "looking up " + host + ": " + *no_thread);
  auto [found] = *std::move(looked);
  if (found.empty()) {
    co_return make_error(Errc::not_found, host + ": no such host", "check the name's spelling");
  }
  co_return std::move(found);
}

Task<asio::ip::address> resolve(std::string host, TimePoint deadline) {
  Result<Addresses> found = co_await resolve_all(host, deadline);
  if (!found && found.error().code != Errc::not_found) {
    co_return std::move(found).error().with("looking up " + host);
  }
  if (!found) co_return std::move(found).error();
  co_return found->front();
}

}  // namespace aiot::net
