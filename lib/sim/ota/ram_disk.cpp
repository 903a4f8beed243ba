#include "sim/ota/ram_disk.hpp"

#include <algorithm>

#include "job/ota/error.hpp"

namespace aiot::sim::ota {
namespace {

using aiot::ota::DiskFile;

/// Of one slot.
constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;

Error outside() { return make_error(aiot::ota::Errc::disk, "outside the file"); }

}  // namespace

class RamDisk::File final : public DiskFile {
 public:
  File(RamDisk& disk, Content& content) : disk_(disk), content_(content) {}

  std::uint64_t size() const override { return content_.now.size(); }
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    AIOT_CHECK(disk_.check());
    const Bytes& bytes = content_.now;
    if (offset > bytes.size() || into.size() > bytes.size() - offset) return outside();
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  }
  Result<void> write(std::uint64_t offset, ByteSpan data) override {
    AIOT_CHECK(disk_.check());
    if (offset > most_bytes || data.size() > most_bytes - offset) return outside();
    if (disk_.cut_at_ && *disk_.cut_at_ < disk_.written_ + data.size()) {
      disk_.cut_at_.reset();
      disk_.off_ = true;
      return disk_.check();
    }
    disk_.written_ += data.size();
    Bytes& bytes = content_.now;
    bytes.resize(std::max<std::size_t>(bytes.size(), offset + data.size()));
    std::ranges::copy(data, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }
  Result<void> sync() override {
    AIOT_CHECK(disk_.check());
    content_.synced = content_.now;
    return {};
  }
  Result<void> resize(std::uint64_t size_bytes) override {
    AIOT_CHECK(disk_.check());
    if (size_bytes > most_bytes) return outside();
    content_.now.resize(static_cast<std::size_t>(size_bytes));
    return {};
  }

 private:
  RamDisk& disk_;
  Content& content_;
};

Result<void> RamDisk::check() const {
  return off_ ? Result<void>(make_error(aiot::ota::Errc::disk, "the power is off"))
              : Result<void>();
}

void RamDisk::power_on() {
  for (auto& [path, content] : files_) content.now = content.synced;
  off_ = false;
}

Result<std::optional<Bytes>> RamDisk::read(const std::string& path) {
  AIOT_CHECK(check());
  const auto found = files_.find(path);
  return found == files_.end() ? std::optional<Bytes>() : std::optional(found->second.now);
}

Result<void> RamDisk::replace(const std::string& path, ByteSpan data) {
  AIOT_CHECK(check());
  Content& content = files_[path];
  content.now.assign(data.begin(), data.end());
  content.synced = content.now;
  return {};
}

Result<void> RamDisk::remove(const std::string& path) {
  AIOT_CHECK(check());
  files_.erase(path);
  return {};
}

Result<std::unique_ptr<DiskFile>> RamDisk::open(const std::string& path, bool create) {
  AIOT_CHECK(check());
  if (!create && !files_.contains(path))
    return make_error(aiot::ota::Errc::disk, path + " is not there");
  std::unique_ptr<DiskFile> out = std::make_unique<File>(*this, files_[path]);
  return out;
}

}  // namespace aiot::sim::ota
