#include "dbus/wifi_join.hpp"

#include <algorithm>

#include "dbus/message.hpp"
#include "net/clock.hpp"
#include "net/interfaces.hpp"

namespace aiot::wifi {
namespace {

using namespace std::chrono_literals;

constexpr ErrorRow join_rows[] = {
    {JoinErrc::not_in_range, "wifi.not_in_range", "no access point of this name",
     Condition::no_match},
    {JoinErrc::wrong_password, "wifi.wrong_password", "the access point refused the password",
     Condition::refused_security},
    {JoinErrc::no_address, "wifi.no_address", "no address from the access point",
     Condition::timeout},
    {JoinErrc::failed, "wifi.join_failed", "this machine did not join the network",
     Condition::resource},
    {JoinErrc::no_network, "wifi.no_network", "this machine is on no Wi-Fi network",
     Condition::resource},
    {JoinErrc::no_secret, "wifi.no_secret",
     "the password of this machine's network is not available", Condition::resource},
};
const ErrorTable join_table("wifi_join", join_rows);

/// How often it is looked whether something has happened.
constexpr auto look_again = 50ms;
/// Of the kernel's interface, after the link is there.
constexpr auto address_time = 20s;

constexpr const char* properties = "org.freedesktop.DBus.Properties";
constexpr const char* wpa_service = "fi.w1.wpa_supplicant1";
constexpr const char* wpa_root = "/fi/w1/wpa_supplicant1";
constexpr const char* wpa_interface = "fi.w1.wpa_supplicant1.Interface";
constexpr const char* wpa_network = "fi.w1.wpa_supplicant1.Network";

bool is_open(const Network& network) {
  return network.security == "open" || (network.security.empty() && network.password.empty());
}
bool may_be_sae(const Network& network) {
  return network.security.find("wpa3") != std::string::npos;
}

/// An object's path that names something: "/" stands for nothing.
std::string path_in(const Value& value) {
  const std::string* path = value.string();
  return path == nullptr || *path == "/" ? std::string() : *path;
}
std::string first_path(const Array& reply) {
  return reply.empty() ? std::string() : path_in(reply.front());
}

/// Sleeps a moment, at most until `deadline`.
net::Task<void> moment(net::TimePoint deadline) {
  co_return co_await net::steady_clock().sleep_until(
      std::min(deadline, net::steady_clock().now() + look_again));
}

/// Listens to wpa_supplicant's properties of one interface.
Result<dbus::Bus::Subscription> listen(dbus::Bus& bus, const std::string& path,
                                       std::shared_ptr<Handshake> handshake) {
  return bus.subscribe(
      "type='signal',sender='fi.w1.wpa_supplicant1',interface='org.freedesktop.DBus.Properties',"
      "member='PropertiesChanged',path='" +
          path + "'",
      [handshake = std::move(handshake)](const dbus::Signal& signal) {
        if (signal.arguments.size() < 2 || signal.arguments[1].object() == nullptr) return;
        if (signal.arguments[0] == Value(wpa_interface))
          handshake->on_properties(*signal.arguments[1].object());
      });
}

/// wpa_supplicant's object of an interface.
net::Task<std::string> wpa_path(dbus::Bus& bus, std::string interface, net::TimePoint deadline) {
  Array arguments{std::move(interface)};
  dbus::Call call(wpa_service, wpa_root, wpa_service, "GetInterface", "s", std::move(arguments));
  Result<Array> reply = co_await bus.call(std::move(call), deadline);
  if (!reply) co_return std::move(reply).error();
  co_return first_path(*reply);
}

/// IEEE 802.11-2020, table 9-50. An access point also answers a commit with a status that goes on.
bool is_sae_refusal(std::int64_t status) {
  constexpr std::int64_t token_required = 76, hash_to_element = 126, public_key = 127;
  return status > 0 && status != token_required && status != hash_to_element &&
         status != public_key;
}

Error wrong_password() {
  return make_error(JoinErrc::wrong_password, {},
                    "check the password; a lost signal looks the same");
}

}  // namespace

boost::system::error_code make_error_code(JoinErrc e) noexcept {
  return {static_cast<int>(e), join_table};
}

void Handshake::begin(bool with_sae) {
  *this = Handshake();
  with_sae_ = with_sae;
}

void Handshake::on_properties(const Object& changed) {
  // IEEE 802.11-2020, table 9-49: 15 is the four-way handshake's end of time, which is how an
  // access point refuses a key. A negative number: this machine has ended it.
  const std::int64_t reason = dbus::number_field(changed, "DisconnectReason").value_or(0);
  if (shaking_ && (reason == 15 || reason == -15 || reason == 2)) refused_ = true;
  // SAE refuses a password in the authentication, before there is a handshake.
  if (with_sae_ && is_sae_refusal(dbus::number_field(changed, "AuthStatusCode").value_or(0)))
    refused_ = true;
  const std::string state = dbus::text_field(changed, "State");
  if (state.empty()) return;
  completed_ = state == "completed";
  if (shaking_ && (state == "disconnected" || state == "scanning" || state == "inactive"))
    refused_ = true;
  shaking_ = state == "4way_handshake";
}

}  // namespace aiot::wifi

// NetworkManager 1.42's D-Bus interface, as its reference manual describes it.
namespace aiot::wifi {
namespace {

constexpr const char* nm_service = "org.freedesktop.NetworkManager";
constexpr const char* nm_root = "/org/freedesktop/NetworkManager";
constexpr const char* nm_device = "org.freedesktop.NetworkManager.Device";
constexpr const char* nm_active = "org.freedesktop.NetworkManager.Connection.Active";
constexpr const char* nm_settings = "org.freedesktop.NetworkManager.Settings.Connection";
/// NM_DEVICE_STATE_…
constexpr std::int64_t nm_activated = 100;
constexpr std::int64_t nm_failed = 120;

/// NM_DEVICE_STATE_REASON_…
Error nm_failure(std::int64_t reason) {
  constexpr std::int64_t config_unavailable = 5, no_secrets = 7, dhcp_start_failed = 15,
                         dhcp_failed = 17, ssid_not_found = 53;
  if (reason == no_secrets) return wrong_password();
  if (reason == ssid_not_found)
    return make_error(JoinErrc::not_in_range, {}, "go nearer to the device, and try again");
  if (reason == config_unavailable || (reason >= dhcp_start_failed && reason <= dhcp_failed))
    return make_error(JoinErrc::no_address, {}, "restart the device, and try again");
  return make_error(JoinErrc::failed, "NetworkManager's reason " + std::to_string(reason),
                    "see the log of NetworkManager");
}

class NetworkManagerMover final : public Mover {
 public:
  NetworkManagerMover(dbus::Bus& bus, std::string interface, std::string device)
      : bus_(bus), interface_(std::move(interface)), device_(std::move(device)) {}

  net::Task<Stay> look(net::TimePoint deadline) override {
    Stay out{"NetworkManager", interface_, {}, {}, {}};
    AIOT_CO_TRY(out.before, co_await profile(deadline));
    co_return out;
  }

  net::Task<void> join(const Network& network, Stay& stay, Keep keep,
                       net::TimePoint deadline) override {
    auto events = std::make_shared<Events>();
    auto handshake = std::make_shared<Handshake>();
    handshake->begin(may_be_sae(network));
    AIOT_CO_TRY(const auto states, listen_to_device(events));
    // What NetworkManager calls missing secrets 7 s later, the supplicant knows at once.
    dbus::Bus::Subscription details;
    Result<std::string> path = co_await wpa_path(bus_, interface_, deadline);
    if (path) {
      AIOT_CO_TRY(details, listen(bus_, *path, handshake));
    }
    AIOT_CO_CHECK(keep(stay));
    Array arguments{profile_of(network), device_, "/",
                    Object{{"persist", "volatile"}, {"bind-activation", "dbus-client"}}};
    dbus::Call call(nm_service, nm_root, nm_service, "AddAndActivateConnection2",
                    "a{sa{sv}}ooa{sv}", std::move(arguments));
    Result<Array> added = co_await bus_.call(std::move(call), deadline);
    if (!added) co_return std::move(added).error().with("moving this machine's Wi-Fi");
    stay.added = first_path(*added);
    AIOT_CO_CHECK(keep(stay));
    co_return co_await wait(events, handshake, deadline);
  }

  net::Task<void> restore(const Stay& stay, net::TimePoint deadline) override {
    auto events = std::make_shared<Events>();
    AIOT_CO_TRY(const auto states, listen_to_device(events));
    if (!stay.added.empty()) {
      dbus::Call remove(nm_service, stay.added, nm_settings, "Delete");
      // It may have gone already: it lives no longer than its activation.
      Result<Array> removed = co_await bus_.call(std::move(remove), deadline);
      if (!removed && removed.error().condition() == Condition::cancelled)
        co_return std::move(removed).error();
    }
    if (stay.before.empty()) co_return Result<void>();
    Array arguments{stay.before, device_, "/"};
    dbus::Call call(nm_service, nm_root, nm_service, "ActivateConnection", "ooo",
                    std::move(arguments));
    Result<Array> activated = co_await bus_.call(std::move(call), deadline);
    if (!activated) co_return std::move(activated).error().with("going back");
    Result<void> back = co_await wait(events, nullptr, deadline);
    co_return std::move(back).with("going back");
  }

  net::Task<Network> current(net::TimePoint deadline) override {
    AIOT_CO_TRY(const std::string path, co_await profile(deadline));
    if (path.empty()) co_return make_error(JoinErrc::no_network, interface_);
    dbus::Call get(nm_service, path, nm_settings, "GetSettings");
    AIOT_CO_TRY(const Array settings, co_await bus_.call(std::move(get), deadline));
    if (settings.empty() || settings.front().object() == nullptr)
      co_return make_error(JoinErrc::no_network, interface_);
    const Object& all = *settings.front().object();
    const Object& wireless = dbus::object_field(all, "802-11-wireless");
    const Object& security = dbus::object_field(all, "802-11-wireless-security");
    Network out;
    if (const Bytes* ssid = dbus::bytes_field(wireless, "ssid")) out.ssid = to_string(*ssid);
    out.hidden = dbus::truth_field(wireless, "hidden");
    const std::string key_mgmt = dbus::text_field(security, "key-mgmt");
    if (security.empty()) {
      out.security = "open";
      co_return out;
    }
    if (key_mgmt != "wpa-psk" && key_mgmt != "sae") {
      co_return make_error(JoinErrc::no_secret, "it uses " + key_mgmt,
                           "give the network's name and password in a file");
    }
    if (key_mgmt == "sae") out.security = "wpa3";
    Array arguments{"802-11-wireless-security"};
    dbus::Call secrets(nm_service, path, nm_settings, "GetSecrets", "s", std::move(arguments));
    Result<Array> told = co_await bus_.call(std::move(secrets), deadline);
    if (told && !told->empty() && told->front().object() != nullptr) {
      out.password = dbus::text_field(
          dbus::object_field(*told->front().object(), "802-11-wireless-security"), "psk");
    }
    if (out.password.empty()) {
      co_return make_error(JoinErrc::no_secret, interface_,
                           "run as root, or give the network's name and password in a file");
    }
    co_return out;
  }

 private:
  /// What the device's state has come to since they were made.
  struct Events {
    bool activated = false;
    std::optional<std::int64_t> failed;  ///< the reason
  };

  Result<dbus::Bus::Subscription> listen_to_device(std::shared_ptr<Events> events) {
    return bus_.subscribe(
        "type='signal',sender='org.freedesktop.NetworkManager',"
        "interface='org.freedesktop.NetworkManager.Device',member='StateChanged',path='" +
            device_ + "'",
        [events = std::move(events)](const dbus::Signal& signal) {
          if (signal.arguments.size() < 3) return;
          const auto state = dbus::number_of(signal.arguments[0]);
          if (state == nm_activated) events->activated = true;
          if (state == nm_failed) events->failed = dbus::number_of(signal.arguments[2]).value_or(0);
        });
  }

  /// The path of the profile that the device uses, "" for none.
  net::Task<std::string> profile(net::TimePoint deadline) {
    Result<Value> active =
        co_await bus_.get(nm_service, device_, nm_device, "ActiveConnection", deadline);
    if (!active) co_return std::move(active).error();
    std::string path = path_in(*active);
    if (path.empty()) co_return path;
    Result<Value> settings =
        co_await bus_.get(nm_service, std::move(path), nm_active, "Connection", deadline);
    if (!settings) co_return std::move(settings).error();
    co_return path_in(*settings);
  }

  static Object profile_of(const Network& network) {
    Object wireless{{"ssid", Bytes(network.ssid.begin(), network.ssid.end())},
                    {"mode", "infrastructure"}};
    if (network.hidden) wireless.set("hidden", true);
    // The device's access point leads nowhere: the way to everywhere else stays what it was.
    Object out{{"connection",
                Object{{"id", "aiotctl"}, {"type", "802-11-wireless"}, {"autoconnect", false}}},
               {"802-11-wireless", std::move(wireless)},
               {"ipv4", Object{{"method", "auto"}, {"never-default", true}}},
               {"ipv6", Object{{"method", "auto"}, {"never-default", true}}}};
    if (!is_open(network)) {
      const bool sae = network.security == "wpa3";
      out.set("802-11-wireless-security",
              Object{{"key-mgmt", sae ? "sae" : "wpa-psk"}, {"psk", network.password}});
    }
    return out;
  }

  net::Task<void> wait(std::shared_ptr<Events> events, std::shared_ptr<Handshake> handshake,
                       net::TimePoint deadline) {
    while (!events->activated) {
      if (handshake != nullptr && handshake->refused()) co_return wrong_password();
      if (events->failed) co_return nm_failure(*events->failed);
      if (net::steady_clock().now() >= deadline)
        co_return make_error(net::Errc::timed_out, "joining the network");
      Result<void> slept = co_await moment(deadline);
      AIOT_CO_CHECK(std::move(slept));
    }
    co_return Result<void>();
  }

  dbus::Bus& bus_;
  std::string interface_;
  std::string device_;
};

}  // namespace
}  // namespace aiot::wifi

// wpa_supplicant 2.10's D-Bus interface, as its doc/dbus.doxygen describes it.
namespace aiot::wifi {
namespace {

class SupplicantMover final : public Mover {
 public:
  SupplicantMover(dbus::Bus& bus, std::string interface, std::string path)
      : bus_(bus), interface_(std::move(interface)), path_(std::move(path)) {}

  net::Task<Stay> look(net::TimePoint deadline) override {
    Stay out{"wpa_supplicant", interface_, {}, {}, {}};
    Result<Value> current =
        co_await bus_.get(wpa_service, path_, wpa_interface, "CurrentNetwork", deadline);
    if (!current) co_return std::move(current).error();
    out.before = path_in(*current);
    Result<Value> networks =
        co_await bus_.get(wpa_service, path_, wpa_interface, "Networks", deadline);
    if (!networks) co_return std::move(networks).error();
    if (networks->array() == nullptr) co_return out;
    for (const Value& one : *networks->array()) {
      std::string path = path_in(one);
      if (path.empty()) continue;
      Result<Value> enabled =
          co_await bus_.get(wpa_service, path, wpa_network, "Enabled", deadline);
      if (!enabled) co_return std::move(enabled).error();
      if (*enabled == Value(true)) out.enabled.push_back(std::move(path));
    }
    co_return out;
  }

  net::Task<void> join(const Network& network, Stay& stay, Keep keep,
                       net::TimePoint deadline) override {
    auto handshake = std::make_shared<Handshake>();
    handshake->begin(may_be_sae(network));
    AIOT_CO_CHECK(keep(stay));
    Array arguments{fields_of(network)};
    dbus::Call add(wpa_service, path_, wpa_interface, "AddNetwork", "a{sv}", std::move(arguments));
    Result<Array> added = co_await bus_.call(std::move(add), deadline);
    if (!added) co_return std::move(added).error().with("moving this machine's Wi-Fi");
    stay.added = first_path(*added);
    AIOT_CO_CHECK(keep(stay));
    AIOT_CO_TRY(const auto heard, listen(bus_, path_, handshake));
    Result<void> selected = co_await select(stay.added, deadline);
    if (!selected) co_return std::move(selected).with("moving this machine's Wi-Fi");
    Result<void> joined = co_await wait(handshake, false, deadline);
    if (!joined) co_return joined;
    co_return co_await wait_for_address(deadline);
  }

  net::Task<void> restore(const Stay& stay, net::TimePoint deadline) override {
    auto handshake = std::make_shared<Handshake>();
    AIOT_CO_TRY(const auto heard, listen(bus_, path_, handshake));
    if (!stay.added.empty()) {
      Array arguments{stay.added};
      dbus::Call remove(wpa_service, path_, wpa_interface, "RemoveNetwork", "o",
                        std::move(arguments));
      Result<Array> removed = co_await bus_.call(std::move(remove), deadline);
      // The supplicant may have been started anew since.
      if (!removed && removed.error().condition() == Condition::cancelled)
        co_return std::move(removed).error();
    }
    if (!stay.before.empty()) {
      Result<void> selected = co_await select(stay.before, deadline);
      if (!selected) co_return std::move(selected).with("going back");
    }
    // Selecting one network switches the others off.
    for (const std::string& path : stay.enabled) {
      Array arguments{wpa_network, "Enabled", true};
      dbus::Call set(wpa_service, path, properties, "Set", "ssv", std::move(arguments));
      Result<Array> done = co_await bus_.call(std::move(set), deadline);
      if (!done && done.error().condition() != Condition::no_match)
        co_return std::move(done).error().with("going back");
    }
    if (stay.before.empty()) co_return Result<void>();
    Result<void> back = co_await wait(handshake, true, deadline);
    co_return std::move(back).with("going back");
  }

  net::Task<Network> current(net::TimePoint) override {
    co_return make_error(JoinErrc::no_secret, "wpa_supplicant keeps passwords to itself",
                         "give the network's name and password in a file");
  }

 private:
  static Object fields_of(const Network& network) {
    Object out{{"ssid", Bytes(network.ssid.begin(), network.ssid.end())}};
    if (network.hidden) out.set("scan_ssid", dbus::typed("i", 1));
    if (is_open(network)) {
      out.set("key_mgmt", "NONE");
      return out;
    }
    const bool sae = network.security == "wpa3";
    out.set("key_mgmt", sae ? "SAE" : may_be_sae(network) ? "WPA-PSK SAE" : "WPA-PSK");
    if (may_be_sae(network)) out.set("ieee80211w", dbus::typed("i", sae ? 2 : 1));
    out.set("psk", network.password);
    return out;
  }

  net::Task<void> select(std::string network, net::TimePoint deadline) {
    Array arguments{std::move(network)};
    dbus::Call call(wpa_service, path_, wpa_interface, "SelectNetwork", "o", std::move(arguments));
    Result<Array> done = co_await bus_.call(std::move(call), deadline);
    if (!done) co_return std::move(done).error();
    co_return Result<void>();
  }

  /// On the way back the end of a handshake is that of the network which is left.
  net::Task<void> wait(std::shared_ptr<Handshake> handshake, bool going_back,
                       net::TimePoint deadline) {
    while (!handshake->completed()) {
      if (!going_back && handshake->refused()) co_return wrong_password();
      if (net::steady_clock().now() >= deadline) {
        co_return make_error(JoinErrc::not_in_range, {},
                             "go nearer to the device, and check the name of its network");
      }
      Result<void> slept = co_await moment(deadline);
      AIOT_CO_CHECK(std::move(slept));
    }
    co_return Result<void>();
  }

  /// A DHCP client of this machine's gets it; wpa_supplicant does not.
  net::Task<void> wait_for_address(net::TimePoint deadline) {
    const net::TimePoint end = std::min(deadline, net::steady_clock().now() + address_time);
    for (;;) {
      AIOT_CO_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
      for (const net::Interface& interface : interfaces) {
        if (interface.name != interface_) continue;
        for (const net::InterfaceAddress& one : interface.addresses)
          if (one.address.is_v4()) co_return Result<void>();
      }
      if (net::steady_clock().now() >= end) {
        co_return make_error(JoinErrc::no_address, interface_,
                             "run a DHCP client on this interface");
      }
      Result<void> slept = co_await moment(end);
      AIOT_CO_CHECK(std::move(slept));
    }
  }

  dbus::Bus& bus_;
  std::string interface_;
  std::string path_;
};

}  // namespace

net::Task<std::unique_ptr<Mover>> Mover::find(dbus::Bus& bus, std::string manager,
                                              std::string interface, net::TimePoint deadline) {
  Error why;
  std::unique_ptr<Manager> found;
  if (manager.empty()) {
    AIOT_CO_TRY(found, co_await Manager::find(bus, deadline));
  } else if (manager == "NetworkManager") {
    AIOT_CO_TRY(found, co_await find_network_manager(bus, why, deadline));
  } else {
    AIOT_CO_TRY(found, co_await find_supplicant(bus, why, deadline));
  }
  if (!found) co_return why;
  if (interface.empty()) interface = found->interfaces().front();
  std::unique_ptr<Mover> out;
  if (found->name() == "NetworkManager") {
    Array arguments{interface};
    dbus::Call call(nm_service, nm_root, nm_service, "GetDeviceByIpIface", "s",
                    std::move(arguments));
    Result<Array> device = co_await bus.call(std::move(call), deadline);
    if (!device) co_return std::move(device).error();
    out = std::make_unique<NetworkManagerMover>(bus, std::move(interface), first_path(*device));
    co_return std::move(out);
  }
  Result<std::string> path = co_await wpa_path(bus, interface, deadline);
  if (!path) co_return std::move(path).error();
  out = std::make_unique<SupplicantMover>(bus, std::move(interface), *std::move(path));
  co_return std::move(out);
}

}  // namespace aiot::wifi
