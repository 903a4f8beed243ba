#pragma once

#include <string>
#include <utility>

#include "net/rfc2217/telnet.hpp"

namespace aiot::net::rfc2217 {

/// The server's end of RFC 2217 as an engine without I/O: what the client sends goes in, what it
/// means for the serial port comes out in the same order. One for each connection.
class Server {
 public:
  struct Baud {
    std::uint32_t baud_bps;
  };
  struct Lines {
    bool dtr;
    bool rts;
  };
  /// The client wants what has come from the device, or goes to it, dropped.
  struct Purge {
    bool receive;
    bool transmit;
  };
  struct Break {
    bool on;
  };
  using Action = std::variant<Data, Baud, Lines, Purge, Break>;

  explicit Server(std::string signature, std::uint32_t baud_bps = 115200);

  /// Bytes of the client's stream. Data before a change of rate or lines was written before it.
  std::vector<Action> on_bytes(ByteSpan bytes);
  /// Bytes from the device on their way to the client.
  void send(ByteSpan data);
  /// CTS, DSR, RI and CD in the bits 4 to 7, as a 16550's modem status register; sent to the
  /// client when it agrees on the option, and at each change of a bit that it has not masked.
  void set_modem_state(std::uint8_t state);
  /// What is to be written to the connection; starts with the negotiation.
  Bytes take_output() { return std::exchange(output_, {}); }
  /// The client asked to wait with data (FLOWCONTROL-SUSPEND).
  bool suspended() const { return suspended_; }

 private:
  void on_message(const Message& message, std::vector<Action>& out);
  void on_control(std::uint8_t value, std::vector<Action>& out);
  void answer(Command command, std::uint8_t value);
  /// In either direction: pySerial takes our DO for granted and sends no WILL when it comes first.
  bool agreed() const { return negotiator_.they_do(com_port) || negotiator_.we_do(com_port); }

  TelnetDecoder decoder_;
  Negotiator negotiator_;
  Bytes output_;
  std::string signature_;
  std::uint32_t baud_bps_;
  std::uint8_t data_size_ = 8;
  std::uint8_t parity_ = 1;  // none
  std::uint8_t stop_size_ = 1;
  std::uint8_t modem_state_ = 0;
  std::uint8_t modem_mask_ = 255;
  bool dtr_ = false;
  bool rts_ = false;
  bool break_ = false;
  bool suspended_ = false;
};

}  // namespace aiot::net::rfc2217
