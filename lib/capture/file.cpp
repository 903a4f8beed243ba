#include "capture/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "core/file.hpp"

namespace aiot::capture {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::unreadable, "capture.unreadable", "the capture cannot be read",
     Condition::invalid_input},
    {Errc::not_a_capture, "capture.format", "not a capture", Condition::invalid_input},
    {Errc::unsupported, "capture.unsupported", "this kind of capture is not read",
     Condition::invalid_input},
    {Errc::damaged, "capture.damaged", "the capture is damaged", Condition::invalid_input},
    {Errc::truncated, "capture.truncated", "the capture ends in the middle of a record",
     Condition::invalid_input},
};
const ErrorTable table("capture", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::size_t block = 64 * 1024;

Error unreadable(const std::string& path, int number) {
  return make_error(Errc::unreadable, path + ": " + std::generic_category().message(number));
}

}  // namespace

Input::Input(Source source) : source_(std::move(source)), buffer_(block) {}

Result<void> Input::fill(std::size_t size) {
  if (size <= held() || at_end_) return {};
  if (begin_ + size > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, held());
    end_ -= begin_;
    begin_ = 0;
    if (size > buffer_.size()) buffer_.resize(size);
  }
  while (held() < size && !at_end_) {
    AIOT_TRY(const std::size_t got, source_(std::span(buffer_).subspan(end_)));
    end_ += got;
    at_end_ = got == 0;
  }
  return {};
}

Result<ByteSpan> Input::peek(std::size_t size) {
  AIOT_CHECK(fill(size));
  return ByteSpan(buffer_).subspan(begin_, std::min(size, held()));
}

Result<std::optional<ByteSpan>> Input::take(std::size_t size) {
  if (size > max_piece) return make_error(Errc::damaged, "a record of impossible length");
  AIOT_TRY(const ByteSpan piece, peek(size));
  if (piece.empty() && size != 0) return std::optional<ByteSpan>();
  if (piece.size() < size) return make_error(Errc::truncated);
  begin_ += size;
  return std::optional<ByteSpan>(piece);
}

Result<ByteSpan> Input::need(std::size_t size) {
  AIOT_TRY(const std::optional<ByteSpan> piece, take(size));
  if (!piece) return make_error(Errc::truncated);
  return *piece;
}

Result<void> Input::skip(std::uint64_t size) {
  while (size > 0) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(size, block));
    AIOT_TRY(const ByteSpan piece, need(step));
    size -= piece.size();
  }
  return {};
}

Result<Input> open_input(const std::string& path) {
  auto file = std::make_shared<file::Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file->is_open()) return unreadable(path, errno);
  return Input([file, path](std::span<std::uint8_t> out) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(file->get(), out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return unreadable(path, errno);
    }
  });
}

namespace {

constexpr std::size_t longest_magic = 8;

template <class Format>
Result<std::unique_ptr<Reader>> open(Input input) {
  AIOT_TRY(Format reader, Format::open(std::move(input)));
  return std::unique_ptr<Reader>(std::make_unique<Format>(std::move(reader)));
}

}  // namespace

Result<std::unique_ptr<Reader>> make_reader(Input input) {
  AIOT_TRY(const ByteSpan beginning, input.peek(longest_magic));
  if (PcapReader::recognises(beginning)) return open<PcapReader>(std::move(input));
  if (PcapngReader::recognises(beginning)) return open<PcapngReader>(std::move(input));
  if (BtsnoopReader::recognises(beginning)) return open<BtsnoopReader>(std::move(input));
  return make_error(Errc::not_a_capture, {}, "pcap, pcapng and btsnoop files are read");
}

Result<std::unique_ptr<Reader>> open_capture(const std::string& path) {
  AIOT_TRY(Input input, open_input(path));
  return make_reader(std::move(input)).with(path);
}

namespace {

constexpr std::uint32_t magic_microseconds = 0xA1B2C3D4;
constexpr std::uint32_t magic_nanoseconds = 0xA1B23C4D;
constexpr std::size_t pcap_header_size = 24;
constexpr std::size_t pcap_record_header_size = 16;
/// The lower bits are the link type, the upper ones report checksums at a frame's end.
constexpr std::uint32_t link_mask = 0x0FFFFFFF;

bool is_magic(std::uint32_t number) {
  return number == magic_microseconds || number == magic_nanoseconds;
}

}  // namespace

bool PcapReader::recognises(ByteSpan beginning) {
  return beginning.size() >= 4 &&
         (is_magic(load_le32(beginning.data())) || is_magic(load_be32(beginning.data())));
}

std::uint32_t PcapReader::load32(const std::uint8_t* p) const {
  return big_endian_ ? load_be32(p) : load_le32(p);
}

Result<PcapReader> PcapReader::open(Input input) {
  PcapReader reader(std::move(input));
  AIOT_TRY(const ByteSpan header, reader.input_.need(pcap_header_size));
  if (!recognises(header)) return make_error(Errc::not_a_capture);
  const std::uint8_t* p = header.data();
  reader.big_endian_ = is_magic(load_be32(p));
  reader.nanoseconds_ = reader.load32(p) == magic_nanoseconds;
  const unsigned major = reader.big_endian_ ? load_be16(p + 4) : load_le16(p + 4);
  if (major != 2) return make_error(Errc::unsupported, "a pcap of another version than 2");
  reader.link_ = static_cast<Link>(reader.load32(p + 20) & link_mask);
  return reader;
}

Result<std::optional<Record>> PcapReader::next() {
  AIOT_TRY(const std::optional<ByteSpan> header, input_.take(pcap_record_header_size));
  if (!header) return std::optional<Record>();
  const std::uint8_t* p = header->data();
  Record record;
  record.link = link_;
  record.time =
      std::chrono::seconds(load32(p)) + (nanoseconds_ ? std::chrono::nanoseconds(load32(p + 4))
                                                      : std::chrono::microseconds(load32(p + 4)));
  AIOT_TRY(record.bytes, input_.need(load32(p + 8)));
  return std::optional<Record>(record);
}

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

namespace {

constexpr std::string_view magic{"btsnoop\0", 8};
constexpr std::size_t btsnoop_header_size = 16;
constexpr std::size_t btsnoop_record_header_size = 24;

/// Data link types.
constexpr std::uint32_t type_hci = 1001;
constexpr std::uint32_t type_h4 = 1002;
constexpr std::uint32_t type_monitor = 2001;

/// Microseconds from the beginning of the year 0, from which the format counts, to 1970.
constexpr std::int64_t year_1970_us = 0x00DCDDB30F2F8000;

}  // namespace

bool BtsnoopReader::recognises(ByteSpan beginning) {
  return to_string(beginning.first(std::min(beginning.size(), magic.size()))) == magic;
}

Result<BtsnoopReader> BtsnoopReader::open(Input input) {
  BtsnoopReader reader(std::move(input));
  AIOT_TRY(const ByteSpan header, reader.input_.need(btsnoop_header_size));
  if (!recognises(header)) return make_error(Errc::not_a_capture);
  const std::uint32_t version = load_be32(header.data() + 8);
  const std::uint32_t type = load_be32(header.data() + 12);
  if (version != 1) return make_error(Errc::unsupported, fmt::format("btsnoop {}", version));
  switch (type) {
    case type_hci: reader.link_ = Link::hci_without_type; break;
    case type_h4: reader.link_ = Link::hci_h4; break;
    case type_monitor: reader.link_ = Link::linux_monitor_in_flags; break;
    default: return make_error(Errc::unsupported, fmt::format("btsnoop of type {}", type));
  }
  return reader;
}

Result<std::optional<Record>> BtsnoopReader::next() {
  AIOT_TRY(const std::optional<ByteSpan> header, input_.take(btsnoop_record_header_size));
  if (!header) return std::optional<Record>();
  // Original length, captured length, flags, drops, time.
  const std::uint8_t* p = header->data();
  const std::uint32_t length = load_be32(p + 4);
  Record record;
  record.link = link_;
  record.flags = load_be32(p + 8);
  const auto since_year_0 = static_cast<std::int64_t>(load_be64(p + 16));
  constexpr std::int64_t last_us = year_1970_us + 9'000'000'000'000'000;  // the year 2255
  if (since_year_0 >= year_1970_us && since_year_0 < last_us) {
    record.time = std::chrono::microseconds(since_year_0 - year_1970_us);
  }
  AIOT_TRY(record.bytes, input_.need(length));
  return std::optional<Record>(record);
}

}  // namespace aiot::capture
