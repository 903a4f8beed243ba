// libcoap's programs, as Debian has them, on both sides.
#include <doctest/doctest.h>
#include <net/if.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "job/discover/source.hpp"
#include "network_namespace.hpp"
#include "peer/served.hpp"
#include "protocol/coap/link_format.hpp"
#include "protocol/coap/server.hpp"
#include "protocol/coap/requester.hpp"
#include "skip.hpp"
#include "unit/job/discover/seen.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::coap;
using namespace std::chrono_literals;
namespace asio = net::asio;

namespace {

const char* const server_program = "/usr/bin/coap-server-notls";
const char* const client_program = "/usr/bin/coap-client-notls";

std::string missing(const char* program) {
  return ::access(program, X_OK) == 0
             ? ""
             : std::string(program) + " is not here: apt-get install libcoap3-bin";
}

/// GET of one path, with patience: the server may still be starting.
Result<Response> get_from_peer(asio::io_context& loop, const std::string& path) {
  Request request;
  request.path = path;
  const asio::ip::udp::endpoint server(asio::ip::address_v4::loopback(), default_port);
  return run_real(loop, [&] { return get(server, request, net::steady_clock(), in(25s)); });
}

}  // namespace

TEST_CASE("our client and libcoap's server: a directory, blocks, a separate response, observing") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (!missing(server_program).empty()) AIOT_SKIP(missing(server_program));
  const Child peer({server_program, "-A", "127.0.0.1"});
  REQUIRE(peer.running());
  asio::io_context loop;

  const Result<Response> core = get_from_peer(loop, "/.well-known/core");
  REQUIRE(core);
  CHECK(core->content_format == format::link);
  const auto links = parse_links(to_string(core->payload));
  REQUIRE(links);
  CHECK(std::any_of(links->begin(), links->end(), [](const Link& link) {
    return link.target == "/time" && link.find("obs") != nullptr;
  }));

  const Result<Response> blocks = get_from_peer(loop, "/example_data");
  REQUIRE(blocks);
  CHECK(blocks->payload.size() == 1500);
  CHECK(to_string(blocks->payload).starts_with("a123456789b123456789"));

  const Result<Response> separate = get_from_peer(loop, "/async");
  REQUIRE(separate);
  CHECK(to_string(separate->payload) == "done");
  CHECK(get_from_peer(loop, "/nothing").error().code == Errc::refused);

  int told = 0;
  const auto observe = [&]() -> net::Task<void> {
    Result<Session> session = co_await Session::open("127.0.0.1", default_port, net::steady_clock(), in(10s));
    if (!session) co_return std::move(session).error();
    Request request;
    request.path = "/time";
    request.observe = true;
    Result<void> started = session->start(std::move(request));
    AIOT_CO_CHECK(std::move(started));
    while (told < 3) {
      Result<Response> response = co_await session->next(in(20s));
      if (!response) co_return std::move(response).error();
      CHECK(response->observed);
      ++told;
    }
    co_return session->stop();
  };
  CHECK(run_real(loop, observe));
  CHECK(told == 3);
}

TEST_CASE("libcoap's client and our server: a directory with a filter, blocks, observing") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (!missing(client_program).empty()) AIOT_SKIP(missing(client_program));
  asio::io_context loop;
  Server server;
  const std::string hello = "hello";
  server.add(
      {"/hello", {{"rt", "greeting"}}, format::text, true, 2s, Bytes(hello.begin(), hello.end())});
  server.add({"/large", {}, format::octets, false, 60s, Bytes(3000, 'x')});
  REQUIRE(serve(loop, server, default_port));
  const auto ask = [&](const std::string& arguments) {
    return run_beside(loop, std::string(client_program) + " -v 3 " + arguments);
  };
  CHECK(ask("'coap://127.0.0.1/.well-known/core?rt=greet*'") == "</hello>;rt=\"greeting\";obs\n");
  CHECK(ask("coap://127.0.0.1/hello") == "hello\n");
  CHECK(ask("coap://127.0.0.1/large") == std::string(3000, 'x') + "\n");
  CHECK(ask("coap://127.0.0.1/none").find("4.04") != std::string::npos);
  // It observes for a second, then stops, which sends the value once more.
  CHECK(ask("-s 1 coap://127.0.0.1/hello").find("hello") != std::string::npos);
  // The client has ended; its last datagram may not have been read yet.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (server.observer_count() != 0 && std::chrono::steady_clock::now() < deadline) {
    loop.run_one_for(100ms);
  }
  CHECK(server.observer_count() == 0);
}

TEST_CASE("libcoap's server in the group of all CoAP nodes is found") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (!missing(server_program).empty()) AIOT_SKIP(missing(server_program));
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.ip("route add default via 10.77.0.2"));  // where libcoap joins
  const Child peer({server_program, "-g", "224.0.1.187"});
  REQUIRE(peer.running());
  asio::io_context loop;
  discover::Request request;
  std::vector<discover::Observation> seen;
  asio::cancellation_signal cancel;
  discover::SourceContext context{request, net::steady_clock(), in(25s),
                                  [&](discover::Observation o) {
                                    if (seen.empty())
                                      cancel.emit(asio::cancellation_type::terminal);
                                    seen.push_back(std::move(o));
                                  }};
  const auto source = discover::make_source("coap");
  bool ended = false;
  const auto work = [&]() -> net::Task<discover::SourceStatus> {
    co_await asio::this_coro::throw_if_cancelled(false);
    Result<discover::SourceStatus> status = co_await source->run(context);
    co_return status;
  };
  asio::co_spawn(loop, work,
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr&,
                                        const Result<discover::SourceStatus>&) { ended = true; }));
  while (!ended && loop.run_one() != 0) {
  }
  REQUIRE(!seen.empty());
  CHECK(seen[0].addresses ==
        std::vector<std::string>{"coap://10.77.0.1/example_data", "coap://10.77.0.1/time"});
}
