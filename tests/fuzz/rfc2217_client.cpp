// The client of RFC 2217 on a connection whose server says what it likes, and then closes.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "net/rfc2217/link.hpp"
#include "net/tcp_link.hpp"

using namespace aiot;
namespace asio = net::asio;

namespace {

asio::awaitable<void> serve(net::TcpListener listener, ByteSpan text) {
  auto accepted = co_await listener.accept(net::TimePoint::max());
  if (!accepted) co_return;
  Result<void> written = co_await accepted->stream.write(text, net::TimePoint::max());
  (void)written;  // the client may have left
  accepted->stream.close();
}

asio::awaitable<void> talk(std::uint16_t port, std::size_t size) {
  std::string host = "127.0.0.1";
  const net::TimePoint deadline = net::steady_clock().now() + std::chrono::seconds(5);
  auto link = co_await net::rfc2217::RemoteSerialLink::open(std::move(host), port, 9600, deadline);
  if (!link) co_return;
  Result<void> set = co_await (*link)->set_baud(115200);
  (void)set;
  Result<void> discarded = co_await (*link)->discard_input();
  (void)discarded;
  Bytes buffer(512);
  std::size_t read = 0;
  for (;;) {
    Result<std::size_t> got = co_await (*link)->read_some(buffer, deadline);
    if (!got) break;
    read += *got;
  }
  if (read > size) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  asio::io_context context;
  auto listener = net::TcpListener::open(context.get_executor(),
                                         {asio::ip::address_v4::loopback(), 0});
  if (!listener) return 0;
  const std::uint16_t port = listener->port();
  asio::co_spawn(context, serve(*std::move(listener), ByteSpan(data, size)), asio::detached);
  asio::co_spawn(context, talk(port, size), asio::detached);
  context.run();
  return 0;
}
