#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dbus/wifi.hpp"

/// Moves this machine's Wi-Fi to another network and back, through NetworkManager or, where that
/// does not run, wpa_supplicant.
namespace aiot::wifi {

/// Why this machine did not get into a network.
enum class JoinErrc {
  not_in_range = 1,  ///< no access point of this name
  wrong_password,    ///< refused by the access point
  no_address,        ///< joined, and got no address
  failed,            ///< another reason, which the context has
  no_network,        ///< this machine is on no network
  no_secret,         ///< the password of its network is not available
};
boost::system::error_code make_error_code(JoinErrc e) noexcept;

}  // namespace aiot::wifi

template <>
struct boost::system::is_error_code_enum<aiot::wifi::JoinErrc> : std::true_type {};

namespace aiot::wifi {

/// A network to join. The password is never logged or written.
struct Network {
  std::string ssid;
  std::string password;  ///< "" for an open network
  std::string security;  ///< "open", "wpa2", "wpa3", "wpa2/wpa3"; "": by the password
  bool hidden = false;
};

/// Where an interface was, and what was added to move it: enough to bring it back, even by another
/// run. No secret is in it.
struct Stay {
  std::string manager;               ///< "NetworkManager", "wpa_supplicant"
  std::string interface;             ///< "wlan0"
  std::string before;                ///< the profile or network that it used; "" for none
  std::vector<std::string> enabled;  ///< wpa_supplicant: all that it might have joined by itself
  std::string added;                 ///< what was added; "" for nothing yet
};

class Mover {
 public:
  /// Keeps a Stay on disk, before and after something is added.
  using Keep = std::function<Result<void>(const Stay&)>;

  virtual ~Mover() = default;
  /// By `manager`, or by whichever runs when that is ""; its first interface, or `interface`.
  /// wifi::Errc. `bus` outlives it.
  static net::Task<std::unique_ptr<Mover>> find(dbus::Bus& bus, std::string manager,
                                                std::string interface, net::TimePoint deadline);

  virtual net::Task<Stay> look(net::TimePoint deadline) = 0;
  /// Joins `network`; `stay` gets what was added as soon as that is known, and `keep` is called.
  /// JoinErrc. After an error, too, restore() has to be called.
  virtual net::Task<void> join(const Network& network, Stay& stay, Keep keep,
                               net::TimePoint deadline) = 0;
  /// Removes what was added and goes back to where the interface was.
  virtual net::Task<void> restore(const Stay& stay, net::TimePoint deadline) = 0;
  /// The network that the interface is on. JoinErrc::no_network, no_secret.
  virtual net::Task<Network> current(net::TimePoint deadline) = 0;
};

/// How wpa_supplicant goes on with one interface, in its properties: whether the access point has
/// refused the password.
class Handshake {
 public:
  /// One change of its properties.
  void on_properties(const Object& changed);
  bool completed() const { return completed_; }
  bool refused() const { return refused_; }
  /// What comes from now on is of another network.
  void begin(bool with_sae);

 private:
  bool with_sae_ = false;
  bool shaking_ = false;
  bool completed_ = false;
  bool refused_ = false;
};

}  // namespace aiot::wifi
