#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/fd_stream.hpp"
#include "net/link.hpp"

namespace aiot::net {

/// A plain byte stream over TCP: a device's own port, or a serial server in raw mode. It has
/// neither modem lines nor a rate that could be set.
class TcpLink final : public Link {
 public:
  static Task<std::unique_ptr<Link>> open(std::string host, std::uint16_t port, TimePoint deadline);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  /// Connects again, until the deadline also when it is refused: the other end may be starting.
  Task<void> reopen(TimePoint deadline) override;
  void close() override { stream_.close(); }

 private:
  TcpLink(FdStream stream, std::string host, std::uint16_t port);

  FdStream stream_;
  std::string host_;
  std::uint16_t port_;
  LinkInfo info_;
};

}  // namespace aiot::net
