#pragma once

#include <memory>
#include <optional>
#include <string>

#include "image/delta.hpp"

namespace aiot::ota {

/// An open file of a disk, or a block device.
class DiskFile : public image::ByteSource {
 public:
  virtual Result<void> write(std::uint64_t offset, ByteSpan data) = 0;
  /// All that was written is on the disk when this returns.
  virtual Result<void> sync() = 0;
  /// Gives a regular file this size; a block device must have at least as much.
  virtual Result<void> resize(std::uint64_t size_bytes) = 0;
};

/// What an installation writes to. Tests pass one that fails, or loses power, at a write. An error
/// is Errc::disk.
class Disk {
 public:
  virtual ~Disk() = default;
  /// A small file; nullopt when it is not there.
  virtual Result<std::optional<Bytes>> read(const std::string& path) = 0;
  /// Replaces a small file. It has its old content or the new one at any time, and the new one on
  /// the disk when this returns.
  virtual Result<void> replace(const std::string& path, ByteSpan data) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  /// Opens a file to read and write, and makes it when `create` is set.
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, bool create) = 0;
};

/// The disk of this machine.
Disk& system_disk();

}  // namespace aiot::ota
