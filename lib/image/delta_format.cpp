#include "image/delta_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "image/limits.hpp"

namespace aiot::image {
namespace {

constexpr std::string_view magic = "aiot.delta/1";
constexpr std::size_t code_at = 12, sizes_at = 16, hashes_at = 24, primer_at = 88, streams_at = 92;

std::uint32_t zigzag(std::int64_t value) {
  return static_cast<std::uint32_t>((value << 1) ^ (value >> 63));
}

void append_segments(Bytes& out, const std::vector<DeltaSegment>& segments) {
  append_varint(out, static_cast<std::uint32_t>(segments.size()));
  for (const auto& s : segments) {
    append_varint(out, s.offset);
    append_varint(out, s.address);
    append_varint(out, s.bytes);
  }
}

Result<void> check(const DeltaHeader& header) {
  const auto& info = header.info;
  if (info.source_bytes > limits::file_bytes || info.result_bytes > limits::file_bytes)
    return make_error(Errc::too_large, fmt::format("a delta from {} to {} bytes", info.source_bytes,
                                                   info.result_bytes));
  const auto bad = [](std::string what) { return make_error(Errc::bad_header, std::move(what)); };
  if (info.code > DeltaCode::x86) return bad(fmt::format("machine code {}", unsigned(info.code)));
  if (header.primer_bytes > delta_limits::primer_bytes || header.primer_bytes > info.source_bytes)
    return bad(fmt::format("a dictionary of {} bytes of the source", header.primer_bytes));
  for (const auto& stream : header.streams) {
    if (stream.method > DeltaMethod::zstd)
      return bad(fmt::format("coding {}", unsigned(stream.method)));
    if (stream.method == DeltaMethod::stored && stream.packed_bytes != stream.bytes)
      return bad("a stored stream of two sizes");
  }
  // A change is one byte of the result, its gap at most five bytes.
  const auto most = info.result_bytes;
  if (header[DeltaStream::control].bytes > delta_limits::control_bytes ||
      header[DeltaStream::gaps].bytes > 5 * most || header[DeltaStream::changes].bytes > most ||
      header[DeltaStream::added].bytes > most)
    return bad("a stream larger than the result needs");
  return {};
}

}  // namespace

std::uint64_t DeltaHeader::file_bytes() const {
  std::uint64_t sum = delta_header_bytes;
  for (const auto& stream : streams) sum += stream.packed_bytes;
  return sum;
}

Bytes encode(const DeltaHeader& header) {
  Bytes out(delta_header_bytes);
  std::memcpy(out.data(), magic.data(), magic.size());
  out[code_at] = static_cast<std::uint8_t>(header.info.code);
  store_le32(&out[sizes_at], static_cast<std::uint32_t>(header.info.source_bytes));
  store_le32(&out[sizes_at + 4], static_cast<std::uint32_t>(header.info.result_bytes));
  std::copy(header.info.source_sha256.begin(), header.info.source_sha256.end(), &out[hashes_at]);
  std::copy(header.info.result_sha256.begin(), header.info.result_sha256.end(),
            &out[hashes_at + 32]);
  store_le32(&out[primer_at], header.primer_bytes);
  auto* at = &out[streams_at];
  for (const auto& stream : header.streams) {
    *at = static_cast<std::uint8_t>(stream.method);
    store_le32(at + 1, stream.packed_bytes);
    store_le32(at + 5, stream.bytes);
    at += 9;
  }
  return out;
}

bool is_delta(ByteSpan file) {
  return to_string(file.first(std::min(file.size(), magic.size()))) == magic;
}

Result<DeltaHeader> decode_delta_header(ByteSpan file) {
  if (!is_delta(file)) return make_error(Errc::not_an_image, "a delta");
  if (file.size() < delta_header_bytes) return make_error(Errc::truncated, "header of a delta");
  if (file[13] != 0 || file[14] != 0 || file[15] != 0)
    return make_error(Errc::bad_header, "reserved bytes of a delta",
                      "apply it with a newer version of this program");
  DeltaHeader header;
  header.info.code = static_cast<DeltaCode>(file[code_at]);
  header.info.source_bytes = load_le32(&file[sizes_at]);
  header.info.result_bytes = load_le32(&file[sizes_at + 4]);
  std::copy_n(&file[hashes_at], 32, header.info.source_sha256.begin());
  std::copy_n(&file[hashes_at + 32], 32, header.info.result_sha256.begin());
  header.primer_bytes = load_le32(&file[primer_at]);
  const auto* at = &file[streams_at];
  for (auto& stream : header.streams) {
    stream = {static_cast<DeltaMethod>(at[0]), load_le32(at + 1), load_le32(at + 5)};
    at += 9;
  }
  AIOT_CHECK(check(header));
  return header;
}

Result<DeltaInfo> read_delta_info(ByteSpan file) {
  AIOT_TRY(const auto header, decode_delta_header(file));
  return header.info;
}

std::uint32_t dictionary_bytes(DeltaStream stream, std::uint32_t bytes,
                               std::uint32_t primer_bytes) {
  const bool added = stream == DeltaStream::added;
  const std::uint64_t known = std::uint64_t{bytes} + (added ? primer_bytes : 0);
  const auto limit = added ? delta_limits::added_dictionary_bytes : delta_limits::dictionary_bytes;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(known, 4096, limit));
}

void append_varint(Bytes& out, std::uint32_t value) {
  for (; value > 0x7F; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

VarintReader::State VarintReader::push(std::uint8_t byte) {
  value_ |= std::uint64_t{byte & 0x7FU} << shift_;
  shift_ += 7;
  if (value_ > 0xFFFFFFFF) return State::bad;
  if ((byte & 0x80) == 0) return State::done;
  return shift_ >= 35 ? State::bad : State::more;
}

std::uint32_t VarintReader::take() {
  const auto value = static_cast<std::uint32_t>(value_);
  *this = {};
  return value;
}

Bytes encode(const DeltaControl& control) {
  Bytes out;
  append_segments(out, control.source);
  append_segments(out, control.result);
  append_varint(out, static_cast<std::uint32_t>(control.copies.size()));
  std::uint32_t result = 0;
  std::int64_t source = 0;
  for (const auto& copy : control.copies) {
    append_varint(out, copy.result - result);
    append_varint(out, copy.length);
    append_varint(out, zigzag(copy.source - source));
    result = copy.result + copy.length;
    source = std::int64_t{copy.source} + copy.length;
  }
  return out;
}

}  // namespace aiot::image
