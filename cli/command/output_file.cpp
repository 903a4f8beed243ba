#include "command/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <random>

#include "errors.hpp"

namespace aiot::cli::command {
namespace {

namespace fs = std::filesystem;

/// After an output that could not be written: only a full disk wants space.
std::string output_hint(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return "free some space, or write elsewhere";
    case ENOENT:
    case ENOTDIR: return "name a file in a folder that is there";
    case EISDIR: return "name a file, not a folder";
    case EACCES:
    case EPERM:
    case EROFS: return "write to a folder that you may write to";
    default: return "write to another file";
  }
}

Error failed(const std::string& path, int number) {
  return make_error(Errc::output_file,
                    fmt::format("{}: {}", path, std::generic_category().message(number)),
                    output_hint(number));
}

/// 0, or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// A new file beside its target, under a name that nobody can foresee and prepare. Removed unless
/// it takes its target's name.
class PartFile {
 public:
  explicit PartFile(std::string target) : target_(std::move(target)) {
    std::random_device random;
    for (int i = 0; fd_ < 0 && i < 16; ++i) {
      part_ = fmt::format("{}.part-{:08x}{:08x}", target_, random(), random());
      fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
      error_ = fd_ < 0 ? errno : 0;
      if (error_ != EEXIST) break;
    }
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    if (!part_.empty()) ::unlink(part_.c_str());
  }

  int fd() const { return fd_; }
  int error() const { return error_; }  ///< of making it; 0 when it is there
  /// 0, or errno.
  int take_name() {
    if (::rename(part_.c_str(), target_.c_str()) != 0) return errno;
    part_.clear();
    return 0;
  }

 private:
  std::string target_;
  std::string part_;
  int fd_ = -1;
  int error_ = 0;
};

/// Where the bytes of `path` go.
struct Destination {
  std::string path;            ///< with links resolved
  std::optional<mode_t> mode;  ///< of the regular file that is there
  bool is_direct = false;      ///< a pipe or a device
};
Result<Destination> destination_of(const std::string& path) {
  Destination out;
  out.path = path;
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return out;
  if (S_ISDIR(found.st_mode)) return failed(path, EISDIR);
  out.is_direct = !S_ISREG(found.st_mode);
  if (out.is_direct) return out;
  std::error_code error;
  out.path = fs::canonical(path, error).string();
  if (error) return failed(path, error.value());
  out.mode = found.st_mode & 07777U;
  return out;
}

}  // namespace

Result<void> write_output(const std::string& path, std::string_view bytes) {
  AIOT_TRY(const Destination to, destination_of(path));
  if (to.is_direct) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : write_all(fd, bytes);
    if (fd >= 0 && ::close(fd) != 0 && error == 0) error = errno;
    if (error != 0) return failed(path, error);
    return {};
  }
  PartFile part(to.path);
  if (part.error() != 0) return failed(path, part.error());
  int error = write_all(part.fd(), bytes);
  if (error == 0 && to.mode && ::fchmod(part.fd(), *to.mode) != 0) error = errno;
  // Some file systems report a full disk only now.
  if (error == 0 && ::fsync(part.fd()) != 0) error = errno;
  if (error == 0) error = part.take_name();
  if (error != 0) return failed(path, error);
  return {};
}

Result<void> check_output(const std::string& path) {
  AIOT_TRY(const Destination to, destination_of(path));
  if (to.is_direct) return {};
  const PartFile part(to.path);
  if (part.error() != 0) return failed(path, part.error());
  return {};
}

}  // namespace aiot::cli::command
