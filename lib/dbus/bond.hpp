#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbus/bluez.hpp"

namespace aiot::bluez {

/// What this side of a bond can do (Core Specification 5.4, volume 3, part H, 2.3.2).
enum class Io { display_only, display_yes_no, keyboard_only, no_input_no_output, keyboard_display };
/// As BlueZ writes it: "DisplayYesNo". Also without regard to case.
std::optional<Io> parse_io(std::string_view text);
/// "DisplayOnly, DisplayYesNo, …"
std::string io_grammar();

/// Answers while a bond is made.
struct BondHelper {
  /// The passkey that the device shows, or the PIN of an older one; "" when none is known.
  std::string passkey;
  /// Asks for that passkey when none is known, and gives the answer on the bus's executor, "" for
  /// none.
  std::function<void(std::function<void(const std::string&)> answer)> enter;
  /// For people: the passkey to type on the device.
  std::function<void(const std::string& passkey)> show;
  /// Both sides show this number; the answer false rejects the bond.
  std::function<void(const std::string& number, std::function<void(bool)> answer)> compare;
};

/// A bonded device, as BlueZ describes it afterwards.
struct Bond {
  std::string name;
  std::string modalias;  ///< "usb:v1D6Bp0246d0540"; "" when it has no device information
  std::optional<std::uint32_t> device_class;
  std::vector<std::string> service_uuids;
};

/// Makes a bond with `device`, as find_device() found it. This connection's own agent answers:
/// BlueZ asks the one of the caller of Pair. A bond that BlueZ has made since, because a profile
/// requires one as soon as it connects, is as good. After a failure or a cancellation no bond is
/// left. Errc::bond_failed, wrong_passkey, bond_rejected, bond_timeout, bonded, no_passkey,
/// unreachable, busy; net::Errc::link_lost.
net::Task<Bond> make_bond(dbus::Bus& bus, Advert device, Io io, BondHelper helper,
                          net::TimePoint deadline);

/// Ends the bonds of all adapters with the device of this address, and forgets it.
/// Errc::no_device when there is none.
net::Task<void> remove_bond(dbus::Bus& bus, std::string address, net::TimePoint deadline);

}  // namespace aiot::bluez
