#include "net/dbus/bluez_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "net/deadline.hpp"

namespace aiot::net::bluez {
namespace {

/// Of the many things BlueZ says in a busy room, those about a controller itself.
bool is_about_an_adapter(const dbus::Signal& signal) {
  const Array& arguments = signal.arguments;
  if (arguments.size() < 2) return false;
  if (signal.member == "InterfacesAdded") {
    const Object* interfaces = arguments[1].object();
    return interfaces != nullptr && interfaces->find(adapter_interface) != nullptr;
  }
  if (signal.member == "InterfacesRemoved") {
    const Array* interfaces = arguments[1].array();
    return interfaces != nullptr && std::find(interfaces->begin(), interfaces->end(),
                                              Value(adapter_interface)) != interfaces->end();
  }
  const Object* changed = arguments[1].object();
  return changed != nullptr && changed->find("Powered") != nullptr;
}

}  // namespace

struct Watch::Bell {
  bool rung = false;
  std::function<void()> waiter;

  void ring() {
    if (const auto waits = std::exchange(waiter, nullptr)) {
      waits();
    } else {
      rung = true;
    }
  }
};

Result<Watch> Watch::start(dbus::Bus& bus) {
  Watch watch(std::make_shared<Bell>());
  const auto ring = [bell = watch.bell_](const dbus::Signal&) { bell->ring(); };
  const auto ring_for_adapters = [bell = watch.bell_](const dbus::Signal& signal) {
    if (is_about_an_adapter(signal)) bell->ring();
  };
  using Handler = std::function<void(const dbus::Signal&)>;
  const std::array<std::pair<const char*, Handler>, 3> rules = {{
      {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
       "member='NameOwnerChanged',arg0='org.bluez'",
       ring},
      {"type='signal',sender='org.bluez',interface='org.freedesktop.DBus.ObjectManager'",
       ring_for_adapters},
      {"type='signal',sender='org.bluez',interface='org.freedesktop.DBus.Properties',"
       "arg0='org.bluez.Adapter1'",
       ring_for_adapters},
  }};
  for (const auto& [rule, handler] : rules) {
    AIOT_TRY(auto subscription, bus.subscribe(rule, handler));
    watch.subscriptions_.push_back(std::move(subscription));
  }
  return watch;
}

Task<void> Watch::next(TimePoint deadline) {
  if (std::exchange(bell_->rung, false)) co_return Result<void>();
  const std::shared_ptr<Bell> bell = bell_;
  const auto wait = [bell](auto handler) { bell->waiter = std::move(handler); };
  const auto stop = [bell] { bell->waiter = nullptr; };
  auto rung = co_await by_deadline<>(deadline, wait, stop);
  if (!rung) co_return std::move(rung).error();
  co_return Result<void>();
}

}  // namespace aiot::net::bluez
