#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::capture {

/// What can be wrong with a capture; all are Condition::invalid_input.
enum class Errc {
  unreadable = 1,  ///< the file cannot be opened or read
  not_a_capture,   ///< none of the formats
  unsupported,     ///< a version or link type that is not read
  damaged,         ///< a length in it cannot be true
  truncated,       ///< it ends inside a record: what came before it is good
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::capture

template <>
struct boost::system::is_error_code_enum<aiot::capture::Errc> : std::true_type {};

namespace aiot::capture {

inline std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_be16(p)) << 16 | load_be16(p + 2);
}
inline std::uint64_t load_be64(const std::uint8_t* p) {
  return static_cast<std::uint64_t>(load_be32(p)) << 32 | load_be32(p + 4);
}

/// The bytes of a capture, taken piece by piece through one buffer.
class Input {
 public:
  /// No piece is longer: a record of this size is damage, for links carry 64 KiB at most.
  static constexpr std::size_t max_piece = 256 * 1024;

  /// Fills the beginning of the span and says how much; 0 at the end.
  using Source = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;
  explicit Input(Source source);

  /// The next `size` bytes, a view until the next call; nullopt at the end of the capture.
  /// Errc::truncated when it ends within them, Errc::damaged when they are more than max_piece.
  Result<std::optional<ByteSpan>> take(std::size_t size);
  /// The same where the end would be in the wrong place: Errc::truncated there, too.
  Result<ByteSpan> need(std::size_t size);
  /// Passes over bytes, however many.
  Result<void> skip(std::uint64_t size);
  /// The next bytes without taking them: fewer than `size` where the capture ends.
  Result<ByteSpan> peek(std::size_t size);

 private:
  Result<void> fill(std::size_t size);
  std::size_t held() const { return end_ - begin_; }

  Source source_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

/// Opens a file or a pipe. Errc::unreadable.
Result<Input> open_input(const std::string& path);

/// What a record's bytes begin with: LINKTYPE_ numbers of tcpdump.org/linktypes.html, and above
/// 0xFFFF those that only btsnoop has.
enum class Link : std::uint32_t {
  null = 0,
  ethernet = 1,
  raw_ip = 101,
  loop = 108,
  linux_cooked = 113,
  hci_h4 = 187,
  hci_h4_with_direction = 201,
  ipv4 = 228,
  ipv6 = 229,
  ble_link = 251,
  linux_monitor = 254,
  ble_link_with_header = 256,
  nordic_sniffer = 272,
  linux_cooked_2 = 276,
  hci_without_type = 0x10001,        ///< btsnoop 1001: what it is stands in the flags
  linux_monitor_in_flags = 0x10002,  ///< btsnoop 2001: so is the monitor's opcode
};

/// One packet as it was captured.
struct Record {
  Link link = Link::ethernet;
  std::chrono::nanoseconds time{0};  ///< since 1970; 0 where the format has none
  std::uint32_t flags = 0;           ///< btsnoop's
  ByteSpan bytes;                    ///< a view until the next record
};

/// Reads the records of a capture in their order.
class Reader {
 public:
  virtual ~Reader() = default;
  /// nullopt at the end. After an error there is nothing more.
  virtual Result<std::optional<Record>> next() = 0;
};

/// A reader for whichever of the formats the bytes begin with. Errc::not_a_capture, and what the
/// format's reader says of its header.
Result<std::unique_ptr<Reader>> make_reader(Input input);
/// The same for a file or a pipe.
Result<std::unique_ptr<Reader>> open_capture(const std::string& path);

/// The classic format: a header of 24 bytes, then records, in the byte order and the unit of time
/// that its magic number says.
class PcapReader final : public Reader {
 public:
  /// True when a file that begins so is of this format. At least 4 bytes.
  static bool recognises(ByteSpan beginning);
  /// Errc::not_a_capture, Errc::unsupported for another major version than 2, Errc::truncated.
  static Result<PcapReader> open(Input input);
  Result<std::optional<Record>> next() override;

 private:
  explicit PcapReader(Input input) : input_(std::move(input)) {}
  std::uint32_t load32(const std::uint8_t* p) const;

  Input input_;
  Link link_ = Link::ethernet;
  bool big_endian_ = false;
  bool nanoseconds_ = false;
};

/// The block format: sections, each in its own byte order and with its own interfaces. Blocks that
/// hold no packet are passed over.
class PcapngReader final : public Reader {
 public:
  static bool recognises(ByteSpan beginning);
  static Result<PcapngReader> open(Input input);
  /// Errc::damaged for a block whose lengths differ or that names an interface there is not.
  Result<std::optional<Record>> next() override;

 private:
  /// How an interface's packets are to be read.
  struct Interface {
    Link link = Link::ethernet;
    std::uint32_t snap_length = 0;  ///< 0: no limit
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_s = 0;
  };
  explicit PcapngReader(Input input) : input_(std::move(input)) {}

  std::uint16_t load16(const std::uint8_t* p) const;
  std::uint32_t load32(const std::uint8_t* p) const;
  /// Reads the byte-order magic of a section header, whose type was taken.
  Result<void> begin_section();
  Result<void> add_interface(ByteSpan body);
  void read_option(std::uint16_t code, ByteSpan value, Interface& out) const;
  Result<Record> enhanced_packet(ByteSpan body) const;
  Result<Record> obsolete_packet(ByteSpan body) const;
  Result<Record> simple_packet(ByteSpan body) const;
  Result<Record> packet(std::uint32_t interface, std::uint64_t ticks, ByteSpan data,
                        std::uint32_t length) const;

  Input input_;
  bool big_endian_ = false;
  std::vector<Interface> interfaces_;
};

/// Bluetooth captures: Android's btsnoop_hci.log, and btmon -w.
class BtsnoopReader final : public Reader {
 public:
  static bool recognises(ByteSpan beginning);
  /// Errc::not_a_capture, Errc::unsupported (BCSP, three-wire), Errc::truncated.
  static Result<BtsnoopReader> open(Input input);
  Result<std::optional<Record>> next() override;

 private:
  explicit BtsnoopReader(Input input) : input_(std::move(input)) {}

  Input input_;
  Link link_ = Link::hci_h4;
};

}  // namespace aiot::capture
