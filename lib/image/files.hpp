#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"
#include "image/limits.hpp"

/// The files around firmware. Everything else in this room works on bytes.
namespace aiot::image {

/// The bytes of a regular file. Errc::unreadable (also for pipes, devices and folders),
/// Errc::too_large; an empty file is Bytes{}.
Result<Bytes> read_file(const std::string& path, std::uint64_t limit_bytes = limits::file_bytes);

/// The bytes of a regular file of any size, without a copy of them. The file must not shrink
/// meanwhile.
class MappedFile {
 public:
  /// Errc::unreadable.
  static Result<MappedFile> open(const std::string& path);
  /// Of an open file, which `name` is for.
  static Result<MappedFile> of(int fd, const std::string& name);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();
  ByteSpan bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteSpan bytes) : bytes_(bytes) {}
  ByteSpan bytes_;
};

bool is_directory(const std::string& path);

/// `folder`/`relative`, when that is a path below the folder: not absolute, no "..", and not led
/// out by a symbolic link. Errc::unsafe_path, Errc::unreadable.
Result<std::string> path_below(const std::string& folder, const std::string& relative);

/// Errc::overwrites_input when both names lead to one file.
Result<void> check_output(const std::string& output, const std::string& input);

/// Writes the file whole or not at all: a temporary file beside it, synced, then renamed. Its mode
/// is what the umask leaves of 0666, or that of the file it replaces. Errc::unwritable.
Result<void> write_file(const std::string& path, ByteSpan data, bool overwrite = true);

/// Tries whether write_file() would find its way now: makes a small file beside the path, and takes
/// it away again. What is at the path stays as it is. Errc::unwritable.
Result<void> try_write(const std::string& path);

}  // namespace aiot::image
