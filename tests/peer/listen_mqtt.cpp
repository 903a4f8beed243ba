// The MQTT source against Debian's mosquitto: what it publishes arrives whole, and what can go
// wrong is told apart.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <functional>
#include <set>

#include "aiot/listen.hpp"
#include "net/tcp_link.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace std::chrono_literals;

namespace {

constexpr const char* server_program = "/usr/sbin/mosquitto";
constexpr const char* publisher = "/usr/bin/mosquitto_pub";

bool missing() { return ::access(server_program, X_OK) != 0 || ::access(publisher, X_OK) != 0; }

std::uint16_t free_port() {
  using net::asio::ip::tcp;
  net::asio::io_context context;
  const tcp::acceptor acceptor(context, tcp::endpoint(net::asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

int run_program(std::vector<std::string> command) {
  Child child(std::move(command));
  return child.wait();
}

/// A broker with its own configuration, folder and port.
class Broker {
 public:
  explicit Broker(const std::string& lines) : port_(free_port()) {
    write("mosquitto.conf", "listener " + std::to_string(port_) +
                                " 127.0.0.1\nuser root\nlog_dest none\npersistence_location " +
                                folder_.path().string() + "/\n" + lines);
    start();
  }

  void start() {
    child_.emplace(std::vector<std::string>{server_program, "-c", path("mosquitto.conf")});
    net::asio::io_context context;
    const auto patient = [this]() -> net::Task<void> {
      const net::TimePoint deadline = in(30s);
      for (;;) {
        Result<net::FdStream> open = co_await net::tcp_connect("127.0.0.1", port_, deadline);
        if (open) co_return Result<void>();
        if (net::steady_clock().now() > deadline) co_return std::move(open).error();
        Result<void> slept = co_await net::steady_clock().sleep_for(10ms);
        AIOT_CO_CHECK(std::move(slept));
      }
    };
    REQUIRE(run_real(context, patient).has_value());
  }
  /// Ends it, and waits for that: what it keeps is on disk then.
  void stop() { child_.reset(); }
  /// The same with SIGKILL: only what was on disk already is kept.
  void kill() {
    child_->kill();
    child_.reset();
  }

  std::string path(const std::string& name) const { return folder_.path().string() + "/" + name; }
  void write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    folder_.write(name, text);
    ::chmod(path(name).c_str(), mode);
  }
  Address address(const std::string& topic, const std::string& scheme = "mqtt") const {
    return *parse_address(scheme + "://localhost:" + std::to_string(port_) + "/" + topic);
  }
  void publish(std::vector<std::string> words) const {
    std::vector<std::string> command = {publisher, "-h", "127.0.0.1", "-p", std::to_string(port_)};
    command.insert(command.end(), words.begin(), words.end());
    CHECK(run_program(std::move(command)) == 0);
  }

 private:
  TemporaryFolder folder_;
  std::uint16_t port_;
  std::optional<Child> child_;
};

struct Listener final : EventSink {
  std::function<void()> on_message = [] {};
  std::vector<Object> messages;
  std::set<std::string> notices;
  std::stop_source enough;
  void on_event(const Event& event) override {
    if (const auto* notice = std::get_if<event::Notice>(&event)) notices.insert(notice->code);
    const auto* item = std::get_if<event::Item>(&event);
    if (item == nullptr) return;
    messages.push_back(item->record.fields());
    on_message();
  }
  std::string text(std::size_t i, const char* field) const {
    return *messages.at(i).find(field)->string();
  }

  listen::Report run(const Address& address, const listen::Request& request) {
    const Address sources[] = {address};
    Result<listen::Report> report = listen::run(sources, request, *this, enough.get_token());
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : report.error().message()));
    return *std::move(report);
  }
};

/// Long enough for a machine that is busy with other things, and no test hangs.
listen::Request bounded(std::uint64_t count) {
  listen::Request request;
  request.count = count;
  request.duration = 60s;
  return request;
}

/// Of the one address.
const Error& failure(const listen::Report& report) {
  REQUIRE(report.sources.size() == 1);
  REQUIRE(report.sources.front().error.has_value());
  return *report.sources.front().error;
}
std::string failure_code(const listen::Report& report) {
  return report.sources.front().error ? failure(report).stable_code() : "";
}

}  // namespace

TEST_CASE("binary payloads, topics, wildcards and the retained flag survive") {
  if (missing()) AIOT_SKIP("mosquitto is not here: apt-get install mosquitto mosquitto-clients");
  Broker broker("allow_anonymous true\n");
  broker.write("payload", std::string("\xff\xfe\x00"
                                      "bin",
                                      6));
  broker.publish({"-t", "home/attic/raw", "-f", broker.path("payload"), "-r", "-q", "1"});
  broker.publish({"-t", "home/attic/other/deep", "-m", "not this", "-r"});
  for (const int version : {5, 4}) {
    CAPTURE(version);
    Listener listener;
    listen::Request request = bounded(2);
    request.mqtt_version = version;
    request.mqtt_qos = 1;
    listener.on_message = [&] {
      if (listener.messages.size() == 1)
        broker.publish({"-t", "home/cellar/raw", "-m", "21.5 \xc2\xb0"});
    };
    const listen::Report report = listener.run(broker.address("home/+/raw"), request);
    REQUIRE(listener.messages.size() == 2);
    CHECK(failure_code(report) == "");
    CHECK(listener.text(0, "topic") == "home/attic/raw");
    CHECK(listener.text(0, "payload") == std::string("\xff\xfe\x00"
                                                     "bin",
                                                     6));
    CHECK(std::get<bool>(listener.messages[0].find("retained")->storage()));
    CHECK(listener.text(1, "topic") == "home/cellar/raw");
    CHECK_FALSE(std::get<bool>(listener.messages[1].find("retained")->storage()));
  }
}

TEST_CASE("a wrong password, a forbidden topic and a port without MQTT are told apart") {
  if (missing()) AIOT_SKIP("mosquitto is not here: apt-get install mosquitto mosquitto-clients");
  Broker open("allow_anonymous true\n");  // only to have its folder before the other starts
  REQUIRE(run_program({"mosquitto_passwd", "-b", "-c", open.path("users"), "line", "right"}) == 0);
  open.write("rights", "user line\ntopic read allowed/#\n");
  ::chmod(open.path("users").c_str(), 0600);
  Broker broker("allow_anonymous false\npassword_file " + open.path("users") + "\nacl_file " +
                open.path("rights") + "\n");
  broker.write("wrong.yaml", "user: line\npassword: wrong\n");
  broker.write("right.yaml", "user: line\npassword: right\n");
  for (const int version : {5, 4}) {
    CAPTURE(version);
    listen::Request request = bounded(1);
    request.mqtt_version = version;
    request.credentials_file = broker.path("wrong.yaml");
    Listener listener;
    listen::Report report = listener.run(broker.address("allowed/#"), request);
    CHECK(failure_code(report) == "mqtt.login");
    CHECK(failure(report).condition() == Condition::refused_security);
    CHECK(failure(report).message().find("wrong") == std::string::npos);
  }
  ::chmod(broker.path("wrong.yaml").c_str(), 0644);
  listen::Request request = bounded(1);
  request.credentials_file = broker.path("wrong.yaml");
  Listener listener;
  const Address sources[] = {broker.address("allowed/#")};
  CHECK(listen::run(sources, request, listener, {}).error().condition() ==
        Condition::refused_security);
  request.credentials_file = broker.path("right.yaml");
  request.duration = 1s;
  CHECK(failure_code(listener.run(broker.address("allowed/#"), request)) == "");

  const Address nowhere = *parse_address("mqtt://127.0.0.1:" + std::to_string(free_port()) + "/x");
  CHECK(failure_code(listener.run(nowhere, request)) == "link.refused");
}

TEST_CASE("TLS: the authority and the client's certificate decide") {
  if (missing()) AIOT_SKIP("mosquitto is not here: apt-get install mosquitto mosquitto-clients");
  TemporaryFolder keys;
  const std::string at = keys.path().string() + "/";
  const auto make = [&](const std::string& name, const std::string& subject,
                        const std::string& issuer) {
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
                                        at + name + ".key",
                                        "-out",
                                        at + name + ".pem",
                                        "-addext",
                                        "subjectAltName=DNS:localhost"};
    if (!issuer.empty()) {
      for (const std::string& word : {std::string("-CA"), at + issuer + ".pem",
                                      std::string("-CAkey"), at + issuer + ".key"}) {
        command.push_back(word);
      }
    }
    CHECK(run_program(std::move(command)) == 0);
    ::chmod((at + name + ".key").c_str(), 0600);
  };
  make("ca", "/CN=test ca", "");
  make("stranger", "/CN=another ca", "");
  make("server", "/CN=localhost", "ca");
  make("client", "/CN=line-7", "ca");
  Broker broker("allow_anonymous true\nrequire_certificate true\ncafile " + at +
                "ca.pem\ncertfile " + at + "server.pem\nkeyfile " + at + "server.key\n");
  listen::Request request = bounded(1);
  request.ca_file = at + "ca.pem";
  request.certificate_file = at + "client.pem";
  request.key_file = at + "client.key";
  broker.publish({"-h", "localhost", "-t", "a/b", "-m", "hello", "-r", "--cafile", at + "ca.pem",
                  "--cert", at + "client.pem", "--key", at + "client.key"});
  Listener listener;
  CHECK(failure_code(listener.run(broker.address("a/#", "mqtts"), request)) == "");
  REQUIRE(listener.messages.size() == 1);
  CHECK(listener.text(0, "payload") == "hello");

  listen::Request stranger = request;
  stranger.ca_file = at + "stranger.pem";
  const listen::Report untrusted = listener.run(broker.address("a/#", "mqtts"), stranger);
  CHECK(failure_code(untrusted) == "mqtt.untrusted");
  CHECK(failure(untrusted).message().find("certificate verify failed") != std::string::npos);

  listen::Request nobody = request;
  nobody.certificate_file = nobody.key_file = "";
  const std::string refused = failure_code(listener.run(broker.address("a/#", "mqtts"), nobody));
  // Its alert may come before or after the end of the connection.
  CAPTURE(refused);
  CHECK((refused == "mqtt.untrusted" || refused == "link.lost"));
}

TEST_CASE("no message of QoS 1 is lost when the broker is restarted") {
  if (missing()) AIOT_SKIP("mosquitto is not here: apt-get install mosquitto mosquitto-clients");
  constexpr int half = 50;
  for (const int version : {5, 4}) {
    CAPTURE(version);
    Broker broker("allow_anonymous true\npersistence true\nautosave_interval 1\n");
    const auto publish = [&](int first) {
      std::string lines;
      for (int i = first; i < first + half; ++i) lines += std::to_string(i) + "\n";
      broker.write("lines", lines);
      Child sh({"sh", "-c",
                std::string("exec ") + publisher + " -h 127.0.0.1 -p \"$1\" -t n -q 1 -l < \"$2\"",
                "sh", std::to_string(broker.address("n").port), broker.path("lines")});
      CHECK(sh.wait() == 0);
    };
    Listener listener;
    listen::Request request = bounded(0);
    request.mqtt_qos = 1;
    request.mqtt_version = version;
    if (version == 4) request.mqtt_client_id = "line-7";
    broker.publish({"-t", "n", "-m", "begin", "-r", "-q", "1"});
    std::set<std::string> heard;  // one whose answer was lost comes again: at least once
    listener.on_message = [&] {
      if (listener.messages.size() == 1) publish(0);
      heard.insert(listener.text(listener.messages.size() - 1, "payload"));
      if (heard.size() == 2 * half + 1) listener.enough.request_stop();
      if (listener.messages.size() != half + 1) return;
      // The listener is away while the broker comes back and takes the rest.
      broker.stop();
      broker.start();
      publish(half);
    };
    const listen::Report report = listener.run(broker.address("n"), request);
    CHECK(failure_code(report) == "");
    CHECK(heard.size() == 2 * half + 1);
    // What is held for us comes with the session, perhaps before it is told that it is back.
    CHECK(listener.notices.contains("listen.lost"));
  }
}

TEST_CASE("a broker that is killed keeps the session, and nothing that it takes later is lost") {
  if (missing()) AIOT_SKIP("mosquitto is not here: apt-get install mosquitto mosquitto-clients");
  for (const int version : {5, 4}) {
    CAPTURE(version);
    Broker broker(
        "allow_anonymous true\npersistence true\nautosave_on_changes true\nautosave_interval 1\n");
    Listener listener;
    listen::Request request = bounded(0);
    request.mqtt_qos = 1;
    request.mqtt_version = version;
    if (version == 4) request.mqtt_client_id = "line-8";
    broker.publish({"-t", "n", "-m", "begin", "-r", "-q", "1"});
    std::set<std::string> seen;
    listener.on_message = [&] {
      seen.insert(listener.text(listener.messages.size() - 1, "payload"));
      if (seen.size() == 3) listener.enough.request_stop();
      if (listener.messages.size() != 1) return;
      // Our subscription has to be on disk before: each change is written.
      broker.publish({"-t", "n", "-m", "before", "-q", "1"});
      broker.kill();
      broker.start();
      broker.publish({"-t", "n", "-m", "after", "-q", "1"});
    };
    const listen::Report report = listener.run(broker.address("n"), request);
    CHECK(failure_code(report) == "");
    CHECK(seen == std::set<std::string>{"begin", "before", "after"});
    CHECK(listener.notices.contains("listen.lost"));
  }
}
