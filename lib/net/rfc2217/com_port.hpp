#pragma once

#include <optional>

#include "net/rfc2217/telnet.hpp"

namespace aiot::net::rfc2217 {

/// Commands of COM-PORT-OPTION (RFC 2217, section 3), as the client sends them; a server's are 100
/// more.
enum class Command : std::uint8_t {
  signature = 0,
  set_baudrate = 1,
  set_datasize = 2,
  set_parity = 3,
  set_stopsize = 4,
  set_control = 5,
  notify_linestate = 6,
  notify_modemstate = 7,
  flowcontrol_suspend = 8,
  flowcontrol_resume = 9,
  set_linestate_mask = 10,
  set_modemstate_mask = 11,
  purge_data = 12,
};
constexpr std::uint8_t from_server = 100;

/// Values of SET-CONTROL.
namespace control {
constexpr std::uint8_t no_flow_control = 1;
constexpr std::uint8_t break_on = 5;
constexpr std::uint8_t break_off = 6;
constexpr std::uint8_t ask_dtr = 7;
constexpr std::uint8_t dtr_on = 8;
constexpr std::uint8_t dtr_off = 9;
constexpr std::uint8_t ask_rts = 10;
constexpr std::uint8_t rts_on = 11;
constexpr std::uint8_t rts_off = 12;
constexpr std::uint8_t no_inbound_flow_control = 14;
}  // namespace control

/// Values of PURGE-DATA.
namespace purge {
constexpr std::uint8_t receive = 1;   ///< what came from the device
constexpr std::uint8_t transmit = 2;  ///< what goes to it
constexpr std::uint8_t both = 3;
}  // namespace purge

struct Message {
  Command command{};
  bool by_server = false;
  Bytes value;
};

/// Reads the value of a COM-PORT-OPTION subnegotiation; nullopt for a command that is none.
std::optional<Message> decode_message(ByteSpan value);
Bytes encode(const Message& message);

/// Shorthands: one byte, and the four of a baud rate in network order.
Message message(Command command, std::uint8_t value, bool by_server = false);
Message baud_message(std::uint32_t baud_bps, bool by_server = false);
std::optional<std::uint32_t> baud_of(const Message& message);

}  // namespace aiot::net::rfc2217
