#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"

/// SMP packets, and the lines that carry them on a console. Zephyr documentation, "SMP Protocol
/// Specification" and "SMP over console".
namespace aiot::smp {

enum class Op : std::uint8_t { read = 0, read_reply = 1, write = 2, write_reply = 3 };

/// Management groups of the specification.
enum class Group : std::uint16_t { os = 0, image = 1, stat = 2, settings = 3, fs = 8, shell = 9 };

/// A packet: its header, and the map behind it.
struct Packet {
  unsigned version = 1;  ///< 0 or 1 on the wire; 1 knows errors of groups
  Op op = Op::read;
  Group group = Group::os;
  std::uint8_t sequence = 0;
  std::uint8_t command = 0;
  Object body = {};
};

inline constexpr std::size_t header_bytes = 8;
/// The longest that is taken from a peer.
inline constexpr std::size_t max_packet_bytes = 16384;

Bytes encode(const Packet& packet);
/// Exactly one packet. Errc::bad_reply, Errc::bad_cbor.
Result<Packet> decode(ByteSpan bytes);

/// A packet as lines of at most 127 bytes, each with its line feed.
Bytes to_lines(ByteSpan packet);

/// Finds packets among lines of a console, which may say other things between them. What is damaged
/// is dropped, as the specification says.
class LineReader {
 public:
  void feed(ByteSpan bytes);
  /// The next whole packet.
  std::optional<Bytes> next();

 private:
  void on_line();

  std::string line_;
  bool overlong_ = false;
  std::optional<Bytes> frame_;  ///< of a packet whose first line has come
  std::deque<Bytes> packets_;
};

}  // namespace aiot::smp
