#include "job/doctor/checks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace aiot;
using namespace aiot::doctor;
using namespace std::chrono_literals;

namespace {

/// A machine that is well: a serial port, a Bluetooth adapter, a Wi-Fi interface, all daemons.
struct Machine final : System {
  std::map<std::string, std::string> files = {
      {"/dev/ttyUSB0", ""},
      {"/dev/ttyS0", ""},
      {"/lib/systemd/system/bluetooth.service", ""},
      {"/lib/systemd/system/dbus.service", ""},
      {"/lib/systemd/system/NetworkManager.service", ""},
      {"/run/systemd/system/x", ""},
      {"/sys/class/bluetooth/hci0/address", ""},
      {"/sys/class/bluetooth/hci0:11/address", ""},
      {"/sys/class/net/wlan0/phy80211/name", ""},
      {"/sys/class/net/eth0/address", ""},
      {"/sys/class/rfkill/rfkill0/type", "bluetooth"},
      {"/sys/class/rfkill/rfkill0/soft", "0"},
      {"/sys/class/rfkill/rfkill0/hard", "0"},
      {"/sys/class/rfkill/rfkill1/type", "wlan"},
      {"/sys/class/rfkill/rfkill1/soft", "0"},
      {"/sys/class/rfkill/rfkill1/hard", "0"},
  };
  std::set<std::string> denied;
  std::string port_group = "dialout";
  Membership member = Membership::now;
  bool root = false;
  std::optional<std::set<std::string>> names =
      std::set<std::string>{"systemd", "bluetoothd", "NetworkManager", "dbus-daemon"};
  bool bus = true;
  std::optional<bool> powered = true;
  std::optional<bool> shares_mdns = true;
  std::optional<bool> synchronised = true;
  std::chrono::system_clock::time_point time =
      std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  std::string left;

  bool exists(const std::string& path) const override {
    return std::ranges::any_of(files, [&](const auto& file) {
      return file.first == path || file.first.starts_with(path + "/");
    });
  }
  std::string read(const std::string& path) const override {
    const auto it = files.find(path);
    return it == files.end() ? "" : it->second;
  }
  std::vector<std::string> entries(const std::string& folder) const override {
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    std::set<std::string> found;
    for (const auto& [path, text] : files) {
      if (!path.starts_with(prefix)) continue;
      const std::string rest = path.substr(prefix.size());
      found.insert(rest.substr(0, rest.find('/')));
    }
    return {found.begin(), found.end()};
  }
  bool may_use(const std::string& path) const override { return !denied.contains(path); }
  std::string group_of(const std::string&) const override { return port_group; }
  Membership membership(const std::string& group) const override {
    return group == "dialout" ? member : Membership::none;
  }
  std::string user() const override { return "alice"; }
  bool is_root() const override { return root; }
  std::optional<std::set<std::string>> processes() const override { return names; }
  bool accepts(const std::string& path) const override {
    return bus && path == "/run/dbus/system_bus_socket";
  }
  std::optional<bool> is_powered(const std::string&) const override { return powered; }
  std::optional<bool> can_share_mdns_port() const override { return shares_mdns; }
  std::optional<bool> clock_is_synchronised() const override { return synchronised; }
  std::chrono::system_clock::time_point now() const override { return time; }
  std::string wifi_left_behind() const override { return left; }

  Check check(std::string_view name) const {
    const Report report = examine(*this);
    const auto it = std::ranges::find(report.checks, name, &Check::name);
    REQUIRE(it != report.checks.end());
    return *it;
  }
  /// The other checks are as on the machine that is well.
  void faults_alone(std::string_view name, const std::string& fix) const {
    const Report report = examine(*this);
    CHECK_FALSE(report.ok());
    for (const Check& check : report.checks) {
      CAPTURE(check.name);
      CAPTURE(check.detail);
      CHECK((check.state == State::fault) == (check.name == name));
      if (check.name == name) CHECK(check.fix == fix);
    }
  }
  void remove(std::string_view prefix) {
    std::erase_if(files, [&](const auto& file) { return file.first.starts_with(prefix); });
  }
};

}  // namespace

TEST_CASE("a machine that is well has each check once, in order, and nothing to mend") {
  const Machine machine;
  const Report report = examine(machine);
  CHECK(report.ok());
  REQUIRE(report.checks.size() == check_names.size());
  for (std::size_t i = 0; i < check_names.size(); ++i) {
    CAPTURE(report.checks[i].detail);
    CHECK(report.checks[i].name == check_names[i]);
    CHECK(report.checks[i].state == State::ok);
    CHECK(report.checks[i].fix.empty());
    CHECK_FALSE(report.checks[i].detail.empty());
  }
}

TEST_CASE("a serial port without permission") {
  Machine machine;
  machine.denied = {"/dev/ttyUSB0"};
  machine.member = System::Membership::none;
  machine.faults_alone("serial-ports", "sudo usermod -aG dialout alice");
  SUBCASE("the group lists the user already") {
    machine.member = System::Membership::at_next_login;
    machine.faults_alone("serial-ports", "newgrp dialout");
  }
  SUBCASE("no group may use it") {
    machine.port_group = "";
    machine.files["/dev/ttyACM3"] = "";
    machine.denied.insert("/dev/ttyACM3");
    machine.faults_alone("serial-ports", "sudo setfacl -m u:alice:rw /dev/ttyACM3 /dev/ttyUSB0");
  }
  SUBCASE("one of two ports") {
    machine.files["/dev/ttyACM0"] = "";
    CHECK(machine.check("serial-ports").detail.find("/dev/ttyUSB0") != std::string::npos);
    CHECK(machine.check("serial-ports").detail.find("/dev/ttyACM0") == std::string::npos);
  }
}

TEST_CASE("no serial port is connected: the group is checked") {
  Machine machine;
  machine.remove("/dev/ttyUSB");
  CHECK(machine.check("serial-ports").state == State::ok);
  machine.member = System::Membership::none;
  CHECK(machine.check("serial-ports").state == State::warning);
  CHECK(machine.check("serial-ports").fix == "sudo usermod -aG dialout alice");
  machine.root = true;
  CHECK(machine.check("serial-ports").state == State::ok);
}

TEST_CASE("ModemManager") {
  Machine machine;
  machine.names->insert("ModemManager");
  CHECK(machine.check("modem-manager").state == State::warning);
  CHECK(machine.check("modem-manager").fix == "sudo systemctl disable --now ModemManager");
  CHECK(examine(machine).ok());
  machine.files["/lib/udev/rules.d/60-aiotctl.rules"] = "TAG+=\"uaccess\"";
  CHECK(machine.check("modem-manager").state == State::warning);
  machine.files["/lib/udev/rules.d/60-aiotctl.rules"] = "ENV{ID_MM_DEVICE_IGNORE}=\"1\"";
  CHECK(machine.check("modem-manager").state == State::ok);
}

TEST_CASE("brltty, and the adapter that it takes") {
  Machine machine;
  const std::string device = "/sys/bus/usb/devices/1-2/";
  machine.files[device + "idVendor"] = "1a86";
  machine.files[device + "idProduct"] = "7523";
  machine.files[device + "1-2:1.0/bInterfaceNumber"] = "00";
  CHECK(machine.check("brltty").state == State::ok);  // it is another fault, without brltty
  machine.names->insert("brltty");
  machine.faults_alone("brltty", "sudo apt remove brltty");
  machine.files[device + "1-2:1.0/ttyUSB0/tty"] = "";
  CHECK(machine.check("brltty").state == State::warning);
}

TEST_CASE("no D-Bus: a fault only where radios need it") {
  Machine machine;
  machine.bus = false;
  machine.faults_alone("dbus", "sudo systemctl start dbus");
  machine.remove("/sys/class/bluetooth");
  machine.faults_alone("dbus", "sudo systemctl start dbus");
  machine.remove("/sys/class/net/wlan0");
  CHECK(machine.check("dbus").state == State::warning);
  machine.remove("/lib/systemd/system/dbus.service");
  CHECK(machine.check("dbus").fix == "sudo apt install dbus");
}

TEST_CASE("bluetoothd is missing") {
  Machine machine;
  machine.names->erase("bluetoothd");
  machine.faults_alone("bluetooth-daemon", "sudo systemctl enable --now bluetooth");
  machine.remove("/run/systemd");
  machine.faults_alone("bluetooth-daemon", "sudo service bluetooth start");
  machine.remove("/lib/systemd/system/bluetooth");
  machine.faults_alone("bluetooth-daemon", "sudo apt install bluez");
  machine.remove("/sys/class/bluetooth");
  CHECK(examine(machine).ok());
}

TEST_CASE("Bluetooth adapters: absent, off, blocked") {
  Machine machine;
  SUBCASE("absent") {
    machine.remove("/sys/class/bluetooth/hci0/");  // the connection alone is no adapter
    CHECK(machine.check("bluetooth-adapter").state == State::warning);
  }
  SUBCASE("off") {
    machine.powered = false;
    machine.faults_alone("bluetooth-adapter", "bluetoothctl power on");
  }
  SUBCASE("blocked by software") {
    machine.powered = false;
    machine.files["/sys/class/rfkill/rfkill0/soft"] = "1";
    machine.faults_alone("bluetooth-adapter", "sudo rfkill unblock bluetooth");
  }
  SUBCASE("blocked by a switch: no command helps") {
    machine.powered = false;
    machine.files["/sys/class/rfkill/rfkill0/hard"] = "1";
    machine.faults_alone("bluetooth-adapter", "");
  }
  SUBCASE("its power is not known") {
    machine.powered = std::nullopt;
    CHECK(machine.check("bluetooth-adapter").state == State::unknown);
  }
}

TEST_CASE("Wi-Fi interfaces: absent, blocked, one of two blocked") {
  Machine machine;
  SUBCASE("absent") {
    machine.remove("/sys/class/net/wlan0");
    CHECK(machine.check("wifi-interface").state == State::warning);
  }
  SUBCASE("blocked") {
    machine.files["/sys/class/rfkill/rfkill1/soft"] = "1";
    machine.faults_alone("wifi-interface", "sudo rfkill unblock wlan");
    machine.files["/sys/class/rfkill/rfkill1/hard"] = "1";
    machine.faults_alone("wifi-interface", "");
    machine.files["/sys/class/rfkill/rfkill2/type"] = "wlan";
    machine.files["/sys/class/rfkill/rfkill2/soft"] = "1";
    machine.faults_alone("wifi-interface", "sudo rfkill unblock wlan");
    machine.files["/sys/class/rfkill/rfkill2/soft"] = "0";
    CHECK(machine.check("wifi-interface").state == State::ok);
  }
}

TEST_CASE("neither NetworkManager nor wpa_supplicant") {
  Machine machine;
  machine.names->erase("NetworkManager");
  machine.faults_alone("wifi-daemon", "sudo systemctl enable --now NetworkManager");
  machine.names->insert("wpa_supplicant");
  CHECK(examine(machine).ok());
}

TEST_CASE("this machine's Wi-Fi is still at a device") {
  Machine machine;
  machine.left = "wlan0";
  machine.faults_alone("wifi-move", "");
  CHECK(machine.check("wifi-move").detail.find("wlan0") != std::string::npos);
}

TEST_CASE("port 5353 is not shared") {
  Machine machine;
  machine.shares_mdns = false;
  machine.faults_alone("mdns-port",
                       "sudo ss --listening --udp --numeric --processes 'sport = :5353'");
  machine.names->insert("avahi-daemon");
  CHECK(machine.check("mdns-port").fix.find("disallow-other-stacks=no") != std::string::npos);
  machine.shares_mdns = std::nullopt;
  CHECK(machine.check("mdns-port").state == State::unknown);
}

TEST_CASE("the clock") {
  Machine machine;
  SUBCASE("at the epoch, as without a battery") {
    machine.time = {};
    machine.faults_alone("clock", "sudo timedatectl set-ntp true");
    CHECK(machine.check("clock").detail.find("1970") != std::string::npos);
  }
  SUBCASE("the bounds") {
    const std::chrono::sys_days first = std::chrono::year(2025) / 1 / 1;
    machine.time = first;
    CHECK(machine.check("clock").state == State::ok);
    machine.time = std::chrono::system_clock::time_point(first) - 1s;
    CHECK(machine.check("clock").state == State::fault);
    machine.time = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);
    CHECK(machine.check("clock").state == State::fault);
  }
  SUBCASE("not synchronised") {
    machine.synchronised = false;
    CHECK(machine.check("clock").state == State::warning);
    CHECK(machine.check("clock").fix == "sudo timedatectl set-ntp true");
    machine.synchronised = std::nullopt;
    CHECK(machine.check("clock").state == State::ok);
  }
}

TEST_CASE("hidden processes are no faults") {
  Machine machine;
  machine.names = std::nullopt;
  CHECK(examine(machine).ok());
  for (const char* name : {"modem-manager", "brltty", "bluetooth-daemon", "wifi-daemon"}) {
    CAPTURE(name);
    CHECK(machine.check(name).state == State::unknown);
  }
}

TEST_CASE("this machine is read: each check has a state and a detail") {
  const Report report = run();
  REQUIRE(report.checks.size() == check_names.size());
  for (const Check& check : report.checks) CHECK_FALSE(check.detail.empty());
  const std::unique_ptr<System> machine = this_machine();
  CHECK(machine->exists("/proc/self"));
  CHECK_FALSE(machine->exists("/proc/self/none"));
  CHECK(machine->read("/proc/self/none").empty());
  CHECK(machine->may_use("/dev/null"));
  CHECK_FALSE(machine->accepts("/run/none.socket"));
  CHECK(machine->is_powered("hci999") != true);
  if (const auto processes = machine->processes()) CHECK_FALSE(processes->empty());
}
