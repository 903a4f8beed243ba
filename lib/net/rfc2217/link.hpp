#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "net/fd_stream.hpp"
#include "net/link.hpp"
#include "net/rfc2217/telnet.hpp"

namespace aiot::net::rfc2217 {

/// A serial port behind a server that speaks RFC 2217 (ser2net, pyserial, `aiotctl sim`).
class RemoteSerialLink final : public Link {
 public:
  /// Connects, agrees on the option and sets the port to 8N1 without flow control.
  /// Errc::protocol when the server does not do RFC 2217.
  static Task<std::unique_ptr<Link>> open(std::string host, std::uint16_t port,
                                          std::uint32_t baud_bps, TimePoint deadline);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  /// Has the server drop what it holds; its answer marks where the old bytes end.
  Task<void> discard_input() override;
  /// Waits for the server's answer: what is written next leaves at the new rate.
  Task<void> set_baud(std::uint32_t baud_bps) override;
  /// Changes travel in-band and are not waited for: a round trip each would tear the sequence.
  Task<void> set_lines(std::span<const LineStep> steps) override;
  Task<void> reopen(TimePoint deadline) override;
  void close() override { stream_.close(); }

 private:
  RemoteSerialLink(FdStream stream, std::string host, std::uint16_t port, std::uint32_t baud_bps);

  Task<void> set_up(TimePoint deadline);
  /// Reads once from the connection, and sorts what has come.
  Task<void> pump(TimePoint deadline);
  Task<void> purge_remote();
  Task<void> wait_for_answer(Command command, TimePoint deadline);
  std::optional<Message>& answer_to(Command command) {
    return answers_.at(static_cast<std::size_t>(command));
  }
  void sort(ByteSpan bytes, Bytes& replies);
  void forget_arrived() {
    arrived_.clear();
    taken_ = 0;
  }

  FdStream stream_;
  std::string host_;
  std::uint16_t port_;
  std::uint32_t baud_bps_;
  LinkInfo info_;
  TelnetDecoder decoder_;
  Negotiator negotiator_;
  Bytes arrived_;
  std::size_t taken_ = 0;                           // of them, read already
  std::array<std::optional<Message>, 13> answers_;  // the last of each command
  bool suspended_ = false;
  bool purging_ = false;  // a purge was sent and is not answered yet
  bool answers_purge_ = true;
};

}  // namespace aiot::net::rfc2217
