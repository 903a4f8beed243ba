#include "image/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace aiot::image {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

/// A path that is removed unless it was kept.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const char* path() const { return path_.c_str(); }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

std::string reason(int error) { return std::generic_category().message(error); }

Error unreadable(const std::string& path, std::string_view why) {
  return make_error(Errc::unreadable, fmt::format("{}: {}", path, why),
                    "check the name, and that you may read it");
}
Error unwritable(const std::string& path, int error) {
  std::string hint = "write to a folder that exists and that you may write to";
  if (error == ENOSPC || error == EDQUOT) hint = "free some space, or write elsewhere";
  if (error == EEXIST) hint = "choose another name, or remove the file first";
  return make_error(Errc::unwritable, fmt::format("{}: {}", path, reason(error)), std::move(hint));
}

/// Makes a file of its own beside `target` and puts its name in `path`; -1 with errno otherwise.
/// The kernel applies the umask: asking for it would change it for other threads meanwhile.
int create_beside(const std::string& target, std::string& path) {
  constexpr int names = 100;
  for (int i = 0; i < names; ++i) {
    path = fmt::format("{}.{}-{}.tmp", target, ::getpid(), i);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

bool write_all(int fd, ByteSpan data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::uint64_t limit_bytes) {
  // Opening a pipe without a writer would block: look before reading.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return unreadable(path, reason(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return unreadable(path, reason(errno));
  if (S_ISDIR(status.st_mode)) return unreadable(path, "is a folder");
  if (!S_ISREG(status.st_mode)) return unreadable(path, "is not a regular file");
  const auto too_large = [&] {
    return make_error(Errc::too_large, fmt::format("{}: more than {} MiB", path, limit_bytes >> 20),
                      "no flash is as large: is it the right file?");
  };
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes) return too_large();
  Bytes data;
  data.reserve(static_cast<std::size_t>(status.st_size));
  std::uint8_t block[64 * 1024];
  for (;;) {
    const ssize_t n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path, reason(errno));
    if (n == 0) return data;
    append(data, ByteSpan(block, static_cast<std::size_t>(n)));
    if (data.size() > limit_bytes) return too_large();  // it grew meanwhile
  }
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Result<std::string> path_below(const std::string& folder, const std::string& relative) {
  const auto unsafe = [&] {
    return make_error(Errc::unsafe_path, fmt::format("\"{}\"", relative),
                      "a build names files of its own folder only");
  };
  const fs::path part(relative);
  if (relative.empty() || relative.find('\0') != std::string::npos || part.is_absolute()) {
    return unsafe();
  }
  for (const fs::path& step : part) {
    if (step == "..") return unsafe();
  }
  std::error_code error;
  const fs::path base = fs::canonical(folder.empty() ? "." : folder, error);
  if (error) return unreadable(folder, error.message());
  const fs::path target = fs::canonical(base / part, error);
  if (error) return unreadable((fs::path(folder) / part).string(), error.message());
  const auto [in_base, in_target] =
      std::mismatch(base.begin(), base.end(), target.begin(), target.end());
  if (in_base != base.end()) return unsafe();
  return target.string();
}

Result<void> check_output(const std::string& output, const std::string& input) {
  std::error_code ignored;
  if (!fs::equivalent(output, input, ignored)) return {};
  return make_error(Errc::overwrites_input, output, "write to another file");
}

Result<void> write_file(const std::string& path, ByteSpan data, bool overwrite) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && !overwrite) return unwritable(path, EEXIST);
  if (exists && !S_ISREG(status.st_mode)) {
    return make_error(Errc::unwritable, fmt::format("{}: is not a regular file", path),
                      "name a file, not a folder or a device");
  }
  // A symbolic link stays one: what it points to is replaced.
  std::error_code error;
  const std::string target = exists ? fs::canonical(path, error).string() : path;
  if (error) return unwritable(path, error.value());
  std::string name;
  Descriptor file(create_beside(target, name));
  if (file.get() < 0) return unwritable(path, errno);
  Temporary temporary(name);
  if ((exists && ::fchmod(file.get(), status.st_mode & 07777) != 0) ||
      !write_all(file.get(), data) || ::fsync(file.get()) != 0 || file.close() != 0) {
    return unwritable(path, errno);
  }
  if (overwrite) {
    if (::rename(temporary.path(), target.c_str()) != 0) return unwritable(path, errno);
    temporary.keep();
  } else if (::link(temporary.path(), target.c_str()) != 0) {  // fails when it has come meanwhile
    return unwritable(path, errno);
  }
  return {};
}

}  // namespace aiot::image
