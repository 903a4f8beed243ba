#pragma once

#include "net/link.hpp"
#include "protocol/homekit/keys.hpp"

namespace aiot::homekit {

/// What a verified session sends and receives (HAP specification, 6.5.2): frames of a little-endian
/// length of at most 1,024, which is also the associated data, the cipher text and its tag. Each
/// way counts its own frames.
class FrameCipher {
 public:
  static constexpr std::size_t most_text_bytes = 1024;

  explicit FrameCipher(SessionKeys keys) : keys_(std::move(keys)) {}

  Bytes seal(ByteSpan text);
  /// Takes bytes in pieces of any size, and gives the text of the frames that are whole.
  /// provisioning::Errc::protocol_violated for a frame that is too long or was changed; final.
  Result<Bytes> open(ByteSpan bytes);

 private:
  SessionKeys keys_;
  std::uint64_t written_ = 0;
  std::uint64_t read_ = 0;
  Bytes waiting_;
};

/// A verified session over a link, which outlives it.
class SecureLink final : public net::Link {
 public:
  SecureLink(net::Link& link, SessionKeys keys) : link_(link), cipher_(std::move(keys)) {}

  const net::LinkInfo& info() const override { return link_.info(); }
  net::Clock& clock() override { return link_.clock(); }
  net::Task<std::size_t> read_some(std::span<std::uint8_t> buffer,
                                   net::TimePoint deadline) override;
  net::Task<void> write(ByteSpan data, net::TimePoint deadline) override;
  net::Task<void> drain(net::TimePoint deadline) override { return link_.drain(deadline); }
  net::Task<void> discard_input() override;
  net::Task<void> set_baud(std::uint32_t baud_bps) override { return link_.set_baud(baud_bps); }
  net::Task<void> set_lines(std::span<const net::LineStep> steps) override {
    return link_.set_lines(steps);
  }
  /// A session cannot outlive its connection: net::Errc::not_supported.
  net::Task<void> reopen(net::TimePoint deadline) override;
  void close() override { link_.close(); }

 private:
  net::Link& link_;
  FrameCipher cipher_;
  Bytes text_;  ///< opened, and not read yet
};

}  // namespace aiot::homekit
