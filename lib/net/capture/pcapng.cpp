#include "net/capture/pcapng.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::net::capture {
namespace {

/// Types of blocks. A section header's reads the same in both byte orders.
constexpr std::uint32_t block_section = 0x0A0D0D0A;
constexpr std::uint32_t block_interface = 1;
constexpr std::uint32_t block_obsolete_packet = 2;
constexpr std::uint32_t block_simple_packet = 3;
constexpr std::uint32_t block_enhanced_packet = 6;

constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::size_t block_overhead = 12;  ///< type, length, length again
constexpr std::size_t max_interfaces = 4096;

constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_resolution = 9;
constexpr std::uint16_t option_offset = 14;

Error damaged(std::string_view what) { return make_error(Errc::damaged, std::string(what)); }

/// The option's byte: a power of ten, or of two when its highest bit is set.
std::uint64_t ticks_of(std::uint8_t resolution) {
  const unsigned exponent = resolution & 0x7F;
  if ((resolution & 0x80) != 0) return exponent < 63 ? std::uint64_t{1} << exponent : 0;
  std::uint64_t ticks = 1;
  for (unsigned i = 0; i < exponent; ++i) {
    if (ticks > 1'000'000'000'000'000'000 / 10) return 0;
    ticks *= 10;
  }
  return ticks;
}

std::chrono::nanoseconds time_of(std::uint64_t ticks, std::uint64_t per_second,
                                 std::int64_t offset_s) {
  const std::uint64_t seconds = ticks / per_second;
  const double rest = static_cast<double>(ticks % per_second) / static_cast<double>(per_second);
  // A time beyond what nanoseconds hold is as good as none.
  constexpr std::int64_t limit = 4'000'000'000;
  if (seconds > static_cast<std::uint64_t>(limit) || offset_s > limit || offset_s < -limit) {
    return std::chrono::nanoseconds(0);
  }
  return std::chrono::seconds(static_cast<std::int64_t>(seconds) + offset_s) +
         std::chrono::nanoseconds(static_cast<std::int64_t>(rest * 1e9));
}

}  // namespace

bool PcapngReader::recognises(ByteSpan beginning) {
  return beginning.size() >= 4 && load_le32(beginning.data()) == block_section;
}

std::uint16_t PcapngReader::load16(const std::uint8_t* p) const {
  return big_endian_ ? load_be16(p) : load_le16(p);
}
std::uint32_t PcapngReader::load32(const std::uint8_t* p) const {
  return big_endian_ ? load_be32(p) : load_le32(p);
}

Result<PcapngReader> PcapngReader::open(Input input) {
  AIOT_TRY(const ByteSpan beginning, input.peek(4));
  if (!recognises(beginning)) return make_error(Errc::not_a_capture);
  return PcapngReader(std::move(input));
}

Result<void> PcapngReader::begin_section() {
  // The length cannot be read before the magic behind it is.
  AIOT_TRY(const ByteSpan rest, input_.peek(8));
  if (rest.size() < 8) return make_error(Errc::truncated);
  if (load_le32(rest.data() + 4) == byte_order_magic) {
    big_endian_ = false;
  } else if (load_be32(rest.data() + 4) == byte_order_magic) {
    big_endian_ = true;
  } else {
    return damaged("a section without its magic number");
  }
  interfaces_.clear();
  return {};
}

Result<std::optional<Record>> PcapngReader::next() {
  while (true) {
    AIOT_TRY(const std::optional<ByteSpan> start, input_.take(4));
    if (!start) return std::optional<Record>();
    const std::uint32_t type = load32(start->data());
    if (type == block_section) {
      AIOT_CHECK(begin_section());
    }
    AIOT_TRY(const ByteSpan length_field, input_.need(4));
    const std::uint32_t length = load32(length_field.data());
    if (length < block_overhead || length % 4 != 0) return damaged("a block of impossible length");
    const bool is_read = type == block_interface || type == block_obsolete_packet ||
                         type == block_simple_packet || type == block_enhanced_packet;
    if (!is_read) {
      AIOT_CHECK(input_.skip(length - 8));
      continue;
    }
    AIOT_TRY(const ByteSpan rest, input_.need(length - 8));
    if (load32(rest.data() + rest.size() - 4) != length) {
      return damaged("a block whose two lengths differ");
    }
    const ByteSpan body = rest.first(rest.size() - 4);
    if (type == block_interface) {
      AIOT_CHECK(add_interface(body));
      continue;
    }
    AIOT_TRY(const Record record, type == block_enhanced_packet   ? enhanced_packet(body)
                                  : type == block_obsolete_packet ? obsolete_packet(body)
                                                                  : simple_packet(body));
    return std::optional<Record>(record);
  }
}

Result<void> PcapngReader::add_interface(ByteSpan body) {
  if (body.size() < 8) return damaged("a short interface block");
  if (interfaces_.size() >= max_interfaces) return damaged("too many interfaces");
  Interface out;
  out.link = static_cast<Link>(load16(body.data()));
  out.snap_length = load32(body.data() + 4);
  ByteSpan options = body.subspan(8);
  while (options.size() >= 4) {
    const std::uint16_t code = load16(options.data());
    const std::size_t size = load16(options.data() + 2);
    const std::size_t padded = (size + 3) / 4 * 4;
    options = options.subspan(4);
    if (code == option_end || padded > options.size()) break;
    read_option(code, options.first(size), out);
    options = options.subspan(padded);
  }
  if (out.ticks_per_second == 0) return damaged("an interface with an impossible clock");
  interfaces_.push_back(out);
  return {};
}

void PcapngReader::read_option(std::uint16_t code, ByteSpan value, Interface& out) const {
  if (code == option_resolution && !value.empty()) {
    out.ticks_per_second = ticks_of(value[0]);
  } else if (code == option_offset && value.size() == 8) {
    out.offset_s =
        static_cast<std::int64_t>(big_endian_ ? load_be64(value.data()) : load_le64(value.data()));
  }
}

Result<Record> PcapngReader::packet(std::uint32_t interface, std::uint64_t ticks, ByteSpan data,
                                    std::uint32_t length) const {
  if (interface >= interfaces_.size()) return damaged("a packet of an interface there is not");
  if (length > data.size()) return damaged("a packet longer than its block");
  const Interface& from = interfaces_[interface];
  Record record;
  record.link = from.link;
  record.time = time_of(ticks, from.ticks_per_second, from.offset_s);
  record.bytes = data.first(length);
  return record;
}

Result<Record> PcapngReader::enhanced_packet(ByteSpan body) const {
  // Interface, time (high, low), captured length, original length.
  if (body.size() < 20) return damaged("a short packet block");
  const std::uint8_t* p = body.data();
  const std::uint64_t ticks = static_cast<std::uint64_t>(load32(p + 4)) << 32 | load32(p + 8);
  return packet(load32(p), ticks, body.subspan(20), load32(p + 12));
}

Result<Record> PcapngReader::obsolete_packet(ByteSpan body) const {
  // The same, with an interface of 16 bits and a count of drops.
  if (body.size() < 20) return damaged("a short packet block");
  const std::uint8_t* p = body.data();
  const std::uint64_t ticks = static_cast<std::uint64_t>(load32(p + 4)) << 32 | load32(p + 8);
  return packet(load16(p), ticks, body.subspan(20), load32(p + 12));
}

Result<Record> PcapngReader::simple_packet(ByteSpan body) const {
  // Original length; captured is as much of it as the interface takes.
  if (body.size() < 4) return damaged("a short packet block");
  std::uint32_t length = load32(body.data());
  if (!interfaces_.empty() && interfaces_[0].snap_length != 0) {
    length = std::min(length, interfaces_[0].snap_length);
  }
  return packet(0, 0, body.subspan(4), length);
}

}  // namespace aiot::net::capture
