// Our RFC 2217 client against Debian's ser2net 4, which serves a pty.
#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>

#include "net/link.hpp"
#include "net/pty.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

std::string ser2net() {
  for (const char* path : {"/usr/sbin/ser2net", "/usr/bin/ser2net"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

/// A port that nobody is given while this lives; who asks for it by number may still listen there.
class ReservedPort {
 public:
  explicit ReservedPort(asio::io_context& context) : socket_(context, tcp::v4()) {
    socket_.set_option(tcp::socket::reuse_address(true));
    socket_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  }
  std::string number() const { return std::to_string(socket_.local_endpoint().port()); }

 private:
  using tcp = asio::ip::tcp;
  tcp::socket socket_;
};

Bytes read_device(const Pty& pty, std::size_t count) {
  Bytes out(count);
  std::size_t got = 0;
  while (got < count) {
    const ssize_t n = ::read(pty.master(), out.data() + got, count - got);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

}  // namespace

TEST_CASE("the RFC 2217 client with ser2net") {
  const std::string program = ser2net();
  if (program.empty()) AIOT_SKIP("ser2net is not here: apt-get install ser2net");
  asio::io_context context;
  TemporaryFolder folder;
  Pty pty = *Pty::open();
  const ReservedPort reserved(context);
  const std::string port = reserved.number();
  folder.write("ser2net.yaml",
               "%YAML 1.1\n---\nconnection: &device\n"
               "  accepter: telnet(rfc2217),tcp,127.0.0.1," +
                   port +
                   "\n"
                   "  enable: on\n"
                   "  connector: serialdev," +
                   pty.path() +
                   ",115200n81,local\n"
                   "admin:\n  accepter: stdio\n");
  Child server({program, "-n", "-u", "-c", folder.path() / "ser2net.yaml"});
  // Its administrator's prompt answers once the ports of its configuration are open.
  server.say("showport\r\n");
  REQUIRE(server.says("enable state: on"));

  const Address address = *parse_address("rfc2217://127.0.0.1:" + port + "?baud=57600");
  OpenOptions options;
  options.deadline = in(20s);
  auto opened = run_real(context, [&] { return open_link(address, options); });
  REQUIRE(opened);
  Link& link = **opened;
  CHECK(pty.client_baud() == 57600);

  Bytes all;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
  }
  CHECK(run_real(context, [&] { return link.write(all, in(10s)); }));
  CHECK(read_device(pty, all.size()) == all);
  REQUIRE(::write(pty.master(), all.data(), all.size()) == static_cast<ssize_t>(all.size()));
  Result<Bytes> back = run_real(context, [&] { return read_exactly(link, all.size(), in(10s)); });
  REQUIRE(back);
  CHECK(*back == all);

  for (const std::uint32_t baud : {9600U, 230400U, 921600U}) {
    CHECK(run_real(context, [&] { return link.set_baud(baud); }));
    CHECK(pty.client_baud() == baud);
  }
  // A pty has no lines to look at; the commands must leave the stream in order all the same.
  const std::vector<LineStep> reset = {
      {false, true, 10ms}, {true, false, 5ms}, {false, false, 0ms}};
  CHECK(run_real(context, [&] { return link.set_lines(reset); }));
  CHECK(run_real(context, [&] { return link.discard_input(); }));
  const Bytes marker = {0xFF, 0xFA, 0x2C, 0xFF, 0xF0};
  CHECK(run_real(context, [&] { return link.write(marker, in(10s)); }));
  CHECK(read_device(pty, marker.size()) == marker);

  CHECK(run_real(context, [&] { return link.reopen(in(20s)); }));
  CHECK(run_real(context, [&] { return link.write(marker, in(10s)); }));
  CHECK(read_device(pty, marker.size()) == marker);
}
