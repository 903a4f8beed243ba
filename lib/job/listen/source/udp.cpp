#include <fmt/format.h>

#include <optional>

#include "job/listen/error.hpp"
#include "job/listen/source.hpp"
#include "job/listen/source/local.hpp"
#include "net/error.hpp"
#include "net/resolve.hpp"

namespace aiot::listen {
namespace {
namespace asio = net::asio;

constexpr std::chrono::seconds udp_look_up_time{10};

/// Datagrams. An address of this machine, or a multicast group, is listened on; any other is a
/// device whose answers are heard.
class UdpSource final : public Source {
 public:
  explicit UdpSource(Address address) : address_(std::move(address)) {}

  net::Task<void> run(SourceContext& context) override {
    Result<void> opened = co_await open(context);
    AIOT_CO_CHECK(std::move(opened));
    while (true) {
      Result<net::Datagram> got = co_await socket_->receive(net::TimePoint::max());
      if (!got) co_return std::move(got).error();
      if (peer_ && got->from != *peer_) continue;
      Message message{.payload = to_string(got->payload)};
      if (!peer_) message.from = endpoint_text(got->from.address(), got->from.port());
      last_ = got->from;
      context.report(std::move(message));
    }
  }

  /// To the device; where all are heard, to the one that spoke last.
  net::Task<void> send(Bytes data) override {
    const auto to = peer_ ? peer_ : last_;
    if (!socket_ || !to) {
      co_return make_error(net::Errc::not_supported, "sending: nobody has spoken yet",
                           "name the device itself: udp://HOST:PORT");
    }
    co_return socket_->send(*to, data);
  }

 private:
  net::Task<void> open(SourceContext& context) {
    std::string host = address_.host;
    Result<asio::ip::address> found =
        co_await net::resolve(std::move(host), context.clock.now() + udp_look_up_time);
    if (!found) co_return std::move(found).error();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    if (is_local(*found)) {
      AIOT_CO_TRY(socket_, open_local(executor, *found, address_.port));
      if (address_.port == 0) {
        context.notice("listen.port",
                       fmt::format("listening on {}", endpoint_text(*found, socket_->port())), "");
      }
      co_return Result<void>();
    }
    if (address_.port == 0) {
      co_return make_error(Errc::bad_setting, address_.str() + ": the port is missing",
                           fmt::format("write it as udp://{}:PORT", address_.host));
    }
    net::UdpOptions options;
    options.v6 = found->is_v6();
    options.broadcast = true;
    AIOT_CO_TRY(socket_, net::UdpSocket::open(executor, options));
    peer_ = asio::ip::udp::endpoint(*found, address_.port);
    co_return Result<void>();
  }

  Address address_;
  std::optional<net::UdpSocket> socket_;
  std::optional<asio::ip::udp::endpoint> peer_;  // the only one that is heard
  std::optional<asio::ip::udp::endpoint> last_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_udp_source(const Address& address, const Request&) {
  AIOT_CHECK(check_settings(address, {}));
  return std::make_unique<UdpSource>(address);
}

}  // namespace aiot::listen
