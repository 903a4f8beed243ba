#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace aiot::file {
namespace errc = boost::system::errc;

error_code last_error() { return {errno, boost::system::generic_category()}; }

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

error_code Descriptor::close() {
  if (::close(std::exchange(fd_, -1)) != 0) return last_error();
  return {};
}

boost::system::result<Bytes> read_all(int fd, std::uint64_t limit_bytes) {
  Bytes data;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && status.st_size > 0) {
    const auto expected = static_cast<std::uint64_t>(status.st_size);
    data.reserve(static_cast<std::size_t>(std::min(expected, limit_bytes)));
  }
  std::uint8_t block[64 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error();
    if (n == 0) return data;
    append(data, ByteSpan(block, static_cast<std::size_t>(n)));
    if (data.size() > limit_bytes) return make_error_code(errc::file_too_large);
  }
}

error_code write_all(int fd, ByteSpan data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error();
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

boost::system::result<PartFile> PartFile::create(std::string target, mode_t mode) {
  // A run that was killed may have left its own.
  constexpr int names = 100;
  for (int i = 0;; ++i) {
    std::string part = fmt::format("{}.part-{}-{}", target, ::getpid(), i);
    Descriptor file(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file.is_open()) return PartFile(std::move(file), std::move(target), std::move(part));
    if (errno != EEXIST || i + 1 == names) return last_error();
  }
}

PartFile::~PartFile() {
  if (!part_.empty()) ::unlink(part_.c_str());
}

error_code PartFile::finish() {
  if (::fsync(file_.get()) != 0) return last_error();
  return file_.close();
}

error_code PartFile::replace() {
  if (const error_code error = finish()) return error;
  if (::rename(part_.c_str(), target_.c_str()) != 0) return last_error();
  part_.clear();
  return {};
}

error_code PartFile::appear() {
  if (const error_code error = finish()) return error;
  // A link, unlike a new name, does not replace what has come meanwhile.
  if (::link(part_.c_str(), target_.c_str()) != 0) return last_error();
  return {};
}

}  // namespace aiot::file
