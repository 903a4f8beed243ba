#include "job/listen/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "job/listen/error.hpp"

namespace aiot::listen {
namespace {

constexpr std::size_t most_pending_bytes = 64 * 1024;

Error trouble_with(const std::string& path, int number, Errc code) {
  return make_error(code, fmt::format("{}: {}", path, std::generic_category().message(number)),
                    number == ENOSPC ? "free some space, or choose another disk"
                                     : "name a file in a folder that you may write to");
}

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                S_IRUSR | S_IWUSR);
}

}  // namespace

Result<LogFile> LogFile::open(Options options, Trouble trouble) {
  const int fd = open_file(options.path);
  if (fd < 0) return trouble_with(options.path, errno, Errc::log_unwritable);
  struct stat status {};
  ::fstat(fd, &status);
  LogFile file(std::move(options), std::move(trouble), fd,
               static_cast<std::uint64_t>(status.st_size));
  file.rotates_ = S_ISREG(status.st_mode);
  return file;
}

LogFile::LogFile(Options options, Trouble trouble, int fd, std::uint64_t size)
    : options_(std::move(options)), trouble_(std::move(trouble)), fd_(fd), size_(size) {}

LogFile::LogFile(LogFile&& other) noexcept
    : options_(std::move(other.options_)),
      trouble_(std::move(other.trouble_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      pending_(std::move(other.pending_)),
      lost_(other.lost_),
      torn_(other.torn_),
      rotates_(other.rotates_) {}

LogFile::~LogFile() {
  if (fd_ < 0) return;
  flush();
  ::close(fd_);
}

void LogFile::add(std::string_view text) {
  const std::uint64_t after = size_ + pending_.size() + text.size() + 1;
  const bool full = options_.most_bytes > 0 && after > options_.most_bytes;
  if (full && rotates_ && size_ + pending_.size() > 0) {
    flush();
    rotate();
  }
  pending_ += text;
  pending_ += '\n';
  if (pending_.size() >= most_pending_bytes) flush();
}

void LogFile::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    // A line that was cut by a full disk stays alone on its line.
    const std::string_view piece = torn_ ? std::string_view("\n") : rest;
    const ssize_t written = ::write(fd_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const bool first = lost_ == 0;
      const int reason = errno;
      lost_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
      torn_ = torn_ || (rest.size() < pending_.size() && rest.data()[-1] != '\n');
      if (first) trouble_(trouble_with(options_.path, reason, Errc::log_incomplete));
      break;
    }
    size_ += static_cast<std::uint64_t>(written);
    if (torn_) {
      torn_ = false;
    } else {
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  pending_.clear();
}

void LogFile::rotate() {
  const auto numbered = [&](unsigned n) { return fmt::format("{}.{}", options_.path, n); };
  for (unsigned n = options_.kept; n > 1; --n) {
    std::rename(numbered(n - 1).c_str(), numbered(n).c_str());  // there may be fewer
  }
  const bool moved = options_.kept == 0
                         ? ::unlink(options_.path.c_str()) == 0
                         : std::rename(options_.path.c_str(), numbered(1).c_str()) == 0;
  const int next = moved ? open_file(options_.path) : -1;
  if (next < 0) {
    // The file at hand takes what comes; nothing is lost but the bound.
    trouble_(trouble_with(options_.path, errno, Errc::log_unwritable).with("rotating"));
    rotates_ = false;
    return;
  }
  ::close(fd_);
  fd_ = next;
  size_ = 0;
}

}  // namespace aiot::listen
