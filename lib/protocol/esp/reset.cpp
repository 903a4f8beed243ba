#include "protocol/esp/loader.hpp"

namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t espressif_vid = 0x303A;
constexpr std::uint16_t usb_jtag_pid = 0x1001;
constexpr milliseconds in_reset{100};
constexpr milliseconds boot_pin_hold{50};
/// For boards whose reset pin rises slowly (a large capacitor).
constexpr milliseconds long_boot_pin_hold{550};

net::LineStep both(bool dtr, bool rts, milliseconds hold = milliseconds(0)) {
  return {dtr, rts, hold};
}
net::LineStep dtr(bool on, milliseconds hold = milliseconds(0)) { return {on, std::nullopt, hold}; }
net::LineStep rts(bool on, milliseconds hold = milliseconds(0)) { return {std::nullopt, on, hold}; }

/// The CP2102C handshakes on RTS by itself: releasing DTR would let it pull the reset pin.
bool handshakes_always(const net::LinkInfo& link) {
  return link.usb_vid == 0x10C4 && link.usb_pid == 0xEA64;
}

/// Both lines change at once, so that the circuit never sees a pair that means something else.
LineSequence tight(milliseconds hold, bool keep_dtr) {
  LineSequence steps{both(false, false), both(true, true), both(false, true, in_reset),
                     both(true, false, hold)};
  if (!keep_dtr) {
    steps.push_back(both(false, false));
    steps.push_back(dtr(false));  // some hubs drop the change before
  }
  return steps;
}

/// One line after the other, for adapters that cannot change both at once.
LineSequence classic(milliseconds hold, bool keep_dtr) {
  LineSequence steps{dtr(false), rts(true, in_reset), dtr(true), rts(false, hold)};
  if (!keep_dtr) steps.push_back(dtr(false));
  return steps;
}

/// The USB Serial/JTAG unit watches the lines itself, and wants to go through "both asserted".
LineSequence usb_jtag() {
  return {rts(false), dtr(false, in_reset), dtr(true),           rts(false, in_reset),
          rts(true),  dtr(false),           rts(true, in_reset), dtr(false),
          rts(false)};
}

}  // namespace

bool is_usb_jtag(const net::LinkInfo& link) {
  return link.usb_vid == espressif_vid && link.usb_pid == usb_jtag_pid;
}

std::vector<LineSequence> loader_sequences(ResetStrategy strategy, const net::LinkInfo& link) {
  if (strategy == ResetStrategy::none || !link.has_lines) return {};
  if (strategy == ResetStrategy::usb_jtag ||
      (strategy == ResetStrategy::automatic && is_usb_jtag(link))) {
    return {usb_jtag()};
  }
  const bool keep_dtr = handshakes_always(link);
  return {tight(boot_pin_hold, keep_dtr), tight(long_boot_pin_hold, keep_dtr),
          classic(boot_pin_hold, keep_dtr), classic(long_boot_pin_hold, keep_dtr)};
}

LineSequence application_sequence(const net::LinkInfo& link, bool through_otg) {
  if (handshakes_always(link)) {
    return {dtr(false), rts(true, in_reset), dtr(true, in_reset), rts(false)};
  }
  const milliseconds hold = through_otg ? milliseconds(200) : in_reset;
  return {both(false, true, hold),
          both(false, false, through_otg ? milliseconds(200) : milliseconds(0))};
}

}  // namespace aiot::esp
