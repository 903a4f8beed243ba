#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dbus/bus.hpp"

namespace aiot::dbus {
class Bell;
}

/// BlueZ's bluetooth-meshd over D-Bus, as doc/mesh-api.txt (5.66) describes it: this program is a
/// node that provisions others.
namespace aiot::mesh_daemon {

enum class Errc {
  no_daemon = 1,  ///< bluetooth-meshd does not run
  refused,        ///< it refused a call; the context says which
  not_added,      ///< the device did not become a node; the peer text has the daemon's reason
};
boost::system::error_code make_error_code(Errc e) noexcept;

using Uuid = std::array<std::uint8_t, 16>;

/// The network that this host has made: it lives in the daemon, under its token.
struct Network {
  std::uint64_t token = 0;         ///< 0: none yet
  std::uint16_t next_address = 2;  ///< for the first element of the next node
};

/// What the daemon asks while it adds a device.
struct Helper {
  std::optional<Uuid> static_oob;       ///< that the device has; nullopt: nothing is known
  std::function<void()> authenticated;  ///< the device has proved it, and awaits its data
};

/// This program's node, attached to its network until the object goes.
class Provisioner {
 public:
  /// Attaches to `network`, or makes one with `own` (RFC 4122) for this node; its token is in
  /// network() then. `bus` outlives it.
  static net::Task<std::unique_ptr<Provisioner>> attach(dbus::Bus& bus, Network network, Uuid own,
                                                        net::TimePoint deadline);
  Provisioner(const Provisioner&) = delete;
  Provisioner& operator=(const Provisioner&) = delete;
  ~Provisioner();

  const Network& network() const { return network_; }
  /// Waits until a device of this UUID sends its beacon. net::Errc::timed_out.
  net::Task<void> find(Uuid uuid, net::TimePoint deadline);
  /// Makes it a node, and gives its address. Errc::not_added: for a device that breaks off the
  /// daemon's reason is "bad-pdu", whatever the device has said.
  net::Task<std::uint16_t> add(Uuid uuid, Helper helper, net::TimePoint deadline);
  /// The daemon has asked for static OOB, which the device then has to prove.
  bool used_oob() const;

 private:
  struct State;
  Provisioner(dbus::Bus& bus, Network network, const Uuid& own);
  net::Task<void> open(net::TimePoint deadline);
  net::Task<void> create(net::TimePoint deadline);
  net::Task<void> call(std::string path, std::string interface, std::string method,
                       std::string signature, Array arguments, net::TimePoint deadline);

  dbus::Bus& bus_;
  Network network_;
  Uuid own_;
  std::string node_;
  std::shared_ptr<State> state_;
  dbus::Bus::Subscription served_;
};

}  // namespace aiot::mesh_daemon

template <>
struct boost::system::is_error_code_enum<aiot::mesh_daemon::Errc> : std::true_type {};
