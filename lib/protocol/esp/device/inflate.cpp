#include "protocol/esp/device/inflate.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace aiot::esp::device {

struct Inflater::Stream {
  z_stream z{};
  ~Stream() { inflateEnd(&z); }
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
  if (inflateInit(&stream_->z) != Z_OK) throw std::bad_alloc();
}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Inflater::State Inflater::feed(ByteSpan block, const std::function<bool(ByteSpan)>& sink) {
  if (state_ != State::more) return state_;
  z_stream& z = stream_->z;
  std::array<std::uint8_t, 32 * 1024> window;
  z.next_in = const_cast<Bytef*>(block.data());  // zlib's old signature; it only reads
  z.avail_in = static_cast<uInt>(block.size());
  for (;;) {
    z.next_out = window.data();
    z.avail_out = static_cast<uInt>(window.size());
    const int result = ::inflate(&z, Z_NO_FLUSH);
    const std::size_t made = window.size() - z.avail_out;
    if (made > 0 && !sink(ByteSpan(window).first(made))) return state_ = State::failed;
    if (result == Z_STREAM_END) return state_ = State::done;
    if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_in == 0 && z.avail_out > 0))
      return state_;
    if (result != Z_OK) return state_ = State::failed;
  }
}

}  // namespace aiot::esp::device
