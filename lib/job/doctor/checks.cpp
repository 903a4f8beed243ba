#include "job/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace aiot::doctor {
namespace {

using namespace std::chrono_literals;

/// Certificates of servers and updates are not valid before.
constexpr std::chrono::sys_days earliest = std::chrono::year(2025) / 1 / 1;
constexpr std::chrono::sys_days latest = std::chrono::year(2100) / 1 / 1;

/// USB adapters that brltty takes for braille displays: CH340, CP210x, FT232.
constexpr std::array<std::string_view, 4> braille_like = {"1a86:7523", "1a86:5523", "10c4:ea60",
                                                          "0403:6001"};
constexpr std::string_view hidden = "processes of other users are hidden: run this as root";

enum class Running { no, yes, hidden };

Running running(const System& system, std::initializer_list<const char*> names) {
  const auto processes = system.processes();
  if (!processes) return Running::hidden;
  const bool found =
      std::ranges::any_of(names, [&](const char* n) { return processes->contains(n); });
  return found ? Running::yes : Running::no;
}

/// The command that starts a daemon, or installs it first.
std::string start_command(const System& system, const std::string& unit, const std::string& package,
                          std::string_view verb = "enable --now") {
  const bool installed = std::ranges::any_of(
      std::array{"/lib/systemd/system/", "/usr/lib/systemd/system/", "/etc/systemd/system/"},
      [&](const char* at) { return system.exists(at + unit + ".service"); });
  if (!installed) return "sudo apt install " + package;
  if (system.exists("/run/systemd/system")) return fmt::format("sudo systemctl {} {}", verb, unit);
  return fmt::format("sudo service {} start", unit);
}

std::vector<std::string> adapters(const System& system) {
  std::vector<std::string> names = system.entries("/sys/class/bluetooth");
  std::erase_if(names, [](const std::string& name) {  // hci0:11 is a connection
    return !name.starts_with("hci") || name.find(':') != std::string::npos;
  });
  return names;
}

std::vector<std::string> wifi_interfaces(const System& system) {
  std::vector<std::string> names = system.entries("/sys/class/net");
  std::erase_if(names, [&](const std::string& name) {
    return !system.exists("/sys/class/net/" + name + "/phy80211");
  });
  return names;
}

struct Block {
  bool soft = false;
  bool hard = false;
};

/// The switches of a kind of radio ("bluetooth", "wlan"): blocked when no radio of it is free.
Block block_of(const System& system, std::string_view type) {
  bool any = false;
  Block all{true, true};
  for (const std::string& name : system.entries("/sys/class/rfkill")) {
    const std::string folder = "/sys/class/rfkill/" + name;
    if (system.read(folder + "/type") != type) continue;
    const bool hard = system.read(folder + "/hard") == "1";
    const bool soft = system.read(folder + "/soft") == "1";
    if (!hard && !soft) return {};
    any = true;
    all.hard = all.hard && hard;
    all.soft = all.soft && soft;
  }
  if (!any) return {};
  // A mix of both: the software's block is what a command can mend.
  return all.hard ? Block{false, true} : Block{true, false};
}

Check blocked(std::string name, std::string_view radio, std::string_view type, Block block) {
  if (block.hard) {
    return {std::move(name), State::fault,
            fmt::format("a switch of this machine turns {} off: move the switch", radio), ""};
  }
  return {std::move(name), State::fault, fmt::format("rfkill blocks {}", radio),
          fmt::format("sudo rfkill unblock {}", type)};
}

Check serial_ports(const System& system) {
  Check check{"serial-ports", State::ok, "", ""};
  std::size_t ports = 0;
  std::vector<std::string> denied;
  for (const std::string& name : system.entries("/dev")) {
    if (!name.starts_with("ttyUSB") && !name.starts_with("ttyACM")) continue;
    ++ports;
    if (!system.may_use("/dev/" + name)) denied.push_back("/dev/" + name);
  }
  const std::string user = system.user().empty() ? "\"$USER\"" : system.user();
  if (!denied.empty()) {
    check.state = State::fault;
    check.detail = fmt::format("no permission to read and write {}", fmt::join(denied, ", "));
    const std::string group = system.group_of(denied.front());
    if (group.empty()) {
      check.fix = fmt::format("sudo setfacl -m u:{}:rw {}", user, fmt::join(denied, " "));
    } else if (system.membership(group) == System::Membership::none) {
      check.detail += fmt::format("; log in again after the command adds {} to {}", user, group);
      check.fix = fmt::format("sudo usermod -aG {} {}", group, user);
    } else if (system.membership(group) == System::Membership::at_next_login) {
      check.detail += fmt::format("; {} is in {} from the next login on", user, group);
      check.fix = "newgrp " + group;
    } else {
      check.fix = fmt::format("sudo chmod g+rw {}", fmt::join(denied, " "));
    }
    return check;
  }
  if (ports > 0) {
    check.detail = fmt::format("{} connected, all readable and writable", ports);
    return check;
  }
  check.detail = "none connected";
  if (system.is_root() || system.membership("dialout") == System::Membership::now) return check;
  check.state = State::warning;
  if (system.membership("dialout") == System::Membership::at_next_login) {
    check.detail += fmt::format("; {} is in dialout from the next login on", user);
    check.fix = "newgrp dialout";
  } else {
    check.detail += fmt::format("; {} is not in dialout, the group of serial ports", user);
    check.fix = fmt::format("sudo usermod -aG dialout {}", user);
  }
  return check;
}

/// A udev rule of this project keeps ModemManager off.
bool has_modem_rule(const System& system) {
  for (const char* folder : {"/etc/udev/rules.d/", "/lib/udev/rules.d/", "/usr/lib/udev/rules.d/",
                             "/usr/local/lib/udev/rules.d/"}) {
    for (const std::string& name : system.entries(folder)) {
      if (name.find("aiot") != std::string::npos &&
          system.read(folder + name).find("ID_MM_DEVICE_IGNORE") != std::string::npos) {
        return true;
      }
    }
  }
  return false;
}

Check modem_manager(const System& system) {
  switch (running(system, {"ModemManager"})) {
    case Running::hidden: return {"modem-manager", State::unknown, std::string(hidden), ""};
    case Running::no: return {"modem-manager", State::ok, "ModemManager does not run", ""};
    case Running::yes: break;
  }
  if (has_modem_rule(system)) {
    return {"modem-manager", State::ok, "ModemManager runs, and a udev rule keeps it off the ports",
            ""};
  }
  return {"modem-manager", State::warning,
          "ModemManager runs: it may open a new serial port and send to the device",
          "sudo systemctl disable --now ModemManager"};
}

/// A USB serial adapter that brltty knows, and whose interface has no serial port: "1a86:7523".
std::string taken_adapter(const System& system) {
  for (const std::string& device : system.entries("/sys/bus/usb/devices")) {
    if (device.find(':') != std::string::npos) continue;  // an interface
    const std::string folder = "/sys/bus/usb/devices/" + device;
    const std::string id =
        system.read(folder + "/idVendor") + ":" + system.read(folder + "/idProduct");
    if (std::ranges::find(braille_like, id) == braille_like.end()) continue;
    const auto inside = system.entries(folder + "/" + device + ":1.0");
    const bool has_port = std::ranges::any_of(
        inside, [](const std::string& name) { return name.starts_with("ttyUSB"); });
    if (!has_port) return id;
  }
  return {};
}

Check braille(const System& system) {
  switch (running(system, {"brltty"})) {
    case Running::hidden: return {"brltty", State::unknown, std::string(hidden), ""};
    case Running::no: return {"brltty", State::ok, "brltty does not run", ""};
    case Running::yes: break;
  }
  Check check{"brltty", State::warning, "", "sudo apt remove brltty"};
  if (const std::string id = taken_adapter(system); !id.empty()) {
    check.state = State::fault;
    check.detail = fmt::format(
        "brltty has taken the serial adapter {}: reconnect the adapter after the command", id);
  } else {
    check.detail =
        "brltty runs: it takes adapters with CH340 or CP210x; remove it unless a braille display "
        "is in use";
  }
  return check;
}

Check dbus(const System& system, bool needed) {
  if (system.accepts("/run/dbus/system_bus_socket")) {
    return {"dbus", State::ok, "the system bus accepts connections", ""};
  }
  return {"dbus", needed ? State::fault : State::warning,
          "the system bus does not accept connections: Bluetooth and Wi-Fi need it",
          start_command(system, "dbus", "dbus", "start")};
}

Check bluetooth_adapter(const System& system, const std::vector<std::string>& found) {
  const std::string name = "bluetooth-adapter";
  if (found.empty()) {
    return {name, State::warning, "no Bluetooth adapter: connect one to use Bluetooth devices", ""};
  }
  bool hidden_state = false;
  for (const std::string& adapter : found) {
    const std::optional<bool> powered = system.is_powered(adapter);
    if (powered == true) return {name, State::ok, adapter + " is powered", ""};
    hidden_state = hidden_state || !powered;
  }
  const Block block = block_of(system, "bluetooth");
  if (block.soft || block.hard) return blocked(name, "Bluetooth", "bluetooth", block);
  if (hidden_state) {
    return {name, State::unknown, "the kernel does not report the power of " + found.front(), ""};
  }
  return {name, State::fault, found.front() + " is not powered", "bluetoothctl power on"};
}

Check bluetooth_daemon(const System& system, bool needed) {
  const std::string name = "bluetooth-daemon";
  if (!needed) return {name, State::ok, "not needed without a Bluetooth adapter", ""};
  switch (running(system, {"bluetoothd"})) {
    case Running::hidden: return {name, State::unknown, std::string(hidden), ""};
    case Running::yes: return {name, State::ok, "bluetoothd runs", ""};
    case Running::no: break;
  }
  return {name, State::fault, "bluetoothd does not run",
          start_command(system, "bluetooth", "bluez")};
}

Check wifi_interface(const System& system, const std::vector<std::string>& found) {
  const std::string name = "wifi-interface";
  if (found.empty()) {
    return {name, State::warning,
            "no Wi-Fi interface: this machine cannot join the access point of a device", ""};
  }
  const Block block = block_of(system, "wlan");
  if (block.soft || block.hard) return blocked(name, "Wi-Fi", "wlan", block);
  return {name, State::ok, fmt::format("{}", fmt::join(found, ", ")), ""};
}

Check wifi_daemon(const System& system, bool needed) {
  const std::string name = "wifi-daemon";
  if (!needed) return {name, State::ok, "not needed without a Wi-Fi interface", ""};
  switch (running(system, {"NetworkManager", "wpa_supplicant"})) {
    case Running::hidden: return {name, State::unknown, std::string(hidden), ""};
    case Running::yes: return {name, State::ok, "NetworkManager or wpa_supplicant runs", ""};
    case Running::no: break;
  }
  return {name, State::fault, "neither NetworkManager nor wpa_supplicant runs",
          start_command(system, "NetworkManager", "network-manager")};
}

Check wifi_move(const System& system) {
  const std::string interface = system.wifi_left_behind();
  if (interface.empty())
    return {"wifi-move", State::ok, "this machine's Wi-Fi is where it was", ""};
  return {"wifi-move", State::fault,
          fmt::format("an earlier run has left {} at the access point of a device", interface), ""};
}

Check mdns_port(const System& system) {
  const std::optional<bool> shared = system.can_share_mdns_port();
  if (!shared) {
    return {"mdns-port", State::unknown, "a socket for multicast DNS cannot be opened", ""};
  }
  if (*shared) {
    return {"mdns-port", State::ok, "UDP port 5353 can be shared", ""};
  }
  Check check{"mdns-port", State::fault, "a program does not share UDP port 5353", ""};
  if (running(system, {"avahi-daemon"}) == Running::yes) {
    check.detail = "avahi-daemon does not share UDP port 5353 (disallow-other-stacks=yes)";
    check.fix =
        "sudo sed -i s/^disallow-other-stacks=.*/disallow-other-stacks=no/ "
        "/etc/avahi/avahi-daemon.conf && sudo systemctl restart avahi-daemon";
  } else {
    check.detail += ": end the program that the command shows";
    check.fix = "sudo ss --listening --udp --numeric --processes 'sport = :5353'";
  }
  return check;
}

Check clock(const System& system) {
  const auto now = system.now();
  Check check{"clock", State::ok, "", "sudo timedatectl set-ntp true"};
  if (now < earliest || now >= latest) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now));
    check.state = State::fault;
    check.detail = fmt::format("the clock is at the year {}: certificates are not valid then",
                               static_cast<int>(day.year()));
    return check;
  }
  const std::optional<bool> synchronised = system.clock_is_synchronised();
  if (synchronised == false) {
    check.state = State::warning;
    check.detail = "the clock does not follow a time server";
    return check;
  }
  check.fix.clear();
  check.detail = synchronised ? "synchronised with a time server" : "the year is plausible";
  return check;
}

}  // namespace

Report examine(const System& system) {
  const std::vector<std::string> bluetooth = adapters(system);
  const std::vector<std::string> wifi = wifi_interfaces(system);
  Report report;
  report.checks = {serial_ports(system),
                   modem_manager(system),
                   braille(system),
                   dbus(system, !bluetooth.empty() || !wifi.empty()),
                   bluetooth_adapter(system, bluetooth),
                   bluetooth_daemon(system, !bluetooth.empty()),
                   wifi_interface(system, wifi),
                   wifi_daemon(system, !wifi.empty()),
                   wifi_move(system),
                   mdns_port(system),
                   clock(system)};
  return report;
}

}  // namespace aiot::doctor
