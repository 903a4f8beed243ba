#include "config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "config/errors.hpp"

namespace aiot::config {
namespace {

constexpr std::size_t max_file_bytes = 256 * 1024;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Error fail(Errc code, const std::string& path, const std::string& why, std::string hint = {}) {
  return make_error(code, path + (why.empty() ? "" : ": " + why), std::move(hint));
}

std::string system_text() { return std::generic_category().message(errno); }

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Errc::unreadable, path, system_text());
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_file_bytes) {
      return fail(Errc::too_large, path, "", "a configuration file holds at most 256 KiB");
    }
  }
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, bool explicitly) {
  // Not blocking: a FIFO left under a well-known name must not hang every command.
  const int mode = explicitly ? O_RDONLY : O_RDONLY | O_NONBLOCK;
  const Descriptor file{::open(path.c_str(), mode | O_CLOEXEC)};
  if (file.fd < 0) {
    if ((errno == ENOENT || errno == ENOTDIR) && !explicitly) return std::optional<std::string>();
    return fail(Errc::unreadable, path, system_text());
  }
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (!explicitly && !S_ISREG(info.st_mode)) {
    return fail(Errc::unreadable, path, "not a regular file");
  }
  AIOT_TRY(std::string text, read_all(file.fd, path));
  return std::optional<std::string>(std::move(text));
}

Result<std::string> read_secret_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return fail(Errc::unreadable, path, system_text());
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode)) {
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      return fail(Errc::readable_by_others, path, "", "chmod 600 " + path);
    }
  }
  return read_all(file.fd, path);
}

}  // namespace aiot::config
