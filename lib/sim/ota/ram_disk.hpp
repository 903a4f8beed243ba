#pragma once

#include <map>
#include <string>

#include "job/ota/install/disk.hpp"

namespace aiot::sim::ota {

/// The disk of a virtual device, in memory, which can lose its power at a byte: what was not synced
/// by then is gone.
class RamDisk final : public aiot::ota::Disk {
 public:
  /// Loses power once, when so many bytes were written to files that are open.
  void cut_at(std::uint64_t written_bytes) { cut_at_ = written_bytes; }
  /// Everything fails since the power is off.
  bool is_off() const { return off_; }
  void power_on();

  Result<std::optional<Bytes>> read(const std::string& path) override;
  Result<void> replace(const std::string& path, ByteSpan data) override;
  Result<void> remove(const std::string& path) override;
  Result<std::unique_ptr<aiot::ota::DiskFile>> open(const std::string& path, bool create) override;

 private:
  class File;
  struct Content {
    Bytes now;
    Bytes synced;
  };
  Result<void> check() const;

  std::map<std::string, Content> files_;
  std::optional<std::uint64_t> cut_at_;
  std::uint64_t written_ = 0;
  bool off_ = false;
};

}  // namespace aiot::sim::ota
