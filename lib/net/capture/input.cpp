#include "net/capture/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "core/file.hpp"

namespace aiot::net::capture {
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

}  // namespace aiot::net::capture
