// Debian's python3-serial (pySerial's rfc2217:// client) against our server's end.
#include <doctest/doctest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/rfc2217/server.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

constexpr const char* client = R"(
import serial, sys
port = serial.serial_for_url('rfc2217://127.0.0.1:' + sys.argv[1], baudrate=115200, timeout=10)
everything = bytes(range(256)) * 4
port.write(everything)
assert port.read(len(everything)) == everything, 'the echo differs'
port.baudrate = 921600
port.dtr = False
port.rts = True
port.dtr = True
port.rts = False
port.reset_input_buffer()
assert port.cts, 'CTS was not told'
assert not port.cd, 'CD was told'
port.write(b'end')
assert port.read(3) == b'end', 'the last echo differs'
port.close()
)";

/// Echoes data, and writes down everything else.
asio::awaitable<void> serve(tcp::acceptor& acceptor, std::string& log) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  tcp::socket socket(acceptor.get_executor());
  co_await acceptor.async_accept(socket, token);
  rfc2217::Server server("aiot");
  server.set_modem_state(0x10);
  std::array<std::uint8_t, 512> buffer{};
  while (!error) {
    const Bytes out = server.take_output();
    co_await asio::async_write(socket, asio::buffer(out), token);
    const std::size_t count = co_await socket.async_read_some(asio::buffer(buffer), token);
    for (const auto& action : server.on_bytes(ByteSpan(buffer).first(count))) {
      if (const auto* data = std::get_if<rfc2217::Data>(&action)) server.send(data->bytes);
      if (const auto* baud = std::get_if<rfc2217::Server::Baud>(&action)) {
        log += std::to_string(baud->baud_bps) + " ";
      }
      if (const auto* lines = std::get_if<rfc2217::Server::Lines>(&action)) {
        log += lines->dtr ? 'D' : 'd';
        log += lines->rts ? "R " : "r ";
      }
      if (std::get_if<rfc2217::Server::Purge>(&action)) log += "purge ";
    }
  }
}

}  // namespace

TEST_CASE("the RFC 2217 server's end with pySerial") {
  const std::string python = "/usr/bin/python3";
  {
    Child probe(
        {python, "-c", "import sys\ntry:\n import serial\nexcept ImportError:\n sys.exit(9)"});
    if (probe.wait() != 0) AIOT_SKIP("pySerial is not here: apt-get install python3-serial");
  }
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::string log;
  asio::co_spawn(context, serve(acceptor, log), [](std::exception_ptr) {});
  Child child({python, "-c", client, std::to_string(acceptor.local_endpoint().port())});
  REQUIRE(child.running());
  CHECK(child.wait(context, 60s) == 0);
  // pySerial raises both lines and purges both ways when it opens.
  CHECK(log == "Dr DR purge purge 921600 dR dR DR Dr purge ");
}
