#include "job/flash/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

Error failed(const std::string& path, int error) {
  const std::string reason = std::generic_category().message(error);
  return make_error(Errc::output, fmt::format("{}: {}", path, reason),
                    error == ENOSPC ? "free some space, or choose another disk"
                                    : "choose a folder that you may write to");
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile file;
  file.path_ = path;
  struct stat status {};
  const bool special =
      path == "-" || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode));
  if (special) {
    file.direct_ = true;
    file.fd_ = path == "-" ? ::dup(STDOUT_FILENO) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    file.temporary_ = fmt::format("{}.part-{}", path, ::getpid());
    file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                      S_IRUSR | S_IWUSR);
  }
  if (file.fd_ < 0) {
    const int error = errno;
    file.temporary_.clear();
    return failed(path, error);
  }
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      direct_(other.direct_),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> OutputFile::commit() {
  if (direct_) return {};
  if (::fsync(fd_) != 0) return failed(path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed(path_, errno);
  temporary_.clear();
  return {};
}

}  // namespace aiot::flash
