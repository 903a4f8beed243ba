#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <map>
#include <thread>

#include "aiot/bytes.hpp"
#include "aiot/sim.hpp"

using namespace aiot;

namespace {

// esptool documentation 5.3, "Serial Protocol": READ_REG of 0x40001000; an ESP32's answer.
constexpr const char* magic_request = "c0000a04000000000000100040c0";
constexpr const char* magic_reply = "c0010a0400831df00000000000c0";

/// Virtual devices that run while this lives.
class Running {
 public:
  explicit Running(sim::Request request) {
    const unsigned count = request.count;
    std::promise<void> all;
    auto ready = [this, count, &all](const sim::Ready& one) {
      devices.push_back(one);
      if (devices.size() == count) all.set_value();
    };
    thread_ = std::jthread([this, request, ready](const std::stop_token& stop) {
      result_ = sim::run(request, ready, null_sink(), stop);
    });
    all.get_future().wait();
  }
  Record stop() {
    thread_.request_stop();
    thread_.join();
    return *result_;
  }
  std::vector<sim::Ready> devices;

 private:
  Result<Record> result_ = Record{};
  std::jthread thread_;
};

/// Reads until `size` bytes are there; at most 10 s, so that a fault ends the test.
Bytes read_bytes(int fd, std::size_t size) {
  Bytes bytes;
  while (bytes.size() < size) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 10000) <= 0) break;
    std::uint8_t buffer[256];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    bytes.insert(bytes.end(), buffer, buffer + got);
  }
  return bytes;
}

int open_tty(const std::string& address, speed_t baud) {
  const int fd = ::open(address.substr(std::string("serial:").size()).c_str(), O_RDWR | O_NOCTTY);
  termios settings{};
  ::tcgetattr(fd, &settings);
  ::cfmakeraw(&settings);
  ::cfsetspeed(&settings, baud);
  ::tcsetattr(fd, TCSANOW, &settings);
  return fd;
}

std::string ask(int fd, std::string_view hex, std::size_t size) {
  const Bytes request = *from_hex(hex);
  REQUIRE(::write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  return to_hex(read_bytes(fd, size));
}

sim::Request request_for(std::string port) {
  sim::Request request;
  request.device = "esp32";
  request.port = std::move(port);
  request.profile = "fast";
  return request;
}

}  // namespace

TEST_CASE("a device on a pty outlives its client, and keeps its state") {
  Running running(request_for("pty"));
  REQUIRE(running.devices[0].address.starts_with("serial:/dev/pts/"));
  CHECK(running.devices[0].mac == "24:0a:c4:a1:07:00");
  for (int i = 0; i < 2; ++i) {
    const int fd = open_tty(running.devices[0].address, B115200);
    CHECK(ask(fd, magic_request, 14) == magic_reply);
    ::close(fd);
  }
  const Record record = running.stop();
  const Object& device = *record.fields.find("devices")->array()->at(0).object();
  CHECK(record.schema == "aiot.sim/1");
  CHECK(*device.find("chip")->string() == "esp32");
  CHECK(std::get<std::uint64_t>(device.find("bytes_in")->storage()) == 28);
  CHECK(std::get<std::uint64_t>(device.find("bytes_out")->storage()) == 28);
  CHECK(std::get<std::uint64_t>(device.find("commands")->storage()) == 2);
}

TEST_CASE("the client's rate on a pty counts") {
  Running running(request_for("pty"));
  const int fd = open_tty(running.devices[0].address, B115200);
  // CHANGE_BAUDRATE to 460800.
  CHECK(ask(fd, "c0000f080000000000 0008070000000000c0", 14) == "c0010f04000000000000000000c0");
  termios settings{};
  ::tcgetattr(fd, &settings);
  ::cfsetspeed(&settings, B460800);
  ::tcsetattr(fd, TCSANOW, &settings);
  CHECK(ask(fd, magic_request, 14) == magic_reply);
  ::close(fd);
}

TEST_CASE("several devices on TCP: own MACs, own private flash files, a fault each") {
  std::string directory = "/tmp/aiot-sim-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  sim::Request request = request_for("tcp:0");
  request.count = 3;
  request.flash_file = directory + "/flash.bin";
  request.flash_size = 256 * 1024;
  request.mac = "24:0a:c4:00:00:fe";
  request.faults = {"duplicate@detect"};
  Running running(request);
  std::map<std::string, int> macs;
  for (const sim::Ready& device : running.devices) {
    ++macs[device.mac];
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(
        std::stoi(device.address.substr(device.address.rfind(':') + 1))));
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    CHECK(ask(fd, magic_request, 28) == std::string(magic_reply) + magic_reply);
    ::close(fd);
    struct stat info {};
    CHECK(::stat(device.flash_file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(info.st_size == 256 * 1024);
    ::unlink(device.flash_file.c_str());
  }
  CHECK(running.devices[2].flash_file == directory + "/flash-3.bin");
  CHECK(macs.contains("24:0a:c4:00:00:fe"));
  CHECK(macs.contains("24:0a:c4:00:01:00"));
  const Record record = running.stop();
  for (const Value& device : *record.fields.find("devices")->array()) {
    const Array& fired = *device.object()->find("faults_fired")->array();
    REQUIRE(fired.size() == 1);
    CHECK(*fired[0].string() == "duplicate@detect");
  }
  ::rmdir(directory.c_str());
}

TEST_CASE("what cannot be run is said") {
  const auto code = [](sim::Request request) {
    const auto result = sim::run(request, [](const sim::Ready&) {}, null_sink(), {});
    return result ? std::string("ran") : result.error().stable_code();
  };
  sim::Request request = request_for("pty");
  request.device = "esp33";
  CHECK(code(request) == "sim.unknown-device");
  CHECK(code(request_for("com1")) == "sim.bad-port");
  CHECK(code(request_for("tcp:99999")) == "sim.bad-port");
  request = request_for("pty");
  request.count = 0;
  CHECK(code(request) == "sim.bad-count");
  request = request_for("pty");
  request.profile = "slowest";
  CHECK(code(request) == "sim.unknown-profile");
  request = request_for("pty");
  request.faults = {"reset@never"};
  CHECK(code(request) == "sim.bad-fault");
  request = request_for("pty");
  request.flash_file = "/nonexistent/flash";
  CHECK(code(request) == "sim.flash-file");
  request = request_for("pty");
  request.mac = "1:2";
  CHECK(code(request) == "sim.bad-mac");
}

TEST_CASE("devices, faults and profiles are listed") {
  CHECK(sim::devices().size() == 11);
  CHECK(sim::faults().size() == 17);
  CHECK(sim::profiles()[0].name == "default");
}
