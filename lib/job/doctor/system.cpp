#include "job/doctor/system.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <filesystem>

#include "aiot/doctor.hpp"
#include "aiot/pair.hpp"
#include "core/file.hpp"
#include "job/doctor/checks.hpp"
#include "net/error.hpp"
#include "net/udp.hpp"

namespace aiot::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = 64 * 1024;

/// Linux, net/bluetooth/hci_sock.h: what HCIGETDEVINFO (_IOR('H', 211, int)) fills, as far as it
/// matters here; bit 0 of the flags is HCI_UP.
struct HciDeviceInfo {
  std::uint16_t index = 0;
  std::array<char, 8> name = {};
  std::array<std::uint8_t, 6> address = {};
  std::uint32_t flags = 0;
  std::array<std::uint8_t, 236> rest = {};
};
static_assert(offsetof(HciDeviceInfo, flags) == 16);
constexpr int bluetooth_hci = 1;  // BTPROTO_HCI
constexpr unsigned long hci_get_device_info = _IOR('H', 211, int);
constexpr std::uint32_t hci_up = 1;

class ThisMachine final : public System {
 public:
  bool exists(const std::string& path) const override {
    std::error_code error;
    return fs::exists(path, error);
  }

  std::string read(const std::string& path) const override {
    const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return {};
    const auto bytes = file::read_all(file.get(), most_bytes);
    if (!bytes) return {};
    std::string text = to_string(*bytes);
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    return text;
  }

  std::vector<std::string> entries(const std::string& folder) const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      names.push_back(it->path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  bool may_use(const std::string& path) const override {
    return ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0;
  }

  std::string group_of(const std::string& path) const override {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return {};
    if ((status.st_mode & (S_IRGRP | S_IWGRP)) != (S_IRGRP | S_IWGRP)) return {};
    const group* entry = ::getgrgid(status.st_gid);
    return entry != nullptr && entry->gr_gid != 0 ? entry->gr_name : "";
  }

  Membership membership(const std::string& name) const override {
    const group* entry = ::getgrnam(name.c_str());
    if (entry == nullptr) return Membership::none;
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(0, count)));
    groups.push_back(::getegid());
    if (std::ranges::find(groups, entry->gr_gid) != groups.end()) return Membership::now;
    const std::string self = user();
    for (char** member = entry->gr_mem; *member != nullptr; ++member) {
      if (self == *member) return Membership::at_next_login;
    }
    return Membership::none;
  }

  std::string user() const override {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr ? "" : entry->pw_name;
  }

  bool is_root() const override { return ::geteuid() == 0; }

  std::optional<std::set<std::string>> processes() const override {
    if (read("/proc/1/comm").empty()) return std::nullopt;  // hidepid
    std::set<std::string> names;
    for (const std::string& entry : entries("/proc")) {
      if (entry.front() < '0' || entry.front() > '9') continue;
      if (std::string name = read("/proc/" + entry + "/comm"); !name.empty()) {
        names.insert(std::move(name));
      }
    }
    return names;
  }

  bool accepts(const std::string& socket_path) const override {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
    const file::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return false;
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    // A full queue (EAGAIN) has a listener, too.
    return ::connect(socket.get(), generic, sizeof address) == 0 || errno == EAGAIN;
  }

  std::optional<bool> is_powered(const std::string& adapter) const override {
    HciDeviceInfo info;
    const char* end = adapter.data() + adapter.size();
    if (!adapter.starts_with("hci") ||
        std::from_chars(adapter.data() + 3, end, info.index).ptr != end) {
      return std::nullopt;
    }
    const file::Descriptor socket(::socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, bluetooth_hci));
    if (!socket.is_open() || ::ioctl(socket.get(), hci_get_device_info, &info) != 0) {
      return std::nullopt;
    }
    return (info.flags & hci_up) != 0;
  }

  std::optional<bool> can_share_mdns_port() const override {
    net::asio::io_context context;
    net::UdpOptions options;
    options.port = 5353;
    options.share_port = true;
    options.bind = net::asio::ip::make_address_v4("224.0.0.251");
    const auto socket = net::UdpSocket::open(context.get_executor(), options);
    if (socket) return true;
    if (socket.error().code == net::Errc::port_busy) return false;
    return std::nullopt;
  }

  std::optional<bool> clock_is_synchronised() const override {
    if (exists("/run/systemd/timesync/synchronized")) return true;
    timex state = {};  // modes 0: reads only
    const int clock = ::adjtimex(&state);
    if (clock < 0) return std::nullopt;
    return clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  }

  std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::now();
  }

  std::string wifi_left_behind() const override { return pair::wifi_left_behind(); }
};

}  // namespace

std::unique_ptr<System> this_machine() { return std::make_unique<ThisMachine>(); }

Report run() { return examine(*this_machine()); }

}  // namespace aiot::doctor
