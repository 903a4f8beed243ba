#pragma once

#include <span>
#include <vector>

#include "net/link.hpp"

namespace aiot::esp {

/// How to bring the chip into its loader.
enum class ResetStrategy { automatic, classic, usb_jtag, none };

/// DTR drives the boot pin and RTS the reset pin, both inverted, through two transistors that
/// ignore "both asserted": the circuit of every development board. Sequences follow esptool 5.3.
using LineSequence = std::vector<net::LineStep>;

/// The sequences to try in turn on this link; empty when it has no lines or none are wanted.
std::vector<LineSequence> loader_sequences(ResetStrategy strategy, const net::LinkInfo& link);

/// Resets the chip into its application. `through_otg` waits for USB to come back.
LineSequence application_sequence(const net::LinkInfo& link, bool through_otg);

/// The port is the chip's own USB Serial/JTAG unit.
bool is_usb_jtag(const net::LinkInfo& link);

}  // namespace aiot::esp
