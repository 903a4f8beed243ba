#include "dbus/bond.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "dbus/message.hpp"
#include "net/clock.hpp"

// BlueZ 5.66, doc/agent-api.txt, doc/device-api.txt, doc/adapter-api.txt.
namespace aiot::bluez {
namespace {

constexpr const char* agent_path = "/aiot/agent";
constexpr const char* agent_interface = "org.bluez.Agent1";
constexpr const char* manager_path = "/org/bluez";
constexpr const char* manager_interface = "org.bluez.AgentManager1";
constexpr std::chrono::seconds clean_up_time{3};

constexpr std::array<std::string_view, 5> io_names = {"DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                                      "NoInputNoOutput", "KeyboardDisplay"};

/// A passkey as people see it: six digits.
std::string passkey_text(const Value& value) {
  return fmt::format("{:06}", dbus::number_of(value).value_or(0));
}

/// The agent of one bond: what it was asked decides what a failure means.
struct Agent : std::enable_shared_from_this<Agent> {
  BondHelper helper;
  bool used_passkey = false;
  bool lacks_passkey = false;
  bool agreed = false;  ///< this side has confirmed the number

  void on_call(const dbus::Incoming& call) {
    const std::string& method = call.method;
    const Array& arguments = call.arguments;
    if (method == "RequestPinCode" || method == "RequestPasskey") {
      const bool is_number = method == "RequestPasskey";
      if (!helper.passkey.empty() || !helper.enter)
        return give_passkey(call, helper.passkey, is_number);
      return helper.enter([self = shared_from_this(), call, is_number](const std::string& text) {
        self->give_passkey(call, text, is_number);
      });
    }
    if ((method == "DisplayPasskey" || method == "DisplayPinCode") && arguments.size() > 1) {
      // It comes again with each digit that is typed on the device.
      const bool first = arguments.size() < 3 || dbus::number_of(arguments[2]) == 0;
      const std::string* pin = arguments[1].string();
      used_passkey = true;
      if (first && helper.show) helper.show(pin != nullptr ? *pin : passkey_text(arguments[1]));
      return call.reply();
    }
    if (method == "RequestConfirmation" && arguments.size() > 1) {
      used_passkey = true;
      const auto answer = [self = shared_from_this(), call](bool same) {
        self->agreed = same;
        if (same) return call.reply();
        call.fail("org.bluez.Error.Rejected", "the numbers differ");
      };
      if (!helper.compare) return answer(false);
      return helper.compare(passkey_text(arguments[1]), answer);
    }
    const bool allowed = method == "RequestAuthorization" || method == "AuthorizeService" ||
                         method == "Cancel" || method == "Release";
    if (allowed) return call.reply();
    call.fail("org.freedesktop.DBus.Error.UnknownMethod", method);
  }

  void give_passkey(const dbus::Incoming& call, const std::string& text, bool is_number) {
    if (text.empty()) {
      lacks_passkey = true;
      return call.fail("org.bluez.Error.Rejected", "no passkey");
    }
    used_passkey = true;
    if (!is_number) return call.reply("s", {text});
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > 999999)
      return call.fail("org.bluez.Error.Rejected", "a passkey has six digits");
    call.reply("u", {number});
  }
};

Bond bond_of(const Object& device) {
  Bond bond;
  bond.name = dbus::text_field(device, "Name");
  bond.modalias = dbus::text_field(device, "Modalias");
  if (const auto kind = dbus::number_field(device, "Class"))
    bond.device_class = static_cast<std::uint32_t>(*kind);
  for (const Value& uuid : dbus::list_field(device, "UUIDs"))
    if (uuid.string() != nullptr) bond.service_uuids.push_back(*uuid.string());
  return bond;
}

/// What has to be undone, whatever happens: the agent, and a bond that is not whole.
class BondAttempt {
 public:
  BondAttempt(dbus::Bus& bus, const Advert& device)
      : bus_(bus), path_(device.path), bonded_before_(device.paired) {}

  net::Task<Object> properties(net::TimePoint deadline) {
    Array all{device_interface};
    dbus::Call get(service, path_, "org.freedesktop.DBus.Properties", "GetAll", "s",
                   std::move(all));
    Result<Array> fields = co_await bus_.call(std::move(get), deadline);
    if (!fields) co_return explain(std::move(fields).error());
    if (fields->empty() || fields->front().object() == nullptr)
      co_return make_error(dbus::Errc::bad_message, "GetAll");
    co_return *fields->front().object();
  }

  net::Task<Bond> run(Io io, std::shared_ptr<Agent> agent, net::TimePoint deadline) {
    AIOT_CO_TRY(const Object before, co_await properties(deadline));
    if (dbus::truth_field(before, "Paired")) {
      if (!bonded_before_) co_return bond_of(before);
      co_return make_error(Errc::bonded, dbus::text_field(before, "Address"),
                           "end the bond first, if the device has lost it");
    }
    Array described{agent_path, io_names[static_cast<std::size_t>(io)]};
    dbus::Call announce(service, manager_path, manager_interface, "RegisterAgent", "os",
                        std::move(described));
    Result<Array> registered = co_await bus_.call(std::move(announce), deadline);
    if (!registered) co_return explain(std::move(registered).error());
    registered_ = true;
    unfinished_ = true;
    dbus::Call pair(service, path_, device_interface, "Pair");
    Result<Array> paired = co_await bus_.call(std::move(pair), deadline);
    if (!paired) {
      Error error = explain(std::move(paired).error());
      if (agent->lacks_passkey) {
        co_return make_error(Errc::no_passkey, std::move(error.context),
                             "give the passkey that the device shows or its manual names");
      }
      // A number that only the other side did not confirm: BlueZ has no word for it.
      if (agent->used_passkey && error.code == make_error_code(Errc::bond_failed)) {
        error = make_error(agent->agreed ? Errc::bond_rejected : Errc::wrong_passkey,
                           std::move(error.context));
      }
      co_return error;
    }
    AIOT_CO_TRY(const Object after, co_await properties(deadline));
    if (!dbus::truth_field(after, "Paired"))
      co_return make_error(net::Errc::link_lost, "the bond was not kept");
    unfinished_ = false;
    co_return bond_of(after);
  }

  net::Task<void> clean_up() {
    co_await net::asio::this_coro::reset_cancellation_state(
        net::asio::enable_terminal_cancellation());
    const net::TimePoint deadline = net::steady_clock().now() + clean_up_time;
    if (unfinished_) {
      dbus::Call cancel(service, path_, device_interface, "CancelPairing");
      Result<Array> cancelled = co_await bus_.call(std::move(cancel), deadline);
      Array device{path_};
      dbus::Call remove(service, path_.substr(0, path_.rfind('/')), adapter_interface,
                        "RemoveDevice", "o", std::move(device));
      Result<Array> removed = co_await bus_.call(std::move(remove), deadline);
      (void)cancelled, (void)removed;  // there may be nothing to undo
    }
    if (registered_) {
      Array which{agent_path};
      dbus::Call leave(service, manager_path, manager_interface, "UnregisterAgent", "o",
                       std::move(which));
      Result<Array> left = co_await bus_.call(std::move(leave), deadline);
      (void)left;  // BlueZ drops it with the connection
    }
    co_return Result<void>();
  }

 private:
  dbus::Bus& bus_;
  std::string path_;
  bool bonded_before_;
  bool registered_ = false;
  bool unfinished_ = false;  // a bond may be there that was not confirmed
};

}  // namespace

std::optional<Io> parse_io(std::string_view text) {
  const auto found = std::ranges::find_if(
      io_names, [&](std::string_view name) { return same_address(name, text); });
  if (found == io_names.end()) return std::nullopt;
  return static_cast<Io>(found - io_names.begin());
}

std::string io_grammar() { return fmt::format("{}", fmt::join(io_names, ", ")); }

net::Task<Bond> make_bond(dbus::Bus& bus, Advert device, Io io, BondHelper helper,
                          net::TimePoint deadline) {
  auto agent = std::make_shared<Agent>();
  agent->helper = std::move(helper);
  AIOT_CO_TRY(const auto served,
              bus.serve(agent_path, [agent](const dbus::Incoming& call) { agent->on_call(call); }));
  BondAttempt attempt(bus, device);
  Result<Bond> bond = co_await attempt.run(io, agent, deadline);
  Result<void> cleaned = co_await attempt.clean_up();
  (void)cleaned;
  co_return bond;
}

net::Task<void> remove_bond(dbus::Bus& bus, std::string address, net::TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(bus, deadline));
  bool removed = false;
  for (const auto& [path, value] : objects.fields()) {
    if (value.object() == nullptr) continue;
    const Object& device = dbus::object_field(*value.object(), device_interface);
    if (!same_address(dbus::text_field(device, "Address"), address)) continue;
    if (!dbus::truth_field(device, "Paired")) continue;
    Array which{path};
    dbus::Call remove(service, path.substr(0, path.rfind('/')), adapter_interface, "RemoveDevice",
                      "o", std::move(which));
    Result<Array> done = co_await bus.call(std::move(remove), deadline);
    if (!done) co_return explain(std::move(done).error());
    removed = true;
  }
  if (!removed) {
    co_return make_error(Errc::no_device, std::move(address),
                         "bluetoothctl devices Paired lists the bonds of this host");
  }
  co_return Result<void>();
}

}  // namespace aiot::bluez
