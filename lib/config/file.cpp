#include "config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "config/errors.hpp"
#include "core/file.hpp"

namespace aiot::config {
namespace {

constexpr std::size_t max_file_bytes = 256 * 1024;

Error fail(Errc code, const std::string& path, const std::string& why, std::string hint = {}) {
  return make_error(code, path + (why.empty() ? "" : ": " + why), std::move(hint));
}

std::string system_text() { return file::last_error().message(); }

Result<std::string> read_all(int fd, const std::string& path) {
  const auto bytes = file::read_all(fd, max_file_bytes);
  if (bytes) return to_string(*bytes);
  if (bytes.error() == boost::system::errc::file_too_large) {
    return fail(Errc::too_large, path, "", "a configuration file holds at most 256 KiB");
  }
  return fail(Errc::unreadable, path, bytes.error().message());
}

bool is_foreign(const struct stat& info) { return info.st_uid != ::geteuid() && info.st_uid != 0; }

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path, Trust trust) {
  const bool explicitly = trust == Trust::named;
  // Not blocking: a FIFO left under a well-known name must not hang every command.
  const int mode = explicitly ? O_RDONLY : O_RDONLY | O_NONBLOCK;
  const file::Descriptor file{::open(path.c_str(), mode | O_CLOEXEC)};
  if (!file.is_open()) {
    if ((errno == ENOENT || errno == ENOTDIR) && !explicitly) return std::optional<std::string>();
    const std::string why = system_text();
    struct stat info {};
    if (trust == Trust::own_only && ::stat(path.c_str(), &info) == 0 && is_foreign(info)) {
      return fail(Errc::foreign, path, "");
    }
    return fail(Errc::unreadable, path, why);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (trust == Trust::own_only && is_foreign(info)) return fail(Errc::foreign, path, "");
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (!explicitly && !S_ISREG(info.st_mode)) {
    return fail(Errc::unreadable, path, "not a regular file");
  }
  AIOT_TRY(std::string text, read_all(file.get(), path));
  return std::optional<std::string>(std::move(text));
}

Result<std::string> read_secret_file(const std::string& path) {
  const file::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) return fail(Errc::unreadable, path, system_text());
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(Errc::unreadable, path, system_text());
  if (S_ISDIR(info.st_mode)) return fail(Errc::unreadable, path, "it is a folder");
  if (S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode)) {
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      return fail(Errc::readable_by_others, path, "", "chmod 600 " + path);
    }
  }
  return read_all(file.get(), path);
}

}  // namespace aiot::config
