#include "net/capture/pcap.hpp"

namespace aiot::net::capture {
namespace {

constexpr std::uint32_t magic_microseconds = 0xA1B2C3D4;
constexpr std::uint32_t magic_nanoseconds = 0xA1B23C4D;
constexpr std::size_t pcap_header_size = 24;
constexpr std::size_t pcap_record_header_size = 16;
/// The lower bits are the link type, the upper ones tell of checksums at a frame's end.
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

}  // namespace aiot::net::capture
