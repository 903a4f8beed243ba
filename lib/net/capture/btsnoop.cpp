#include "net/capture/btsnoop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace aiot::net::capture {
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

}  // namespace aiot::net::capture
