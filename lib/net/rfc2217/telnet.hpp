#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"

/// Serial ports over telnet: RFC 854 (telnet), RFC 855 (options), RFC 2217 (COM-PORT-OPTION).
namespace aiot::net::rfc2217 {

enum Telnet : std::uint8_t {
  SE = 240,
  SB = 250,
  WILL = 251,
  WONT = 252,
  DO = 253,
  DONT = 254,
  IAC = 255,
};

/// Options both ends may agree on.
enum Option : std::uint8_t {
  binary = 0,             ///< RFC 856
  suppress_go_ahead = 3,  ///< RFC 858
  com_port = 44,          ///< RFC 2217
};

/// What a telnet stream is made of, in order.
struct Data {
  Bytes bytes;
};
struct Negotiation {
  std::uint8_t verb;  ///< WILL, WONT, DO, DONT
  std::uint8_t option;
};
struct Subnegotiation {
  std::uint8_t option;
  Bytes value;  ///< IAC unescaped
};
using Item = std::variant<Data, Negotiation, Subnegotiation>;

/// Splits a telnet stream, however it is cut into pieces. Commands of two bytes (NOP, AYT, …) are
/// dropped; so is a subnegotiation of more than `max_subnegotiation` bytes.
class TelnetDecoder {
 public:
  static constexpr std::size_t max_subnegotiation = 1024;

  std::vector<Item> decode(ByteSpan bytes);

 private:
  enum class State { data, command, option, sub_option, sub_data, sub_command };

  State state_ = State::data;
  std::uint8_t verb_ = 0;
  Subnegotiation sub_{};
  bool too_long_ = false;
};

/// `bytes` as data of a telnet stream: IAC is doubled.
Bytes escape(ByteSpan bytes);
Bytes encode(const Negotiation& negotiation);
/// IAC SB option value IAC SE.
Bytes encode(const Subnegotiation& subnegotiation);

/// Agrees on the three options above in both directions, refuses every other one, and never
/// answers what changes nothing, so that two such ends come to rest (RFC 854, page 3).
class Negotiator {
 public:
  /// What to say first: every option offered and asked for, the COM port as `offers_port` or asked.
  Bytes open(bool client);
  /// The answer to one negotiation, often empty.
  Bytes on(const Negotiation& received);

  bool has_answer(std::uint8_t option) const { return (answered_ & bit(option)) != 0; }
  /// Both ends have agreed that this end does `option`.
  bool we_do(std::uint8_t option) const { return (us_ & bit(option)) != 0; }
  bool they_do(std::uint8_t option) const { return (them_ & bit(option)) != 0; }

 private:
  static std::uint64_t bit(std::uint8_t option) { return option < 64 ? 1ULL << option : 0; }

  std::uint64_t offered_ = 0;   // WILL sent
  std::uint64_t asked_ = 0;     // DO sent
  std::uint64_t us_ = 0;        // DO received for what was offered
  std::uint64_t them_ = 0;      // WILL received for what was asked
  std::uint64_t answered_ = 0;  // an answer to what was offered has come
};

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
