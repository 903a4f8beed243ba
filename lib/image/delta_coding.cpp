#include "image/delta_coding.hpp"

#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <new>

namespace aiot::image {
namespace {

constexpr std::size_t buffer_bytes = 4096;
/// zstd's decoder has buffers of its own beside the window.
constexpr int largest_zstd_window_log = 18;
constexpr int smallest_zstd_window_log = 10;

Error damaged() { return make_error(Errc::bad_delta, "unpacking"); }

/// lc, lp, pb: the bits of the byte before and of the position that LZMA counts by. Which are best
/// depends on the processor's instructions; these win for one or another.
struct LzmaContext {
  std::uint32_t lc, lp, pb;
};
constexpr LzmaContext lzma_contexts[] = {{3, 0, 0}, {0, 0, 0}, {4, 0, 0},
                                         {1, 1, 1}, {0, 2, 2}, {3, 0, 2}};

lzma_options_lzma lzma_options(DeltaStream stream, std::uint32_t bytes, ByteSpan primer) {
  lzma_options_lzma options{};
  lzma_lzma_preset(&options, 9 | LZMA_PRESET_EXTREME);
  const auto primer_bytes = static_cast<std::uint32_t>(primer.size());
  options.dict_size = dictionary_bytes(stream, bytes, primer_bytes);
  if (!primer.empty()) {
    options.preset_dict = primer.data();
    options.preset_dict_size = primer_bytes;
  }
  return options;
}

/// Empty when it is not smaller than `limit`.
Bytes pack_lzma(lzma_options_lzma& options, ByteSpan data, std::size_t limit) {
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  Bytes out(limit);
  std::size_t used = 0;
  const auto status = lzma_raw_buffer_encode(filters, nullptr, data.data(), data.size(), out.data(),
                                             &used, out.size());
  if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
  out.resize(status == LZMA_OK && used < limit ? used : 0);
  return out;
}

Bytes pack_zstd(ByteSpan data, std::size_t limit) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  if (!context) throw std::bad_alloc();
  const auto log = std::clamp<int>(static_cast<int>(std::bit_width(data.size())),
                                   smallest_zstd_window_log, largest_zstd_window_log);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, ZSTD_maxCLevel());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, log);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  Bytes out(limit);
  const auto used = ZSTD_compress2(context.get(), out.data(), out.size(), data.data(), data.size());
  out.resize(ZSTD_isError(used) == 0 && used < limit ? used : 0);
  return out;
}

}  // namespace

PackedStream pack_stream(DeltaStream stream, ByteSpan data, ByteSpan primer) {
  const auto size = static_cast<std::uint32_t>(data.size());
  PackedStream best{{DeltaMethod::stored, size, size}, Bytes(data.begin(), data.end())};
  const auto consider = [&](DeltaMethod method, Bytes packed) {
    if (packed.empty()) return;
    best.info = {method, static_cast<std::uint32_t>(packed.size()), size};
    best.data = std::move(packed);
  };
  auto options = lzma_options(stream, size, primer);
  for (const auto& context : lzma_contexts) {
    options.lc = context.lc;
    options.lp = context.lp;
    options.pb = context.pb;
    consider(DeltaMethod::lzma2, pack_lzma(options, data, best.data.size()));
  }
  consider(DeltaMethod::zstd, pack_zstd(data, best.data.size()));
  return best;
}

class StreamReader::Decoder {
 public:
  enum class State : std::uint8_t { more, ended, bad };
  virtual ~Decoder() = default;
  /// Unpacks from the front of `in` to the front of `out`, and takes what it used from both.
  virtual State step(ByteSpan& in, std::span<std::uint8_t>& out) = 0;
};

class StreamReader::Stored final : public Decoder {
 public:
  State step(ByteSpan& in, std::span<std::uint8_t>& out) override {
    const auto count = std::min(in.size(), out.size());
    std::copy_n(in.begin(), count, out.begin());
    in = in.subspan(count);
    out = out.subspan(count);
    return State::ended;  // as far as it can know
  }
};

class StreamReader::Lzma final : public Decoder {
 public:
  Lzma(DeltaStream stream, std::uint32_t bytes, ByteSpan primer) {
    auto options = lzma_options(stream, bytes, primer);
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
    if (lzma_raw_decoder(&stream_, filters) != LZMA_OK) throw std::bad_alloc();
  }
  Lzma(const Lzma&) = delete;
  Lzma& operator=(const Lzma&) = delete;
  ~Lzma() override { lzma_end(&stream_); }

  State step(ByteSpan& in, std::span<std::uint8_t>& out) override {
    if (ended_) return State::ended;
    stream_.next_in = in.data();
    stream_.avail_in = in.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const auto status = lzma_code(&stream_, LZMA_RUN);
    in = in.last(stream_.avail_in);
    out = out.last(stream_.avail_out);
    if (status == LZMA_MEM_ERROR) throw std::bad_alloc();
    ended_ = status == LZMA_STREAM_END;
    if (ended_) return State::ended;
    // LZMA_BUF_ERROR: nothing came in and nothing could go out, twice.
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? State::more : State::bad;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

class StreamReader::Zstd final : public Decoder {
 public:
  Zstd() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, largest_zstd_window_log);
  }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() override { ZSTD_freeDCtx(context_); }

  State step(ByteSpan& in, std::span<std::uint8_t>& out) override {
    if (ended_) return State::ended;
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const auto status = ZSTD_decompressStream(context_, &to, &from);
    in = in.subspan(from.pos);
    out = out.subspan(to.pos);
    if (ZSTD_isError(status) != 0) return State::bad;
    ended_ = status == 0;
    return ended_ ? State::ended : State::more;
  }

 private:
  ZSTD_DCtx* context_;
  bool ended_ = false;
};

StreamReader::StreamReader(ByteSource& file, std::uint64_t offset, const DeltaStreamInfo& info)
    : file_(&file), offset_(offset), packed_left_(info.packed_bytes), left_(info.bytes) {
  packed_.reserve(buffer_bytes);
  plain_.reserve(buffer_bytes);
}
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader::~StreamReader() = default;

Result<StreamReader> StreamReader::open(DeltaStream stream, const DeltaStreamInfo& info,
                                        ByteSource& file, std::uint64_t offset, ByteSpan primer) {
  if (offset > file.size() || info.packed_bytes > file.size() - offset)
    return make_error(Errc::truncated, "a delta's streams");
  StreamReader reader(file, offset, info);
  switch (info.method) {
    case DeltaMethod::stored: reader.decoder_ = std::make_unique<Stored>(); break;
    case DeltaMethod::lzma2:
      reader.decoder_ = std::make_unique<Lzma>(stream, info.bytes, primer);
      break;
    case DeltaMethod::zstd: reader.decoder_ = std::make_unique<Zstd>(); break;
  }
  return reader;
}

/// The next piece of the file into packed_, when that is used up.
Result<void> StreamReader::refill() {
  if (used_ < packed_.size() || packed_left_ == 0) return {};
  packed_.resize(std::min<std::size_t>(packed_left_, buffer_bytes));
  used_ = 0;
  AIOT_CHECK(file_->read(offset_, packed_).with("reading the delta"));
  offset_ += packed_.size();
  packed_left_ -= static_cast<std::uint32_t>(packed_.size());
  return {};
}

/// The next piece into plain_, which is used up.
Result<void> StreamReader::fill() {
  if (left_ == 0) return damaged();
  plain_.resize(std::min<std::size_t>(left_, buffer_bytes));
  taken_ = 0;
  std::span<std::uint8_t> room(plain_);
  while (!room.empty()) {
    AIOT_CHECK(refill());
    auto in = ByteSpan(packed_).subspan(used_);
    const auto in_before = in.size(), room_before = room.size();
    const auto state = decoder_->step(in, room);
    used_ = packed_.size() - in.size();
    const bool stuck = in.size() == in_before && room.size() == room_before;
    if (state == Decoder::State::bad || (stuck && !room.empty())) {
      plain_.clear();
      return damaged();
    }
  }
  left_ -= static_cast<std::uint32_t>(plain_.size());
  return {};
}

Result<void> StreamReader::read(std::span<std::uint8_t> into) {
  while (!into.empty()) {
    if (taken_ == plain_.size()) {
      AIOT_CHECK(fill());
    }
    const auto count = std::min(into.size(), plain_.size() - taken_);
    std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    into = into.subspan(count);
  }
  return {};
}

Result<std::uint8_t> StreamReader::read_byte() {
  if (taken_ == plain_.size()) {
    AIOT_CHECK(fill());
  }
  return plain_[taken_++];
}

Result<std::uint32_t> StreamReader::read_varint() {
  VarintReader number;
  for (;;) {
    AIOT_TRY(const auto byte, read_byte());
    const auto state = number.push(byte);
    if (state == VarintReader::State::bad)
      return make_error(Errc::bad_delta, "a number beyond 32 bits");
    if (state == VarintReader::State::done) return number.take();
  }
}

bool StreamReader::at_end() const { return left_ == 0 && taken_ == plain_.size(); }

Result<void> StreamReader::finish() {
  if (!at_end()) return make_error(Errc::bad_delta, "a stream is longer than its use");
  for (;;) {
    AIOT_CHECK(refill());
    auto in = ByteSpan(packed_).subspan(used_);
    const auto before = in.size();
    std::span<std::uint8_t> none;
    const auto state = decoder_->step(in, none);
    used_ = packed_.size() - in.size();
    if (state == Decoder::State::ended) break;
    if (state == Decoder::State::bad || in.size() == before) return damaged();
  }
  if (packed_left_ != 0 || used_ != packed_.size())
    return make_error(Errc::bad_delta, "bytes behind the end of a stream");
  return {};
}

}  // namespace aiot::image
