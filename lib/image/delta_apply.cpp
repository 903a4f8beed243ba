#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "image/delta_coding.hpp"
#include "image/delta_format.hpp"
#include "image/delta_predict.hpp"

namespace aiot::image {
namespace {

constexpr std::size_t piece_bytes = 16384;

Error bad(std::string what) { return make_error(Errc::bad_delta, std::move(what)); }

Result<DeltaHeader> read_header(ByteSource& delta) {
  Bytes bytes(std::min<std::uint64_t>(delta.size(), delta_header_bytes));
  AIOT_CHECK(delta.read(0, bytes).with("reading the delta"));
  AIOT_TRY(const auto header, decode_delta_header(bytes));
  if (header.file_bytes() > delta.size())
    return make_error(Errc::truncated, fmt::format("a delta of {} bytes", header.file_bytes()));
  if (header.file_bytes() < delta.size()) return bad("bytes behind the end of the delta");
  return header;
}

Result<void> check_source(ByteSource& source, const DeltaInfo& info, Bytes& buffer) {
  const auto refuse = [](std::string what) {
    return make_error(Errc::wrong_source, std::move(what),
                      "apply a delta from the version that is there, or the full image");
  };
  if (source.size() < info.source_bytes)
    return refuse(
        fmt::format("{} bytes where the delta needs {}", source.size(), info.source_bytes));
  crypto::Sha256Stream hash;
  for (std::uint64_t at = 0; at < info.source_bytes; at += buffer.size()) {
    buffer.resize(std::min<std::uint64_t>(piece_bytes, info.source_bytes - at));
    AIOT_CHECK(source.read(at, buffer).with("reading the source"));
    hash.update(buffer);
  }
  if (hash.finish() != info.source_sha256) return refuse("SHA-256 of the source");
  return {};
}

Result<std::vector<DeltaSegment>> read_segments(StreamReader& from, std::uint64_t file_bytes) {
  AIOT_TRY(const auto count, from.read_varint());
  if (count > delta_limits::segments) return bad(fmt::format("{} segments", count));
  std::vector<DeltaSegment> segments(count);
  for (auto& s : segments) {
    AIOT_TRY(s.offset, from.read_varint());
    AIOT_TRY(s.address, from.read_varint());
    AIOT_TRY(s.bytes, from.read_varint());
    if (s.offset > file_bytes || s.bytes > file_bytes - s.offset)
      return bad("a segment beyond the file");
  }
  return segments;
}

/// Every copy lies within the source, and all with what is between them within the result.
Result<DeltaControl> read_control(StreamReader& from, const DeltaInfo& info) {
  DeltaControl control;
  AIOT_TRY(control.source, read_segments(from, info.source_bytes));
  AIOT_TRY(control.result, read_segments(from, info.result_bytes));
  AIOT_TRY(const auto count, from.read_varint());
  if (count > delta_limits::copies) return bad(fmt::format("{} copies", count));
  control.copies.resize(count);
  std::uint64_t result = 0;
  std::int64_t source = 0;
  for (auto& copy : control.copies) {
    AIOT_TRY(const auto added, from.read_varint());
    AIOT_TRY(copy.length, from.read_varint());
    AIOT_TRY(const auto zigzag, from.read_varint());
    result += added;
    source += static_cast<std::int64_t>(zigzag >> 1) ^ -static_cast<std::int64_t>(zigzag & 1);
    if (source < 0 || static_cast<std::uint64_t>(source) + copy.length > info.source_bytes)
      return bad("a copy from beyond the source");
    if (result + copy.length > info.result_bytes) return bad("more than the result's bytes");
    copy.source = static_cast<std::uint32_t>(source);
    copy.result = static_cast<std::uint32_t>(result);
    result += copy.length;
    source += copy.length;
  }
  AIOT_CHECK(from.finish());
  return control;
}

/// gaps and changes: the difference of each byte of the copies from its prediction.
class Changes {
 public:
  Changes(StreamReader gaps, StreamReader values)
      : gaps_(std::move(gaps)), values_(std::move(values)) {}
  Result<void> start() { return next_gap(); }
  Result<void> apply(std::span<std::uint8_t> bytes) {
    while (gap_ < bytes.size()) {
      bytes = bytes.subspan(static_cast<std::size_t>(gap_));
      AIOT_TRY(const auto change, values_.read_byte());
      bytes[0] = static_cast<std::uint8_t>(bytes[0] + change);
      bytes = bytes.subspan(1);
      AIOT_CHECK(next_gap());
    }
    gap_ -= bytes.size();
    return {};
  }
  Result<void> finish() {
    AIOT_CHECK(gaps_.finish());
    return values_.finish();
  }

 private:
  Result<void> next_gap();

  StreamReader gaps_;
  StreamReader values_;
  std::uint64_t gap_ = 0;
};

Result<void> Changes::next_gap() {
  gap_ = std::numeric_limits<std::uint64_t>::max();
  if (gaps_.at_end()) return {};
  AIOT_TRY(gap_, gaps_.read_varint());
  return {};
}

/// Collects small pieces for the sink, and hashes them.
class Output {
 public:
  Output(ByteSink& sink) : sink_(sink) { buffer_.reserve(piece_bytes); }
  Result<void> append(ByteSpan data) {
    if (buffer_.size() + data.size() > piece_bytes) {
      AIOT_CHECK(flush());
    }
    aiot::append(buffer_, data);
    return {};
  }
  Result<void> flush() {
    hash_.update(buffer_);
    AIOT_CHECK(sink_.write(buffer_).with("writing the result"));
    buffer_.clear();
    return {};
  }
  crypto::Sha256 finish() { return hash_.finish(); }

 private:
  ByteSink& sink_;
  Bytes buffer_;
  crypto::Sha256Stream hash_;
};

Result<void> add(StreamReader& from, std::uint64_t count, Output& out) {
  std::array<std::uint8_t, 1024> piece{};
  while (count > 0) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(count, piece.size()));
    AIOT_CHECK(from.read(part));
    AIOT_CHECK(out.append(part));
    count -= part.size();
  }
  return {};
}

Result<void> copy_changed(const DeltaCopy& copy, ByteSource& source, Predictor& predictor,
                          Changes& changes, Bytes& buffer, Output& out) {
  for (std::uint32_t done = 0; done < copy.length;) {
    // Whole predictions from a piece, but for the last of the copy.
    const auto left = copy.length - done;
    buffer.resize(std::min<std::size_t>(left, piece_bytes));
    AIOT_CHECK(source.read(std::uint64_t{copy.source} + done, buffer).with("reading the source"));
    const auto whole = buffer.size() == left ? left : buffer.size() - operand_bytes;
    for (std::size_t at = 0; at < whole;) {
      const auto ahead = ByteSpan(buffer).subspan(at);
      auto predicted =
          predictor.predict(copy, done, ahead.first(std::min(ahead.size(), operand_bytes)));
      const auto actual = std::span(predicted.bytes).first(predicted.length);
      AIOT_CHECK(changes.apply(actual));
      predictor.learn(actual);
      AIOT_CHECK(out.append(actual));
      at += predicted.length;
      done += predicted.length;
    }
  }
  return {};
}

}  // namespace

Result<void> apply_delta(ByteSource& delta, ByteSource& source, ByteSink& sink) {
  AIOT_TRY(const auto header, read_header(delta));
  const auto& info = header.info;
  Bytes buffer;
  buffer.reserve(piece_bytes);
  AIOT_CHECK(check_source(source, info, buffer));

  std::uint64_t offset = delta_header_bytes;
  const auto open = [&](DeltaStream stream, ByteSpan primer) {
    const auto begin = offset;
    offset += header[stream].packed_bytes;
    return StreamReader::open(stream, header[stream], delta, begin, primer);
  };
  DeltaControl control;
  {
    AIOT_TRY(auto stream, open(DeltaStream::control, {}));
    AIOT_TRY(control, read_control(stream, info));
  }
  AIOT_TRY(auto gaps, open(DeltaStream::gaps, {}));
  AIOT_TRY(auto values, open(DeltaStream::changes, {}));
  Bytes primer(header.primer_bytes);
  AIOT_CHECK(source.read(0, primer).with("reading the source"));
  AIOT_TRY(auto added, open(DeltaStream::added, primer));
  Bytes().swap(primer);

  Changes changes(std::move(gaps), std::move(values));
  AIOT_CHECK(changes.start());
  Predictor predictor(info.code, control);
  Output out(sink);
  std::uint64_t written = 0;
  for (const auto& copy : control.copies) {
    AIOT_CHECK(add(added, copy.result - written, out));
    AIOT_CHECK(copy_changed(copy, source, predictor, changes, buffer, out));
    written = std::uint64_t{copy.result} + copy.length;
  }
  AIOT_CHECK(add(added, info.result_bytes - written, out));
  AIOT_CHECK(out.flush());
  AIOT_CHECK(changes.finish());
  AIOT_CHECK(added.finish());
  if (out.finish() != info.result_sha256)
    return make_error(Errc::bad_hash, "the result of a delta",
                      "do not use what was written; get the full image");
  return {};
}

}  // namespace aiot::image
