#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
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
  sim::Report stop() {
    thread_.request_stop();
    thread_.join();
    return *result_;
  }
  std::vector<sim::Ready> devices;

 private:
  Result<sim::Report> result_ = sim::Report{};
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

int connect_tcp(const std::string& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return fd;
}

/// True once these bytes, in hex, have come; false after 10 s of silence.
bool read_until(int fd, std::string_view hex) {
  std::string heard;
  while (heard.find(hex) == std::string::npos) {
    const Bytes byte = read_bytes(fd, 1);
    if (byte.empty()) return false;
    heard += to_hex(byte);
  }
  return true;
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
  const sim::Report report = running.stop();
  REQUIRE(report.devices.size() == 1);
  const sim::DeviceResult& device = report.devices.front();
  CHECK(schema_of(report).name == "aiot.sim/1");
  CHECK(device.chip == "esp32");
  CHECK(device.bytes_in == 28);
  CHECK(device.bytes_out == 28);
  CHECK(device.commands == 2);
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
    const int fd = connect_tcp(device.address);
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
  const sim::Report report = running.stop();
  CHECK(report.devices.size() == 3);
  for (const sim::DeviceResult& device : report.devices) {
    CHECK(device.faults_fired == std::vector<std::string>{"duplicate@detect"});
  }
  ::rmdir(directory.c_str());
}

TEST_CASE("a device that is unplugged keeps its number, and is back under it") {
  sim::Request request = request_for("pty");
  request.faults = {"drop@detect:200ms"};
  std::promise<sim::Ready> first;
  std::promise<sim::Ready> second;
  int said = 0;
  std::jthread thread([&](const std::stop_token& stop) {
    (void)sim::run(
        request, [&](const sim::Ready& one) { (++said == 1 ? first : second).set_value(one); },
        null_sink(), stop);
  });
  const sim::Ready before = first.get_future().get();
  const std::string path = before.address.substr(std::string("serial:").size());
  const int fd = open_tty(before.address, B115200);
  const Bytes asked = *from_hex(magic_request);
  REQUIRE(::write(fd, asked.data(), asked.size()) == static_cast<ssize_t>(asked.size()));
  CHECK(read_bytes(fd, 1).empty());  // hung up
  ::close(fd);
  const sim::Ready after = second.get_future().get();
  CHECK(after.number == 1);
  const int again = open_tty(after.address, B115200);
  CHECK(ask(again, magic_request, 14) == magic_reply);
  ::close(again);
}

TEST_CASE("a device that is unplugged for good is nowhere, and nobody gets its number") {
  sim::Request request = request_for("pty");
  request.faults = {"drop@detect:forever"};
  Running running(request);
  const std::string path = running.devices[0].address.substr(std::string("serial:").size());
  const int fd = open_tty(running.devices[0].address, B115200);
  const Bytes asked = *from_hex(magic_request);
  REQUIRE(::write(fd, asked.data(), asked.size()) == static_cast<ssize_t>(asked.size()));
  CHECK(read_bytes(fd, 1).empty());
  ::close(fd);
  CHECK(::open(path.c_str(), O_RDWR | O_NOCTTY) == -1);
  // The kernel gives the lowest number that is free: this one, were it not taken.
  const int other = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(other >= 0);
  char name[64] = {};
  REQUIRE(::ptsname_r(other, name, sizeof name) == 0);
  CHECK(name != path);
  ::close(other);
}

TEST_CASE("what a client had sent before it left does not keep the next one waiting") {
  // RFC 2217 and RFC 855: WILL COM-PORT; SET-BAUDRATE 300, and the server's confirmation.
  sim::Request request = request_for("rfc2217:0");
  request.profile = "default";
  Running running(request);
  const auto connect_at = [&](std::string_view rate) {
    const int fd = connect_tcp(running.devices[0].address);
    const Bytes opening = *from_hex("fffb2c fffa2c01" + std::string(rate) + "fff0");
    REQUIRE(::write(fd, opening.data(), opening.size()) == static_cast<ssize_t>(opening.size()));
    CHECK(read_until(fd, "fffa2c65" + std::string(rate) + "fff0"));
    return fd;
  };
  const int first = connect_at("0000012c");
  const Bytes backlog(30000, 0x55);  // 1,000 seconds of wire
  REQUIRE(::write(first, backlog.data(), backlog.size()) > 0);
  ::close(first);
  const int second = connect_at("0001c200");
  const Bytes asked = *from_hex(magic_request);
  REQUIRE(::write(second, asked.data(), asked.size()) == static_cast<ssize_t>(asked.size()));
  CHECK(read_until(second, magic_reply));
  ::close(second);
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
  request.count = sim::max_devices + 1;
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
  // Those of flash chips, and those of devices under test.
  const auto named = [](const auto& list, std::string_view name) {
    return std::any_of(list.begin(), list.end(), [&](const auto& row) { return row.name == name; });
  };
  CHECK(named(sim::faults(), "power-cut"));
  CHECK(named(sim::faults(), "wrong-rounding"));
  CHECK(named(sim::stages(), "sync"));
  CHECK(named(sim::stages(), "infer"));
  CHECK(sim::fault_grammar().starts_with("NAME[@WHERE][:ARGUMENT][:always]\n"));
  CHECK(sim::profiles()[0].name == "default");
}
