#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "aiot/bytes.hpp"

/// Files of the operating system, read and written whole. An error is the system's own number, in
/// the generic category: the caller knows what the file is for, names it, and says what to do.
namespace aiot::file {

using boost::system::error_code;

/// An open file, closed when it goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }  ///< negative when nothing is open
  bool is_open() const { return fd_ >= 0; }
  /// What is written may fail to reach the disk as late as here.
  error_code close();

 private:
  int fd_ = -1;
};

/// What the last call of the system failed with: errno.
error_code last_error();

/// Reads to the end, and goes on after signals. errc::file_too_large when there are more than
/// `limit_bytes`.
boost::system::result<Bytes> read_all(int fd, std::uint64_t limit_bytes);

/// Writes all of it, and goes on after signals.
[[nodiscard]] error_code write_all(int fd, ByteSpan data);

/// A file that appears under its name whole or not at all: until then it has a name of its own
/// beside that, and is removed when it goes. No link is followed to it. Its lock says that somebody
/// writes it.
class PartFile {
 public:
  /// Removes what a run that was killed has left of the same file. `mode` is what the umask may take
  /// from. The kernel applies that: asking for it would change it
  /// for other threads meanwhile.
  static boost::system::result<PartFile> create(std::string target, mode_t mode);
  PartFile(PartFile&& other) noexcept
      : file_(std::move(other.file_)),
        lock_(std::move(other.lock_)),
        target_(std::move(other.target_)),
        part_(std::exchange(other.part_, {})) {}
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  int get() const { return file_.get(); }  ///< to write to
  /// What its name will be, in the same folder.
  void rename(std::string target) { target_ = std::move(target); }
  /// On disk, in the place of what has the name.
  error_code replace();
  /// On disk, when nothing has the name yet; errc::file_exists otherwise.
  error_code appear();

 private:
  PartFile(Descriptor file, std::string target, std::string part)
      : file_(std::move(file)), target_(std::move(target)), part_(std::move(part)) {}
  error_code finish();

  Descriptor file_;
  Descriptor lock_;  ///< the same open file, until it has its name
  std::string target_;
  std::string part_;
};

/// Removes from a folder the parts that a run which was killed has left of the file `name`, or of
/// any file (""): those that nobody has locked. What cannot be removed stays.
void remove_left_parts(const std::string& folder, std::string_view name = {});

}  // namespace aiot::file
