#include "net/rfc2217/telnet.hpp"

#include <utility>

namespace aiot::net::rfc2217 {

std::vector<Item> TelnetDecoder::decode(ByteSpan bytes) {
  std::vector<Item> out;
  Bytes data;
  const auto end_data = [&] {
    if (!data.empty()) out.emplace_back(Data{std::exchange(data, {})});
  };
  const auto add = [&](std::uint8_t byte) {
    if (sub_.value.size() < max_subnegotiation) {
      sub_.value.push_back(byte);
    } else {
      too_long_ = true;
    }
  };
  for (const std::uint8_t byte : bytes) {
    switch (state_) {
      case State::data:
        if (byte == IAC) {
          state_ = State::command;
        } else {
          data.push_back(byte);
        }
        break;
      case State::command:
        state_ = State::data;
        if (byte == IAC) {
          data.push_back(byte);
        } else if (byte >= WILL) {
          verb_ = byte;
          state_ = State::option;
        } else if (byte == SB) {
          state_ = State::sub_option;
        }
        break;
      case State::option:
        end_data();
        out.emplace_back(Negotiation{verb_, byte});
        state_ = State::data;
        break;
      case State::sub_option:
        sub_ = Subnegotiation{byte, {}};
        too_long_ = false;
        state_ = State::sub_data;
        break;
      case State::sub_data:
        if (byte == IAC) {
          state_ = State::sub_command;
        } else {
          add(byte);
        }
        break;
      case State::sub_command:
        if (byte == IAC) {
          add(byte);
          state_ = State::sub_data;
          break;
        }
        // SE ends it. Any other command here is a mistake; the stream goes on after it.
        if (byte == SE && !too_long_) {
          end_data();
          out.emplace_back(std::exchange(sub_, {}));
        }
        state_ = State::data;
        break;
    }
  }
  end_data();
  return out;
}

Bytes escape(ByteSpan bytes) {
  Bytes out;
  out.reserve(bytes.size() + bytes.size() / 64);
  for (const std::uint8_t byte : bytes) {
    out.push_back(byte);
    if (byte == IAC) out.push_back(IAC);
  }
  return out;
}

Bytes encode(const Negotiation& negotiation) { return {IAC, negotiation.verb, negotiation.option}; }

Bytes encode(const Subnegotiation& subnegotiation) {
  Bytes out = {IAC, SB, subnegotiation.option};
  append(out, escape(subnegotiation.value));
  out.push_back(IAC);
  out.push_back(SE);
  return out;
}

Bytes Negotiator::open(bool client) {
  Bytes out;
  for (const std::uint8_t option : {com_port, binary, suppress_go_ahead}) {
    // The client says that it sends COM-PORT-OPTION, the server that it takes it (RFC 2217, 2).
    if (client || option != com_port) {
      offered_ |= bit(option);
      append(out, encode(Negotiation{WILL, option}));
    }
    if (!client || option != com_port) {
      asked_ |= bit(option);
      append(out, encode(Negotiation{DO, option}));
    }
  }
  return out;
}

Bytes Negotiator::on(const Negotiation& received) {
  const std::uint64_t option = bit(received.option);
  const bool known = received.option == binary || received.option == suppress_go_ahead ||
                     received.option == com_port;
  switch (received.verb) {
    case DO:
      if (!known) return encode(Negotiation{WONT, received.option});
      us_ |= option;
      answered_ |= option;
      if (offered_ & option) return {};
      offered_ |= option;
      return encode(Negotiation{WILL, received.option});
    case WILL:
      if (!known) return encode(Negotiation{DONT, received.option});
      them_ |= option;
      if (asked_ & option) return {};
      asked_ |= option;
      return encode(Negotiation{DO, received.option});
    case DONT: {
      const bool was_on = (us_ & option) != 0;
      us_ &= ~option;
      offered_ &= ~option;
      answered_ |= option;
      return was_on ? encode(Negotiation{WONT, received.option}) : Bytes();
    }
    default: {  // WONT
      const bool was_on = (them_ & option) != 0;
      them_ &= ~option;
      asked_ &= ~option;
      return was_on ? encode(Negotiation{DONT, received.option}) : Bytes();
    }
  }
}

std::optional<Message> decode_message(ByteSpan value) {
  if (value.empty()) return {};
  Message out;
  out.by_server = value[0] >= from_server;
  const auto number = static_cast<std::uint8_t>(out.by_server ? value[0] - from_server : value[0]);
  if (number > static_cast<std::uint8_t>(Command::purge_data)) return {};
  out.command = static_cast<Command>(number);
  out.value.assign(value.begin() + 1, value.end());
  return out;
}

Bytes encode(const Message& message) {
  Subnegotiation sub{com_port, {}};
  sub.value.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(message.command) +
                                                (message.by_server ? from_server : 0)));
  append(sub.value, message.value);
  return encode(sub);
}

Message message(Command command, std::uint8_t value, bool by_server) {
  return {command, by_server, Bytes{value}};
}

Message baud_message(std::uint32_t baud_bps, bool by_server) {
  Message out{Command::set_baudrate, by_server, {}};
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.value.push_back(static_cast<std::uint8_t>(baud_bps >> shift));
  }
  return out;
}

std::optional<std::uint32_t> baud_of(const Message& message) {
  if (message.command != Command::set_baudrate || message.value.size() != 4) return {};
  std::uint32_t out = 0;
  for (const std::uint8_t byte : message.value) out = out << 8 | byte;
  return out;
}

}  // namespace aiot::net::rfc2217
