#pragma once

#include <cstdint>
#include <optional>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

namespace aiot::dpp {

inline constexpr std::uint16_t tcp_port = 8908;

/// What a message is. Action frames have the number of table 30; a configuration request and its
/// answer are GAS frames (IEEE 802.11, 9.6.7), which have none.
enum class FrameKind : std::uint16_t {
  authentication_request = 0,
  authentication_response = 1,
  authentication_confirm = 2,
  configuration_result = 11,
  connection_status = 12,
  presence_announcement = 13,
  configuration_request = 0x100,
  configuration_response,
  other,  ///< one that this host has no use for
};

/// A message of DPP over TCP without its length.
struct Frame {
  FrameKind kind = FrameKind::other;
  std::uint8_t token = 0;            ///< of a GAS frame; the answer repeats it
  std::uint16_t comeback_delay = 0;  ///< of a configuration response: it is not ready, 1024 µs each
  Bytes attributes;
};

/// The frame as it goes over TCP: its length (4 bytes, big-endian) and itself.
Bytes write_frame(const Frame& frame);
/// What is sealed with an action frame: OUI, type, crypto suite and the frame's number.
Bytes sealed_header(FrameKind kind);
/// `message` without its length. provisioning::Errc::protocol_violated, unsupported_version.
Result<Frame> parse_frame(ByteSpan message);

/// Cuts a stream into frames.
class FrameReader {
 public:
  /// hostap 2.10 sends and takes no more.
  static constexpr std::size_t max_bytes = 65535;

  void feed(ByteSpan bytes) { append(buffer_, bytes); }
  /// The next frame, nothing while it is not complete. After an error the stream is of no use.
  Result<std::optional<Frame>> take();
  /// How many bytes to read at most: never more than one frame is held.
  std::size_t wanted() const;

 private:
  Bytes buffer_;
};

}  // namespace aiot::dpp
