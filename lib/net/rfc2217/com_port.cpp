#include "net/rfc2217/com_port.hpp"

namespace aiot::net::rfc2217 {

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
