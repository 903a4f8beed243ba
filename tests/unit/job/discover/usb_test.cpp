
#include "job/discover/usb.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fnmatch.h>

#include <deque>
#include <fstream>
#include <regex>
#include <set>

#include "job/discover/usb_ids.hpp"
#include "paths.hpp"
#include "protocol/esp/device/device.hpp"
#include "seen.hpp"
#include "support/memory_link.hpp"
#include "support/virtual_clock.hpp"
#include "unit/net/fake_usb.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;

namespace {

net::UsbDevice usb_device(std::uint16_t vid, std::uint16_t pid,
                          std::vector<net::UsbInterface> interfaces = {}) {
  net::UsbDevice device;
  device.place = "1-1";
  device.vid = vid;
  device.pid = pid;
  device.interfaces = std::move(interfaces);
  return device;
}

/// A machine, what is plugged into it in the course of time, and the source that looks on.
struct Desk {
  TemporaryFolder folder;
  net::VirtualClock clock;
  Request request;
  std::vector<Observation> seen;
  std::deque<std::function<void()>> happenings;  // one a second
  UsbEnvironment environment;
  SourceStatus status;

  Desk() {
    environment.roots = {folder.path() / "sys", folder.path() / "dev"};
    environment.wait_for_change = [this](net::TimePoint until, net::Clock&) -> net::Task<void> {
      if (happenings.empty()) {
        AIOT_CO_CHECK(co_await clock.sleep_until(until));
        co_return make_error(net::Errc::timed_out);
      }
      AIOT_CO_CHECK(co_await clock.sleep_for(1s));
      happenings.front()();
      happenings.pop_front();
      co_return Result<void>();
    };
    environment.open = [](Address address,
                          net::OpenOptions) -> net::Task<std::unique_ptr<net::Link>> {
      co_return make_error(net::Errc::port_busy, address.path);
    };
  }

  void look(std::chrono::seconds time) {
    net::asio::io_context loop;
    const auto source = make_usb_source(environment);
    SourceContext context{request, clock, clock.now() + time,
                          [this](Observation o) { seen.push_back(std::move(o)); }};
    Result<SourceStatus> ended = clock.run(loop, [&] { return source->run(context); });
    REQUIRE(ended.has_value());
    status = *ended;
  }
};

/// Something on a serial port that never says a word.
class Silent final : public net::DeviceEngine {
 public:
  void on_bytes(net::TimePoint, ByteSpan) override {}
  void on_lines(net::TimePoint, bool, bool) override { ++line_changes; }
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return std::nullopt; }
  void on_timer(net::TimePoint) override {}
  Bytes take_output(net::TimePoint) override { return {}; }
  bool link_up() const override { return true; }
  int line_changes = 0;
};

}  // namespace

TEST_CASE("what a USB device is for is known by its ids") {
  CHECK(kind_of(usb_device(0x303A, 0x0002)).role == UsbRole::boot_loader);
  CHECK(kind_of(usb_device(0x303A, 0x1001)).role == UsbRole::chip);
  CHECK(kind_of(usb_device(0x2E8A, 0x0003)).role == UsbRole::uf2_loader);
  CHECK(kind_of(usb_device(0x0483, 0xDF11)).role == UsbRole::boot_loader);
  CHECK(kind_of(usb_device(0x1915, 0x521F)).role == UsbRole::boot_loader);
  CHECK(kind_of(usb_device(0x10C4, 0xEA60)).name == "CP210x");
  CHECK(kind_of(usb_device(0x1A86, 0x7523)).name == "CH340");
  CHECK(kind_of(usb_device(0x0403, 0x6001)).role == UsbRole::bridge);
  CHECK(kind_of(usb_device(0x1234, 0x5678)).role == UsbRole::other);
}

TEST_CASE("or by its interfaces") {
  CHECK(kind_of(usb_device(0x1209, 0x0001, {{0xFE, 1, 2}})).role == UsbRole::boot_loader);
  CHECK(kind_of(usb_device(0x1209, 0x0001, {{0xFE, 1, 1}})).role == UsbRole::dfu);
  // Adafruit Feather M4 in its boot loader (239a:0022) and in CircuitPython (239a:8022).
  CHECK(kind_of(usb_device(0x239A, 0x0022, {{8, 6, 0x50}})).role == UsbRole::uf2_loader);
  CHECK(kind_of(usb_device(0x239A, 0x8022, {{8, 6, 0x50}})).role == UsbRole::other);
}

TEST_CASE("what belongs to the desk is left out") {
  CHECK(!is_of_interest(usb_device(0x1D6B, 0x0002, {{9, 0, 0}})));
  CHECK(!is_of_interest(usb_device(0x046D, 0xC31C, {{3, 1, 1}})));
  CHECK(!is_of_interest(usb_device(0x0781, 0x5581, {{8, 6, 0x50}})));
  CHECK(is_of_interest(usb_device(0x1209, 0x0001, {{0xFE, 1, 2}})));
  CHECK(is_of_interest(usb_device(0x10C4, 0xEA60, {{0xFF, 0, 0}})));
}

TEST_CASE("no id is written twice, and ranges are in order") {
  std::set<std::pair<int, int>> seen;
  for (const UsbId& id : usb_ids()) {
    CHECK(id.first_pid <= id.last_pid);
    for (int pid = id.first_pid; pid <= id.last_pid; ++pid)
      CHECK_MESSAGE(seen.insert({id.vid, pid}).second, id.name);
  }
}

/// udev(7): alternatives of shell patterns.
bool matches(const std::string& alternatives, const std::string& value) {
  std::istringstream all(alternatives);
  for (std::string pattern; std::getline(all, pattern, '|');) {
    if (::fnmatch(pattern.c_str(), value.c_str(), 0) == 0) return true;
  }
  return false;
}

/// The rules of packaging/ pick a device: by its vendor, or by both ids.
bool rules_pick(std::uint16_t vid, std::uint16_t pid) {
  std::ifstream file(tests::source_dir() + "/packaging/60-aiotctl.rules");
  const std::regex rule(
      "ATTRS\\{idVendor\\}==\"([^\"]*)\", (?:ATTRS\\{idProduct\\}==\"([^\"]*)\", "
      ")?GOTO=\"aiotctl_device\"");
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, rule)) continue;
    const bool product = !found[2].matched || matches(found[2], fmt::format("{:04x}", pid));
    if (matches(found[1], fmt::format("{:04x}", vid)) && product) return true;
  }
  return false;
}

TEST_CASE("the udev rules pick every device that is known, and none of the desk") {
  for (const UsbId& id : usb_ids()) {
    for (int pid = id.first_pid; pid <= id.last_pid; ++pid)
      CHECK_MESSAGE(rules_pick(id.vid, static_cast<std::uint16_t>(pid)), id.name);
  }
  CHECK(rules_pick(0x303A, 0x4001));   // an application of Espressif's vendor id
  CHECK(!rules_pick(0x046D, 0xC31C));  // a keyboard
  CHECK(!rules_pick(0x0403, 0xBCD9));  // another device with FTDI's id
  CHECK(!rules_pick(0x1366, 0x1040));
}

TEST_CASE("an ESP's own port says its MAC") {
  net::UsbDevice device = usb_device(0x303A, 0x1001);
  device.serial = "70:04:1D:AA:BB:CC";
  device.manufacturer = "Espressif";
  SerialPort port;
  port.path = "/dev/ttyACM0";
  port.stable_path = "/dev/serial/by-id/usb-Espressif_70:04:1D:AA:BB:CC-if00";
  device.ports.push_back(port);
  const Observation seen = observe_usb(device, {}, true);
  CHECK(has_identity(seen, IdentityKind::mac, "70:04:1d:aa:bb:cc"));
  CHECK(has_identity(seen, IdentityKind::serial, "70:04:1D:AA:BB:CC"));
  CHECK(has_identity(seen, IdentityKind::port, port.stable_path));
  CHECK(seen.addresses == std::vector<std::string>{"serial:" + port.stable_path,
                                                   "usb:303a:1001?serial=70:04:1D:AA:BB:CC"});
  for (const std::string& address : seen.addresses) CHECK(parse_address(address).has_value());
  CHECK(text_fact(seen, "usb.kind") == "microcontroller");
  CHECK(text_fact(seen, "vendor") == "Espressif");
}

TEST_CASE("a device without words is named by the database, or by its ids") {
  const Observation named = observe_usb(usb_device(0x1209, 0x0002), {"Generic", "Test PID"}, true);
  CHECK(text_fact(named, "product") == "Test PID");
  CHECK(text_fact(named, "vendor") == "Generic");
  CHECK(text_fact(observe_usb(usb_device(0x1209, 2), {}, true), "product") ==
        "USB device 1209:0002");
  const Observation rom = observe_usb(usb_device(0x2E8A, 0x0003), {}, true);
  CHECK(text_fact(rom, "product") == "RP2040 boot ROM");
  CHECK(text_fact(rom, "state") == "boot loader");
  CHECK(rom.jobs.empty());
}

TEST_CASE_FIXTURE(Desk, "two adapters that say the same serial number are two devices") {
  FakeUsb{"1-1", "10c4", "ea60", "0001"}.plug_in(folder, "ttyUSB0");
  FakeUsb{"1-2", "10c4", "ea60", "0001"}.plug_in(folder, "ttyUSB1");
  look(1s);
  REQUIRE(seen.size() == 2);
  for (const Observation& one : seen) {
    for (const Identity& identity : one.identities) CHECK(identity.kind == IdentityKind::port);
    CHECK(one.addresses.back() == "usb:10c4:ea60");
  }
}

TEST_CASE_FIXTURE(Desk, "plugging in and out is reported, and the search ends at its deadline") {
  FakeUsb board{"1-3", "1a86", "7523", "", "", "USB Serial", {"ff0102"}};
  const FakeUsb loader{"1-3", "303a", "0002", "", "", "", {"020201"}};
  happenings.push_back([&] { board.plug_in(folder, "ttyUSB0"); });
  happenings.push_back([] {});
  happenings.push_back([&] { board.unplug(folder, "ttyUSB0"); });
  happenings.push_back([&] { loader.plug_in(folder); });
  look(10s);
  CHECK(clock.elapsed() == 10s);
  REQUIRE(seen.size() == 3);
  CHECK(text_fact(seen[0], "usb.chip") == "CH340");
  CHECK(!seen[0].gone);
  CHECK(seen[1].gone);
  CHECK(seen[1].identities.front().value == seen[0].identities.front().value);
  CHECK(text_fact(seen[2], "state") == "boot loader");
  CHECK(status.state == SourceState::ran);
}

TEST_CASE_FIXTURE(Desk, "a port that gets its lasting name later is the same device") {
  FakeUsb board{"1-3", "1a86", "7523"};
  board.plug_in(folder, "ttyUSB0");
  happenings.push_back(
      [&] { folder.link("../../ttyUSB0", "dev/serial/by-path/pci-0000-usb-0:3:1.0-port0"); });
  look(3s);
  REQUIRE(seen.size() == 2);
  CHECK(has_identity(seen[0], IdentityKind::port, "usb-place:1-3"));
  CHECK(has_identity(seen[1], IdentityKind::port, "usb-place:1-3"));
  CHECK(seen[1].addresses.front().ends_with("by-path/pci-0000-usb-0:3:1.0-port0"));
}

TEST_CASE_FIXTURE(Desk, "another device in the same place is another device") {
  const FakeUsb first{"1-3", "1a86", "7523", "A"};
  const FakeUsb second{"1-3", "1a86", "7523", "B"};
  first.plug_in(folder, "ttyUSB0");
  happenings.push_back([&] {
    first.unplug(folder, "ttyUSB0");
    second.plug_in(folder, "ttyUSB0");
  });
  look(3s);
  REQUIRE(seen.size() == 3);
  CHECK(seen[1].gone);
  CHECK(has_identity(seen[1], IdentityKind::serial, "A"));
  CHECK(has_identity(seen[2], IdentityKind::serial, "B"));
}

TEST_CASE_FIXTURE(Desk, "nothing is opened unless it is asked for") {
  FakeUsb{"1-1", "10c4", "ea60", "0001"}.plug_in(folder, "ttyUSB0");
  environment.open = [](Address, net::OpenOptions) -> net::Task<std::unique_ptr<net::Link>> {
    FAIL("a port was opened");
    co_return make_error(net::Errc::io);
  };
  look(2s);
  CHECK(seen.size() == 1);
}

TEST_CASE_FIXTURE(Desk, "a probe asks the chip, and lets it go") {
  FakeUsb{"1-1", "10c4", "ea60", "0001"}.plug_in(folder, "ttyUSB0");
  FakeUsb{"1-2", "1a86", "7523", ""}.plug_in(folder, "ttyUSB1");
  esp::device::Options options;
  options.chip = "esp32c3";
  options.mac = {0x24, 0x0A, 0xC4, 0x00, 0x00, 0x01};
  options.profile = *esp::device::find_profile("");
  auto device =
      esp::device::Device::make(std::move(options), *esp::device::FlashMemory::in_memory(4U << 20));
  REQUIRE(device.has_value());
  environment.open = [&](Address address,
                         net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    if (!address.path.ends_with("ttyUSB0"))
      co_return make_error(net::Errc::port_busy, address.path);
    co_return std::make_unique<net::MemoryLink>(clock, **device, open.baud_bps);
  };
  request.probe = true;
  look(10s);
  CHECK(clock.elapsed() == 10s);
  REQUIRE(seen.size() == 4);
  const Observation& busy = seen[2];
  CHECK(text_fact(busy, "usb.probe").find("the port is in use") != std::string::npos);
  const Observation& probed = seen[3];
  CHECK(text_fact(probed, "esp.chip") == "esp32c3");
  CHECK(has_identity(probed, IdentityKind::mac, "24:0a:c4:00:00:01"));
  CHECK(has_identity(probed, IdentityKind::serial, "0001"));
  CHECK(text_fact(probed, "state") == "");
}

TEST_CASE_FIXTURE(Desk, "a silent port is called off in time for the deadline") {
  FakeUsb{"1-1", "10c4", "ea60", "0001"}.plug_in(folder, "ttyUSB0");
  Silent device;
  request.probe = true;
  environment.open = [&](Address, net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    co_return std::make_unique<net::MemoryLink>(clock, device, open.baud_bps);
  };
  look(1s);
  CHECK(clock.elapsed() == 1s);
  REQUIRE(seen.size() == 2);
  CHECK(text_fact(seen[1], "usb.probe").find("the time was over") != std::string::npos);
}
