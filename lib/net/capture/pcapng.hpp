#pragma once

#include <vector>

#include "net/capture/input.hpp"
#include "net/capture/record.hpp"

namespace aiot::net::capture {

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

}  // namespace aiot::net::capture
