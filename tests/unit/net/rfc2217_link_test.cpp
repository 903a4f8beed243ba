// The client's end against a server that answers with literal bytes (pieces of what Debian's
// ser2net 4.3 sends). The real server is a peer test.
#include <doctest/doctest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/link.hpp"
#include "real_loop.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

struct Exchange {
  std::string when;  ///< hex: once this much has been received since the last answer …
  std::string say;   ///< … this is sent
};

/// A server that follows a list; it closes when it hears something else.
struct Fixture {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::string heard;  // what came after the list, in hex
  bool list_done = false;

  void serve(std::vector<Exchange> list) {
    asio::co_spawn(
        context,
        [this, list = std::move(list)]() -> asio::awaitable<void> {
          tcp::socket socket(context);
          boost::system::error_code error;
          auto token = asio::redirect_error(asio::use_awaitable, error);
          co_await acceptor.async_accept(socket, token);
          std::array<std::uint8_t, 512> buffer{};
          std::size_t step = 0;
          std::string pending;
          while (!error) {
            const std::size_t count = co_await socket.async_read_some(asio::buffer(buffer), token);
            pending += to_hex(ByteSpan(buffer).first(count));
            while (step < list.size() && pending.starts_with(list[step].when)) {
              pending.erase(0, list[step].when.size());
              const Bytes answer = from_hex(list[step++].say).value();
              co_await asio::async_write(socket, asio::buffer(answer), token);
            }
            list_done = step == list.size();
            if (list_done) heard += std::exchange(pending, {});
            if (step < list.size() && !list[step].when.starts_with(pending)) break;
          }
        },
        [](std::exception_ptr) {});
  }
  Result<std::unique_ptr<Link>> open() {
    const std::string text =
        "rfc2217://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "?baud=9600";
    return run_real(context, [address = *parse_address(text)]() -> Task<std::unique_ptr<Link>> {
      const OpenOptions options;
      Result<std::unique_ptr<Link>> link = co_await open_link(address, options);
      co_return link;
    });
  }
};

const Exchange hello = {"fffb2cfffb00fffd00fffb03fffd03",
                        "ff fd 2c ff fb 03 ff fd 03 ff fb 01 ff fd 00 ff fb 00"};
const Exchange settings = {
    "fffe01"  // DONT ECHO
    "fffa2c0208fff0fffa2c0301fff0fffa2c0401fff0fffa2c0501fff0"
    "fffa2c0100002580fff0",
    "ff fa 2c 66 08 ff f0 ff fa 2c 67 01 ff f0 ff fa 2c 68 01 ff f0"
    "ff fa 2c 69 01 ff f0 ff fa 2c 65 00 00 25 80 ff f0"};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "opening agrees on the option and sets the port up") {
  serve({hello, settings, {"01ffff02", "03 ff ff 04 ff fa 2c 6b b0 ff f0 05"}});
  auto link = open();
  REQUIRE(link);
  CHECK((*link)->info().kind == "rfc2217");
  CHECK((*link)->info().has_lines);
  Result<Bytes> back = run_real(context, [&]() -> Task<Bytes> {
    const Bytes data = {1, 0xFF, 2};
    Result<void> written = co_await (*link)->write(data, in(5s));
    AIOT_CO_CHECK(std::move(written));
    Result<Bytes> read = co_await read_exactly(**link, 4, in(5s));
    co_return read;
  });
  REQUIRE(back);
  CHECK(*back == Bytes{3, 0xFF, 4, 5});
}

TEST_CASE_FIXTURE(Fixture, "a rate that the server does not set is an error") {
  serve({hello, settings, {"fffa2c01000e1000fff0", "ff fa 2c 65 00 01 c2 00 ff f0"}});
  auto link = open();
  REQUIRE(link);
  Result<void> set = run_real(context, [&] { return (*link)->set_baud(921600); });
  REQUIRE(!set);
  CHECK(set.error().code == Errc::bad_baud);
  CHECK(set.error().context.find("stays at 115200") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "lines change in one burst that waits for no answer") {
  // DTR off, RTS on; then both turned in one piece; then DTR off. Nothing is ever answered.
  serve({hello, settings});
  auto link = open();
  REQUIRE(link);
  const std::vector<LineStep> steps = {
      {false, true, 1ms}, {true, {}, 0ms}, {{}, false, 1ms}, {false, {}, 0ms}};
  CHECK(run_real(context, [&] { return (*link)->set_lines(steps); }));
  const std::string expected =
      "fffa2c0509fff0fffa2c050bfff0"
      "fffa2c0508fff0fffa2c050cfff0"
      "fffa2c0509fff0";
  while (heard.size() < expected.size() && context.run_one_for(10s) != 0) {
  }
  CHECK(heard == expected);
}

TEST_CASE_FIXTURE(Fixture, "dropping input drops what came before the server's answer") {
  serve({hello, settings, {"fffa2c0c01fff0", "01 02 ff fa 2c 70 01 ff f0 03"}});
  auto link = open();
  REQUIRE(link);
  Result<Bytes> rest = run_real(context, [&]() -> Task<Bytes> {
    Result<void> dropped = co_await (*link)->discard_input();
    AIOT_CO_CHECK(std::move(dropped));
    Result<Bytes> read = co_await read_exactly(**link, 1, in(5s));
    co_return read;
  });
  REQUIRE(rest);
  CHECK(*rest == Bytes{3});
}

TEST_CASE_FIXTURE(Fixture, "data waits while the server asks for it") {
  serve({hello,
         settings,
         {"01", "ff fa 2c 6c ff f0 aa"},
         {"fffa2c0c01fff0", "ff fa 2c 70 01 ff f0"}});
  auto link = open();
  REQUIRE(link);
  const Bytes one = {1};
  CHECK(run_real(context, [&] { return (*link)->write(one, in(5s)); }));
  CHECK(run_real(context, [&] { return read_exactly(**link, 1, in(5s)); }));
  Result<void> waits = run_real(context, [&] { return (*link)->write(one, in(20ms)); });
  REQUIRE(!waits);
  CHECK(waits.error().code == Errc::timed_out);
}

TEST_CASE_FIXTURE(Fixture, "a server without RFC 2217 is named as one") {
  serve({{hello.when, "ff fe 2c"}});
  auto link = open();
  REQUIRE(!link);
  CHECK(link.error().code == Errc::protocol);
  CHECK(link.error().hint.find("tcp://127.0.0.1:") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a server that closes while it is greeted") {
  serve({{"00", ""}});
  auto link = open();
  REQUIRE(!link);
  CHECK(link.error().code == Errc::link_lost);
}

TEST_CASE_FIXTURE(Fixture, "reopening is patient with a server that takes the call and hangs up") {
  serve({hello, settings});
  auto link = open();
  REQUIRE(link);
  serve({{"00", ""}});
  serve({hello, settings});
  CHECK(run_real(context, [&] { return (*link)->reopen(in(10s)); }));
}
