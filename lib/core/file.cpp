#include "core/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace aiot::file {
namespace errc = boost::system::errc;
namespace {

constexpr std::string_view part_mark = ".part-";

/// Whether `name` is FILE.part-PID-N, as PartFile::create() makes it of `file` ("": of any).
bool is_part_of(std::string_view file, std::string_view name) {
  const std::size_t mark = name.rfind(part_mark);
  if (mark == std::string_view::npos || mark == 0) return false;
  if (!file.empty() && name.substr(0, mark) != file) return false;
  const std::string_view numbers = name.substr(mark + part_mark.size());
  const std::size_t dash = numbers.find('-');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dash != std::string_view::npos && is_number(numbers.substr(0, dash)) &&
         is_number(numbers.substr(dash + 1));
}

/// False when another process has removed the file between its making and its lock.
bool hold(const Descriptor& part) {
  struct stat status {};
  if (::flock(part.get(), LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  return ::fstat(part.get(), &status) != 0 || status.st_nlink > 0;
}

}  // namespace

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
  const std::filesystem::path path(target);
  const std::string folder = path.parent_path().string();
  if (path.has_filename()) {
    remove_left_parts(folder.empty() ? "." : folder, path.filename().string());
  }
  constexpr int names = 100;
  for (int i = 0;; ++i) {
    std::string part = fmt::format("{}{}{}-{}", target, part_mark, ::getpid(), i);
    Descriptor file(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file.is_open() && hold(file)) {
      return PartFile(std::move(file), std::move(target), std::move(part));
    }
    if (!file.is_open() && errno != EEXIST) return last_error();
    if (i + 1 == names) return make_error_code(errc::file_exists);
  }
}

PartFile::~PartFile() {
  if (!part_.empty()) ::unlink(part_.c_str());
}

error_code PartFile::finish() {
  if (::fsync(file_.get()) != 0) return last_error();
  lock_ = Descriptor(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
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

void remove_left_parts(const std::string& folder, std::string_view name) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!is_part_of(name, entry->path().filename().string())) continue;
    const Descriptor part(
        ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
    struct stat opened {};
    struct stat named {};
    if (!part.is_open() || ::fstat(part.get(), &opened) != 0 || !S_ISREG(opened.st_mode) ||
        ::flock(part.get(), LOCK_EX | LOCK_NB) != 0) {
      continue;
    }
    const bool same = ::lstat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
                      named.st_dev == opened.st_dev;
    if (same) ::unlink(path.c_str());
  }
}

}  // namespace aiot::file
