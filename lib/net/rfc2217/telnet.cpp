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

}  // namespace aiot::net::rfc2217
