#include "job/ota/install/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/file.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

/// Of state and metadata: the largest is a list of targets.
constexpr std::uint64_t small_file_bytes = std::uint64_t{8} << 20;

Error disk_error(const std::string& path, boost::system::error_code error) {
  const bool full = error.value() == ENOSPC || error.value() == EDQUOT;
  return make_error(Errc::disk, fmt::format("{}: {}", path, error.message()),
                    full ? "free some space on that disk"
                         : "check the path, and that this user may read and write it");
}

class SystemFile final : public DiskFile {
 public:
  SystemFile(file::Descriptor file, std::string path, std::uint64_t size, bool is_regular)
      : file_(std::move(file)), path_(std::move(path)), size_(size), is_regular_(is_regular) {}

  std::uint64_t size() const override { return size_; }
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    while (!into.empty()) {
      const ssize_t n = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed();
      if (n == 0) return disk_error(path_, make_error_code(boost::system::errc::io_error));
      into = into.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }
  Result<void> write(std::uint64_t offset, ByteSpan data) override {
    while (!data.empty()) {
      const ssize_t n = ::pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed();
      data = data.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    if (is_regular_) size_ = std::max(size_, offset);
    return {};
  }
  Result<void> sync() override {
    if (::fsync(file_.get()) != 0) return failed();
    return {};
  }
  Result<void> resize(std::uint64_t size_bytes) override {
    if (is_regular_) {
      if (::ftruncate(file_.get(), static_cast<off_t>(size_bytes)) != 0) return failed();
      size_ = size_bytes;
    } else if (size_ < size_bytes) {
      return make_error(Errc::slot_too_small,
                        fmt::format("{}: {} bytes, the image has {}", path_, size_, size_bytes),
                        "use a larger partition");
    }
    return {};
  }

 private:
  Error failed() const { return disk_error(path_, file::last_error()); }

  file::Descriptor file_;
  std::string path_;
  std::uint64_t size_;
  bool is_regular_;
};

class SystemDisk final : public Disk {
 public:
  Result<std::optional<Bytes>> read(const std::string& path) override {
    // A pipe would wait for a writer.
    const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file.is_open() && errno == ENOENT) return std::optional<Bytes>();
    struct stat status {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
      return disk_error(path, file::last_error());
    }
    if (!S_ISREG(status.st_mode)) {
      return make_error(Errc::disk, path + ": is not a regular file", "name a file");
    }
    auto bytes = file::read_all(file.get(), small_file_bytes);
    if (!bytes) return disk_error(path, bytes.error());
    return std::optional(*std::move(bytes));
  }

  Result<void> replace(const std::string& path, ByteSpan data) override {
    auto part = file::PartFile::create(path, 0600);
    if (!part) return disk_error(path, part.error());
    boost::system::error_code error = file::write_all(part->get(), data);
    if (!error) error = part->replace();
    if (error) return disk_error(path, error);
    return sync_folder(path);
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return disk_error(path, file::last_error());
    }
    return {};
  }

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, bool create) override {
    struct stat status {};
    const bool is_device = ::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
    // The kernel refuses a device that is mounted, or part of another, to those who ask for O_EXCL.
    const int own = is_device ? O_EXCL : O_CREAT;
    const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (create ? own : 0);
    file::Descriptor file(::open(path.c_str(), flags, 0600));
    if (!file.is_open() && is_device && errno == EBUSY) {
      return make_error(Errc::in_use, path + ": mounted, or part of another device",
                        "name the slot that does not run; what runs is the other one");
    }
    if (!file.is_open()) return disk_error(path, file::last_error());
    if (::fstat(file.get(), &status) != 0) return disk_error(path, file::last_error());
    std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
    const bool is_regular = S_ISREG(status.st_mode);
    if (!is_regular) {
      if (!S_ISBLK(status.st_mode) || ::ioctl(file.get(), BLKGETSIZE64, &size) != 0) {
        return make_error(Errc::disk, path + ": neither a file nor a block device",
                          "name a file or a block device");
      }
    }
    // What is written belongs to one process: two states may name one slot.
    if (create && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return make_error(Errc::in_use, path,
                        "wait until the other installation ends, and give each state slots of its "
                        "own");
    }
    std::unique_ptr<DiskFile> out =
        std::make_unique<SystemFile>(std::move(file), path, size, is_regular);
    return out;
  }

 private:
  /// A name that changed is on the disk when its folder is.
  static Result<void> sync_folder(const std::string& path) {
    std::string folder = std::filesystem::path(path).parent_path().string();
    if (folder.empty()) folder = ".";
    const file::Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.is_open() || ::fsync(opened.get()) != 0) {
      return disk_error(folder, file::last_error());
    }
    return {};
  }
};

}  // namespace

Disk& system_disk() {
  static SystemDisk disk;
  return disk;
}

}  // namespace aiot::ota
