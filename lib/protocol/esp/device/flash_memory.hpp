#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/esp/device/profile.hpp"

namespace aiot::esp::device {

/// A NOR flash chip: erasing sets whole sectors to FF, programming only clears bits, so that a
/// missing erase shows in the contents. Lives in memory or in a file that is its exact contents.
class FlashMemory {
 public:
  static constexpr std::uint32_t page_size = 256;
  static constexpr std::uint32_t sector_size = 4096;
  static constexpr std::uint32_t block_size = 65536;

  /// Erased flash of `size` bytes in memory. Errc::flash_size.
  static Result<FlashMemory> in_memory(std::uint64_t size);
  /// Flash in `path`: a file that is missing (it is created, mode 0600) or empty is filled with FF;
  /// another must have this size. The file is locked for as long as this lives: two chips do not
  /// share one. Errc::flash_size, Errc::flash_file,
  /// Errc::flash_file_size.
  static Result<FlashMemory> in_file(const std::string& path, std::uint64_t size);

  FlashMemory(FlashMemory&& other) noexcept;
  FlashMemory& operator=(FlashMemory&& other) noexcept;
  FlashMemory(const FlashMemory&) = delete;
  FlashMemory& operator=(const FlashMemory&) = delete;
  ~FlashMemory();

  std::uint32_t size() const { return size_; }
  ByteSpan contents() const { return {data_, size_}; }
  /// What RDID (9F) answers: manufacturer in the lowest byte, then type, then capacity.
  std::uint32_t jedec_id() const;
  /// True when the range lies inside the chip.
  bool holds(std::uint64_t offset, std::uint64_t length) const {
    return offset <= size_ && length <= size_ - offset;
  }

  /// Clears the bits that are 0 in `bytes`. The range is inside. Returns false when a protected
  /// sector answered with an error.
  bool program(std::uint32_t offset, ByteSpan bytes);
  /// Sets whole sectors to FF: `offset` and `length` are multiples of a sector.
  bool erase(std::uint32_t offset, std::uint32_t length);
  bool erase_chip() { return erase(0, size_); }

  /// Sectors that touch this range keep their bytes: silently, or with an error.
  void protect(std::uint64_t offset, std::uint64_t length, bool with_error);

  /// Called before a page is programmed; true cuts the power in the middle of it: the page is left
  /// a mix of old and new, and nothing more is programmed in that call.
  std::function<bool()> cut_power;

  /// Time to erase: 64 KiB blocks where aligned, sectors elsewhere.
  static Profile::Time erase_time(const Profile& profile, std::uint32_t offset,
                                  std::uint32_t length);
  /// Time to program: whole pages, as the chip does.
  static Profile::Time program_time(const Profile& profile, std::uint32_t offset,
                                    std::uint32_t length);

 private:
  struct Protection {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool with_error = false;
  };

  FlashMemory() = default;
  const Protection* protected_at(std::uint32_t offset) const;

  std::uint8_t* data_ = nullptr;  ///< mapped
  int file_ = -1;                 ///< holds the lock
  std::uint32_t size_ = 0;
  std::optional<Protection> protection_;
};

}  // namespace aiot::esp::device
