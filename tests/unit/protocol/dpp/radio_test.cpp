#include "protocol/dpp/radio.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <filesystem>
#include <vector>

using namespace aiot;
using namespace aiot::dpp;
using provisioning::Errc;
using provisioning::Stage;

namespace {

namespace asio = net::asio;

class RadioStages final : public provisioning::Flow {
 public:
  void reached(Stage stage) override { list.push_back(stage); }
  void log(std::string) override {}
  std::vector<Stage> list;
};

/// wpa_supplicant's control socket: answers as README-DPP describes, and sends the events of a
/// script once DPP_AUTH_INIT has come.
class ControlSocket {
 public:
  ControlSocket(asio::io_context& context, std::vector<std::string> events)
      : events_(std::move(events)), socket_(context) {
    std::string name = (std::filesystem::temp_directory_path() / "aiot-wpa-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/wlan0";
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socket_.assign(fd);
    wait();
  }
  ~ControlSocket() { std::filesystem::remove_all(folder_); }

  const std::string& path() const { return path_; }
  std::vector<std::string> commands;
  std::string refuses;  ///< a command

 private:
  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](boost::system::error_code error) {
                         if (error) return;
                         take();
                         wait();
                       });
  }
  void take() {
    char buffer[2048];
    socklen_t length = sizeof from_;
    const ssize_t size = ::recvfrom(socket_.native_handle(), buffer, sizeof buffer, 0,
                                    reinterpret_cast<sockaddr*>(&from_), &length);
    if (size < 0) return;
    from_length_ = length;
    commands.emplace_back(buffer, static_cast<std::size_t>(size));
    const std::string& command = commands.back();
    if (!refuses.empty() && command.starts_with(refuses)) return say("FAIL\n");
    if (command.starts_with("DPP_QR_CODE")) {
      say("<2>CTRL-EVENT-SCAN-STARTED ");  // an event may come in front of an answer
      return say("7");
    }
    if (command.starts_with("DPP_CONFIGURATOR_ADD")) return say("3");
    say("OK\n");
    if (!command.starts_with("DPP_AUTH_INIT")) return;
    for (const std::string& event : events_) say("<3>" + event);
  }
  void say(const std::string& text) {
    ::sendto(socket_.native_handle(), text.data(), text.size(), 0,
             reinterpret_cast<const sockaddr*>(&from_), from_length_);
  }

  std::vector<std::string> events_;
  asio::posix::stream_descriptor socket_;
  std::string folder_;
  std::string path_;
  sockaddr_un from_{};
  socklen_t from_length_ = 0;
};

struct Radio {
  explicit Radio(std::vector<std::string> events) : socket(context, std::move(events)) {}

  Result<Enrolled> run(const WifiCredentials& wifi = {"home", "secret-pass", "wpa2", false}) {
    std::optional<Result<Enrolled>> outcome;
    auto control = net::WpaControl::open(context.get_executor(), socket.path());
    REQUIRE(control.has_value());
    auto work = [&]() -> asio::awaitable<void> {
      Result<Enrolled> enrolled = co_await configure_by_radio(*control, "DPP:C:81/1;K:MDkw;;", wifi,
                                                              net::steady_clock(), stages);
      outcome.emplace(std::move(enrolled));
    };
    asio::co_spawn(context, work, asio::detached);
    while (!outcome && context.run_one() != 0) {
    }
    return *std::move(outcome);
  }

  asio::io_context context;
  ControlSocket socket;
  RadioStages stages;
};

const std::string sent = "DPP-CONF-SENT wait_conn_status=1";
const std::string success = "DPP-AUTH-SUCCESS init=1";

}  // namespace

TEST_CASE("wpa_supplicant configures a device over radio") {
  Radio radio({"DPP-TX dst=02:00:00:00:01:00 freq=2412 type=0", success,
               "DPP-CONF-REQ-RX src=02:00:00:00:01:00", sent,
               "DPP-CONN-STATUS-RESULT result=0 ssid=home channel_list=81/1"});
  const auto enrolled = radio.run();
  REQUIRE(enrolled.has_value());
  CHECK(enrolled->joined);
  CHECK(radio.stages.list ==
        std::vector{Stage::found, Stage::authenticated, Stage::credentials_sent, Stage::joined});
  CHECK(radio.socket.commands ==
        std::vector<std::string>{
            "ATTACH", "DPP_QR_CODE DPP:C:81/1;K:MDkw;;", "DPP_CONFIGURATOR_ADD",
            "DPP_AUTH_INIT peer=7 configurator=3 conn_status=1 conf=sta-psk ssid=686f6d65 "
            "pass=7365637265742d70617373",
            "DPP_STOP_LISTEN", "DPP_BOOTSTRAP_REMOVE 7", "DPP_CONFIGURATOR_REMOVE 3", "DETACH"});
}

TEST_CASE("kinds of networks, for wpa_supplicant") {
  const std::pair<WifiCredentials, std::string> cases[] = {
      {{"h", "secret-pass", "wpa3", false}, "conf=sta-sae ssid=68 pass=7365637265742d70617373"},
      {{"h", "secret-pass", "", false}, "conf=sta-psk-sae ssid=68 pass=7365637265742d70617373"},
      {{"h", std::string(64, 'a'), "", false}, "conf=sta-psk ssid=68 psk=" + std::string(64, 'a')},
  };
  for (const auto& [wifi, conf] : cases) {
    Radio radio({success, "DPP-CONF-SENT "});
    const auto enrolled = radio.run(wifi);
    REQUIRE(enrolled.has_value());
    CHECK(!enrolled->joined);  // its version has no connection status
    CHECK(radio.socket.commands[3].ends_with(conf));
  }
}

TEST_CASE("what fails over radio has its cause, and leaves nothing behind") {
  const std::pair<std::vector<std::string>, Errc> cases[] = {
      {{"DPP-AUTH-INIT-FAILED "}, Errc::not_found},
      {{"DPP-NOT-COMPATIBLE r-capab=0x02"}, Errc::window_closed},
      {{"DPP-FAIL AES-SIV decryption failed"}, Errc::wrong_proof},
      {{success, "DPP-FAIL Invalid attribute in config request"}, Errc::protocol_violated},
      {{success, "DPP-CONF-FAILED "}, Errc::device_refused},
      {{success, sent, "DPP-CONN-STATUS-RESULT result=10 ssid= channel_list=N/A"},
       Errc::network_not_found},
      {{success, sent, "DPP-CONN-STATUS-RESULT result=2 ssid=home"}, Errc::network_refused},
      {{success, sent, "DPP-CONN-STATUS-RESULT result=999"}, Errc::protocol_violated},
  };
  for (const auto& [events, cause] : cases) {
    CAPTURE(events.back());
    Radio radio(events);
    const auto enrolled = radio.run();
    REQUIRE(!enrolled);
    CHECK(enrolled.error().code == cause);
    CHECK(enrolled.error().message().find("secret") == std::string::npos);
    CHECK(radio.socket.commands.back() == "DETACH");
    CHECK(radio.socket.commands[5] == "DPP_BOOTSTRAP_REMOVE 7");
  }
  for (const char* command : {"ATTACH", "DPP_QR_CODE", "DPP_CONFIGURATOR_ADD", "DPP_AUTH_INIT"}) {
    Radio radio({});
    radio.socket.refuses = command;
    const auto enrolled = radio.run();
    REQUIRE(!enrolled);
    CHECK(enrolled.error().code == Errc::unsupported_version);
    CHECK(enrolled.error().message().find("736563") == std::string::npos);
    CHECK(radio.socket.commands.back() == "DETACH");
  }
  Radio quiet({success, sent, "DPP-CONN-STATUS-RESULT timeout"});
  const auto enrolled = quiet.run();
  REQUIRE(enrolled.has_value());
  CHECK(!enrolled->joined);
}

TEST_CASE("a control socket that is not there") {
  asio::io_context context;
  CHECK(net::WpaControl::open(context.get_executor(), "/nonexistent/wlan0").error().code ==
        net::Errc::not_found);
  CHECK(net::WpaControl::open(context.get_executor(), std::string(200, 'a')).error().code ==
        net::Errc::not_found);
}
