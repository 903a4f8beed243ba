#include "net/rfc2217/server.hpp"

namespace aiot::net::rfc2217 {
namespace {

/// Takes a setting of one byte; 0 asks for the present one.
void take(std::uint8_t& setting, std::uint8_t value) {
  if (value != 0) setting = value;
}

}  // namespace

Server::Server(std::string signature, std::uint32_t baud_bps)
    : signature_(std::move(signature)), baud_bps_(baud_bps) {
  output_ = negotiator_.open(false);
}

std::vector<Server::Action> Server::on_bytes(ByteSpan bytes) {
  std::vector<Action> out;
  for (Item& item : decoder_.decode(bytes)) {
    if (auto* data = std::get_if<Data>(&item)) {
      out.emplace_back(std::move(*data));
    } else if (const auto* negotiation = std::get_if<Negotiation>(&item)) {
      const bool was_agreed = agreed();
      append(output_, negotiator_.on(*negotiation));
      // Clients wait for the first state (pySerial) and may never ask for it.
      if (!was_agreed && agreed()) {
        answer(Command::notify_modemstate, modem_state_);
      }
    } else if (const auto& sub = std::get<Subnegotiation>(item); sub.option == com_port) {
      const auto decoded = decode_message(sub.value);
      if (decoded && !decoded->by_server) on_message(*decoded, out);
    }
  }
  return out;
}

void Server::send(ByteSpan data) { append(output_, escape(data)); }

void Server::set_modem_state(std::uint8_t state) {
  const auto changed = static_cast<std::uint8_t>((state ^ modem_state_) & 0xF0);
  modem_state_ = static_cast<std::uint8_t>(state & 0xF0);
  if ((changed & modem_mask_) == 0 || !agreed()) return;
  // The low four bits say which of the upper four have changed.
  answer(Command::notify_modemstate, static_cast<std::uint8_t>(modem_state_ | changed >> 4));
}

void Server::answer(Command command, std::uint8_t value) {
  append(output_, encode(message(command, value, true)));
}

void Server::on_message(const Message& received, std::vector<Action>& out) {
  const std::uint8_t value = received.value.empty() ? std::uint8_t{0} : received.value.front();
  switch (received.command) {
    case Command::signature:
      // One with text has the client's own name; one without asks for ours.
      if (received.value.empty()) {
        append(output_, encode(Message{Command::signature, true,
                                       Bytes(signature_.begin(), signature_.end())}));
      }
      return;
    case Command::set_baudrate: {
      const auto baud = baud_of(received);
      if (baud && *baud != 0 && *baud != baud_bps_) {
        baud_bps_ = *baud;
        out.emplace_back(Baud{baud_bps_});
      }
      append(output_, encode(baud_message(baud_bps_, true)));
      return;
    }
    case Command::set_datasize:
      take(data_size_, value);
      return answer(received.command, data_size_);
    case Command::set_parity: take(parity_, value); return answer(received.command, parity_);
    case Command::set_stopsize:
      take(stop_size_, value);
      return answer(received.command, stop_size_);
    case Command::set_control: return on_control(value, out);
    case Command::flowcontrol_suspend: suspended_ = true; return;
    case Command::flowcontrol_resume: suspended_ = false; return;
    case Command::set_linestate_mask: return answer(received.command, value);
    case Command::set_modemstate_mask:
      modem_mask_ = value;
      answer(received.command, value);
      // A client that asks wants to know the state now, not only its next change.
      answer(Command::notify_modemstate, static_cast<std::uint8_t>(modem_state_ & value));
      return;
    case Command::purge_data:
      out.emplace_back(Purge{value == purge::receive || value == purge::both,
                             value == purge::transmit || value == purge::both});
      return answer(received.command, value);
    case Command::notify_linestate:
    case Command::notify_modemstate: return;  // only a server sends them
  }
}

void Server::on_control(std::uint8_t value, std::vector<Action>& out) {
  switch (value) {
    case control::dtr_on:
    case control::dtr_off:
      dtr_ = value == control::dtr_on;
      out.emplace_back(Lines{dtr_, rts_});
      break;
    case control::rts_on:
    case control::rts_off:
      rts_ = value == control::rts_on;
      out.emplace_back(Lines{dtr_, rts_});
      break;
    case control::break_on:
    case control::break_off:
      break_ = value == control::break_on;
      out.emplace_back(Break{break_});
      break;
    case 0: value = control::no_flow_control; break;
    case 4: value = break_ ? control::break_on : control::break_off; break;
    case control::ask_dtr: value = dtr_ ? control::dtr_on : control::dtr_off; break;
    case control::ask_rts: value = rts_ ? control::rts_on : control::rts_off; break;
    case 13: value = control::no_inbound_flow_control; break;
    // There is no flow control here: whatever was asked for, this is what is.
    case 14:
    case 15:
    case 16:
    case 18: value = control::no_inbound_flow_control; break;
    default: value = control::no_flow_control; break;
  }
  answer(Command::set_control, value);
}

}  // namespace aiot::net::rfc2217
