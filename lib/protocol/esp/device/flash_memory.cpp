#include "protocol/esp/device/flash_memory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "aiot/units.hpp"
#include "protocol/esp/device/error.hpp"

namespace aiot::esp::device {
namespace {

Result<void> check_size(std::uint64_t size) {
  if (std::has_single_bit(size) && size >= 256 * 1024 && size <= 16 * 1024 * 1024) return {};
  return make_error(Errc::flash_size, format_size(size),
                    "use a power of two from 256 KiB to 16 MiB");
}

Error file_error(const std::string& path, int code) {
  return make_error(Errc::flash_file, path + ": " + std::strerror(code),
                    "name a file that can be created or written, on a disk with room");
}

/// Fills an empty file with FF.
int fill(int fd, std::uint64_t size) {
  const Bytes erased(64 * 1024, 0xFF);
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t part = std::min<std::uint64_t>(erased.size(), size - done);
    const ssize_t wrote = ::pwrite(fd, erased.data(), part, static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote < 0 ? errno : ENOSPC;
    done += static_cast<std::uint64_t>(wrote);
  }
  return 0;
}

/// Locks the file and makes it the contents of a flash of `size` bytes.
Result<void> take_file(int fd, const std::string& path, std::uint64_t size) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return file_error(path, errno);
  if (!S_ISREG(info.st_mode)) return file_error(path, EINVAL);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(path, errno);
    return make_error(Errc::flash_file, path + ": another virtual device has it",
                      "give each device a file of its own");
  }
  if (info.st_size == 0) {
    const int failed = fill(fd, size);
    return failed ? Result<void>(file_error(path, failed)) : Result<void>();
  }
  if (static_cast<std::uint64_t>(info.st_size) != size) {
    return make_error(
        Errc::flash_file_size,
        path + ": " + std::to_string(info.st_size) + " bytes, not " + std::to_string(size),
        "name a new file, or one that has the contents of a whole flash");
  }
  return {};
}

}  // namespace

Result<FlashMemory> FlashMemory::in_memory(std::uint64_t size) {
  AIOT_CHECK(check_size(size));
  void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return file_error("memory", errno);
  FlashMemory flash;
  flash.data_ = static_cast<std::uint8_t*>(map);
  flash.size_ = static_cast<std::uint32_t>(size);
  std::memset(flash.data_, 0xFF, size);
  return flash;
}

Result<FlashMemory> FlashMemory::in_file(const std::string& path, std::uint64_t size) {
  AIOT_CHECK(check_size(size));
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return file_error(path, errno);
  FlashMemory flash;
  flash.file_ = fd;
  AIOT_CHECK(take_file(fd, path, size));
  void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return file_error(path, errno);
  flash.data_ = static_cast<std::uint8_t*>(map);
  flash.size_ = static_cast<std::uint32_t>(size);
  return flash;
}

FlashMemory::FlashMemory(FlashMemory&& other) noexcept
    : cut_power(std::move(other.cut_power)),
      data_(std::exchange(other.data_, nullptr)),
      file_(std::exchange(other.file_, -1)),
      size_(std::exchange(other.size_, 0)),
      protection_(other.protection_) {}

FlashMemory& FlashMemory::operator=(FlashMemory&& other) noexcept {
  std::swap(cut_power, other.cut_power);
  std::swap(data_, other.data_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(protection_, other.protection_);
  return *this;
}

FlashMemory::~FlashMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (file_ >= 0) ::close(file_);
}

std::uint32_t FlashMemory::jedec_id() const {
  // Winbond W25QxxJV: EF 40, then log2 of the size.
  const auto capacity = static_cast<std::uint32_t>(std::countr_zero(size_));
  return 0xEF | (0x40 << 8) | (capacity << 16);
}

const FlashMemory::Protection* FlashMemory::protected_at(std::uint32_t offset) const {
  if (!protection_ || offset < protection_->begin || offset >= protection_->end) return nullptr;
  return &*protection_;
}

void FlashMemory::protect(std::uint64_t offset, std::uint64_t length, bool with_error) {
  const std::uint64_t begin = offset / sector_size * sector_size;
  const std::uint64_t end = (offset + length + sector_size - 1) / sector_size * sector_size;
  protection_ = Protection{begin, end, with_error};
}

bool FlashMemory::program(std::uint32_t offset, ByteSpan bytes) {
  bool accepted = true;
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), page_size - offset % page_size);
    if (const Protection* kept = protected_at(offset)) {
      accepted = accepted && !kept->with_error;
    } else if (cut_power && cut_power()) {
      for (std::size_t i = 0; i < part / 2; ++i) data_[offset + i] &= bytes[i];
      // The cells at the boundary were half way.
      if (part / 2 < part)
        data_[offset + part / 2] &= static_cast<std::uint8_t>(bytes[part / 2] | 0xAA);
      return false;
    } else {
      for (std::size_t i = 0; i < part; ++i) data_[offset + i] &= bytes[i];
    }
    offset += static_cast<std::uint32_t>(part);
    bytes = bytes.subspan(part);
  }
  return accepted;
}

bool FlashMemory::erase(std::uint32_t offset, std::uint32_t length) {
  bool accepted = true;
  for (std::uint32_t at = offset; at < offset + length; at += sector_size) {
    if (const Protection* kept = protected_at(at)) {
      accepted = accepted && !kept->with_error;
    } else {
      std::memset(data_ + at, 0xFF, sector_size);
    }
  }
  return accepted;
}

Profile::Time FlashMemory::erase_time(const Profile& profile, std::uint32_t offset,
                                      std::uint32_t length) {
  Profile::Time time{};
  while (length > 0) {
    const bool block = offset % block_size == 0 && length >= block_size;
    const std::uint32_t step = block ? block_size : std::min(length, sector_size);
    time += block ? profile.erase_64k : profile.erase_4k;
    offset += step;
    length -= step;
  }
  return time;
}

Profile::Time FlashMemory::program_time(const Profile& profile, std::uint32_t offset,
                                        std::uint32_t length) {
  if (length == 0) return {};
  const std::uint64_t first = offset / page_size;
  const std::uint64_t last = (static_cast<std::uint64_t>(offset) + length - 1) / page_size;
  return profile.page_program * static_cast<std::int64_t>(last - first + 1);
}

}  // namespace aiot::esp::device
