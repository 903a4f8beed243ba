// TLS links against OpenSSL's s_server: whom they trust, what they tell, and their deadlines.
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>

#include "net/tcp_link.hpp"
#include "net/tls_link.hpp"
#include "peer/net_child.hpp"
#include "unit/net/real_loop.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

std::uint16_t unused_port() {
  using asio::ip::tcp;
  asio::io_context context;
  const tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

/// Certificates of an authority, made once.
struct Keys {
  TemporaryFolder folder;

  Keys() {
    make("ca", "/CN=test ca", "", "DNS:ca");
    make("stranger", "/CN=another ca", "", "DNS:ca");
    make("server", "/CN=server", "ca", "DNS:localhost,IP:127.0.0.1");
    make("named", "/CN=named", "ca", "DNS:device.example");
  }
  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  void make(const std::string& name, const std::string& subject, const std::string& issuer,
            const std::string& names) const {
    std::vector<std::string> command = {"openssl",
                                        "req",
                                        "-x509",
                                        "-newkey",
                                        "ec",
                                        "-pkeyopt",
                                        "ec_paramgen_curve:P-256",
                                        "-nodes",
                                        "-subj",
                                        subject,
                                        "-days",
                                        "2",
                                        "-keyout",
                                        path(name + ".key"),
                                        "-out",
                                        path(name + ".pem"),
                                        "-addext",
                                        "subjectAltName=" + names};
    if (!issuer.empty()) {
      for (const std::string& word : {std::string("-CA"), path(issuer + ".pem"),
                                      std::string("-CAkey"), path(issuer + ".key")}) {
        command.push_back(word);
      }
    }
    Child child(std::move(command));
    REQUIRE(child.wait() == 0);
  }
};

const Keys& keys() {
  static const Keys all;
  return all;
}

/// What s_server does with who connects: it sends each line back, reversed; or zeros without end.
enum class Says { reversed, flood };

class Server {
 public:
  explicit Server(const std::string& certificate, std::vector<std::string> more = {},
                  Says says = Says::reversed)
      : port_(unused_port()) {
    if (says == Says::reversed) more.emplace_back("-rev");
    std::vector<std::string> command = {
        "sh",
        "-c",
        says == Says::flood ? "exec \"$@\" 2>/dev/null </dev/zero" : "exec \"$@\" 2>/dev/null",
        "sh",
        "openssl",
        "s_server",
        "-accept",
        "127.0.0.1:" + std::to_string(port_),
        "-quiet",
        "-cert",
        keys().path(certificate + ".pem"),
        "-key",
        keys().path(certificate + ".key")};
    command.insert(command.end(), more.begin(), more.end());
    child_.emplace(std::move(command));
    const auto listens = [this]() -> Task<void> {
      const TimePoint end = in(20s);
      for (;;) {
        Result<std::unique_ptr<Link>> link = co_await TcpLink::open("127.0.0.1", port_, end);
        if (link) co_return Result<void>();
        if (steady_clock().now() > end) co_return std::move(link).error();
        Result<void> slept = co_await steady_clock().sleep_for(10ms);
        AIOT_CO_CHECK(std::move(slept));
      }
    };
    asio::io_context context;
    REQUIRE(run_real(context, listens));
  }
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  std::optional<Child> child_;
};

struct Fixture {
  asio::io_context context;

  Result<std::unique_ptr<Link>> open(std::uint16_t port, TlsOptions options,
                                     const std::string& host,
                                     std::chrono::milliseconds time = 20s) {
    Result<TlsContext> tls = TlsContext::make(options);
    REQUIRE(tls);
    return run_real(context, [&, host]() -> Task<std::unique_ptr<Link>> {
      Result<std::unique_ptr<Link>> plain = co_await TcpLink::open("127.0.0.1", port, in(20s));
      if (!plain) co_return plain;
      std::unique_ptr<Link> inner = *std::move(plain);
      Result<std::unique_ptr<Link>> link =
          co_await TlsLink::open(std::move(inner), *tls, host, in(time));
      co_return link;
    });
  }
  static TlsOptions trusting(const std::string& authority = "ca") {
    TlsOptions out;
    out.ca_file = keys().path(authority + ".pem");
    return out;
  }
  std::string refusal(std::uint16_t port, TlsOptions options, const std::string& host) {
    auto link = open(port, std::move(options), host);
    if (link) return "trusted";
    CHECK(link.error().code == Errc::untrusted);
    CHECK(link.error().condition() == Condition::refused_security);
    return link.error().message();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "bytes go there and back, more than a record holds") {
  const Server server("server");
  auto link = open(server.port(), trusting(), "localhost");
  REQUIRE(link);
  CHECK((*link)->info().kind == "tls");
  std::string line(100'000, 'a');
  line.front() = 'z';
  const auto talk = [&]() -> Task<Bytes> {
    Result<void> sent = co_await (*link)->write(as_bytes(line + "\n"), in(20s));
    AIOT_CO_CHECK(std::move(sent));
    Bytes back(line.size());
    std::size_t count = 0;
    while (count < back.size()) {
      Result<std::size_t> got =
          co_await (*link)->read_some(std::span(back).subspan(count), in(20s));
      AIOT_CO_CHECK(std::move(got));
      count += *got;
    }
    co_return back;
  };
  Result<Bytes> back = run_real(context, talk);
  REQUIRE(back);
  // s_server turns round what it reads at a time: every byte is there once.
  CHECK(std::count(back->begin(), back->end(), 'z') == 1);
  CHECK(std::count(back->begin(), back->end(), 'a') +
            std::count(back->begin(), back->end(), '\n') ==
        99'999);
  const auto quiet = [&]() -> Task<std::size_t> {
    Bytes buffer(64);
    for (;;) {
      Result<std::size_t> got = co_await (*link)->read_some(buffer, in(50ms));
      if (!got) co_return got;
    }
  };
  Result<std::size_t> nothing = run_real(context, quiet);
  REQUIRE(!nothing);
  CHECK(nothing.error().code == Errc::timed_out);
}

TEST_CASE_FIXTURE(Fixture, "the chain and the name decide") {
  const Server server("server");
  const std::uint16_t port = server.port();
  CHECK(open(port, trusting(), "localhost"));
  CHECK(open(port, trusting(), "127.0.0.1"));
  CHECK(refusal(port, trusting("stranger"), "localhost").find("certificate verify failed (") !=
        std::string::npos);
  CHECK(refusal(port, trusting(), "other.example").find("ostname mismatch") != std::string::npos);
  CHECK(refusal(port, trusting(), "127.0.0.2").find("IP address mismatch") != std::string::npos);
  CHECK(refusal(port, {}, "localhost").find("certificate verify failed (") != std::string::npos);
  const Server named("named");
  CHECK(refusal(named.port(), trusting(), "localhost").find("ostname mismatch") !=
        std::string::npos);
  CHECK(open(named.port(), trusting(), "device.example"));
}

TEST_CASE_FIXTURE(Fixture, "TLS 1.1 is not spoken, and what is no TLS is refused") {
  const Server old("server", {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  CHECK(refusal(old.port(), trusting(), "localhost") != "trusted");
  CHECK(open(Server("server", {"-tls1_2"}).port(), trusting(), "localhost"));

  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  acceptor.async_accept([](boost::system::error_code, asio::ip::tcp::socket socket) {
    boost::system::error_code ignored;
    socket.send(asio::buffer("220 this is no TLS\r\n"), 0, ignored);
  });
  CHECK(refusal(acceptor.local_endpoint().port(), trusting(), "localhost") != "trusted");
}

TEST_CASE_FIXTURE(Fixture, "a silent other end ends the handshake at its deadline") {
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  const TimePoint begin = steady_clock().now();
  auto link = open(acceptor.local_endpoint().port(), trusting(), "localhost", 100ms);
  REQUIRE(!link);
  CHECK(link.error().code == Errc::timed_out);
  CHECK(steady_clock().now() - begin < 10s);
}

TEST_CASE_FIXTURE(Fixture, "a read ends at its deadline also while the other end sends on") {
  const Server server("server", {}, Says::flood);
  auto link = open(server.port(), trusting(), "localhost");
  REQUIRE(link);
  const TimePoint begin = steady_clock().now();
  std::size_t bytes = 0;
  Result<void> read = run_real(context, [&]() -> Task<void> {
    const TimePoint deadline = in(300ms);
    Bytes buffer(1000);  // a record is more: what is at hand already ends as well
    for (;;) {
      Result<std::size_t> got = co_await (*link)->read_some(buffer, deadline);
      AIOT_CO_TRY(const std::size_t count, std::move(got));
      bytes += count;
    }
  });
  REQUIRE(!read);
  CHECK(read.error().code == Errc::timed_out);
  CHECK(bytes > 0);
  CHECK(steady_clock().now() - begin < 5s);
}

TEST_CASE("files that cannot be used") {
  TlsOptions options;
  options.ca_file = keys().path("none.pem");
  const auto code = [&] {
    const Result<TlsContext> made = TlsContext::make(options);
    return made ? "fine" : made.error().stable_code();
  };
  CHECK(code() == "tls.certificate");
  options.ca_file = keys().path("ca.key");
  CHECK(code() == "tls.certificate");
  options.ca_file = keys().path("ca.pem");
  CHECK(code() == "fine");
  options.certificate_file = keys().path("server.pem");
  CHECK(code() == "tls.certificate");
  options.key_file = keys().path("named.key");
  CHECK(code() == "tls.certificate");
  options.key_file = keys().path("server.key");
  CHECK(code() == "fine");
  // An encrypted key asks nobody.
  Child lock({"openssl", "pkcs8", "-topk8", "-passout", "pass:secret", "-in",
              keys().path("server.key"), "-out", keys().path("locked.key")});
  REQUIRE(lock.wait() == 0);
  options.key_file = keys().path("locked.key");
  CHECK(code() == "tls.certificate");
}
