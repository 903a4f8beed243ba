#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace aiot::doctor {

/// What the checks ask of the machine.
class System {
 public:
  enum class Membership {
    none,
    at_next_login,  ///< the group lists the user, this session began before
    now,
  };

  virtual ~System() = default;

  virtual bool exists(const std::string& path) const = 0;
  /// The first 64 KiB of a file, without white space at its end; "" when it cannot be read.
  virtual std::string read(const std::string& path) const = 0;
  /// The names in a folder, sorted; none when it cannot be read.
  virtual std::vector<std::string> entries(const std::string& folder) const = 0;
  /// This user may read and write the file.
  virtual bool may_use(const std::string& path) const = 0;
  /// The group of a file, when that group may read and write it; else "".
  virtual std::string group_of(const std::string& path) const = 0;
  virtual Membership membership(const std::string& group) const = 0;
  /// The user's name, "" when it has none.
  virtual std::string user() const = 0;
  virtual bool is_root() const = 0;
  /// The names of all processes, cut to 15 bytes as the kernel has them; nullopt when those of
  /// other users are hidden.
  virtual std::optional<std::set<std::string>> processes() const = 0;
  /// A server listens on this UNIX socket.
  virtual bool accepts(const std::string& socket_path) const = 0;
  /// Whether the Bluetooth adapter (hci0) is powered; nullopt when the kernel does not report it.
  virtual std::optional<bool> is_powered(const std::string& adapter) const = 0;
  /// The port of multicast DNS can be used beside the programs that have it; nullopt when sockets
  /// fail for another reason.
  virtual std::optional<bool> can_share_mdns_port() const = 0;
  /// The kernel's clock follows a time server; nullopt when it does not report this.
  virtual std::optional<bool> clock_is_synchronised() const = 0;
  virtual std::chrono::system_clock::time_point now() const = 0;
  /// The Wi-Fi interface that an earlier run has left at a device; "" for none.
  virtual std::string wifi_left_behind() const = 0;
};

/// This machine, by /proc, /sys, /dev and the C library.
std::unique_ptr<System> this_machine();

}  // namespace aiot::doctor
