#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "core/mac.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/device/options.hpp"

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

/// "24:0a:c4:00:00:01"; colons, hyphens or nothing between the bytes. Errc::bad_mac.
Result<Mac> checked_mac(std::string_view text);
std::string format_mac(const Mac& mac);

/// What has been burned into the chip.
struct Security {
  bool secure_boot = false;
  bool flash_encryption = false;
  bool secure_download = false;
};

/// The address space of the chip as far as a loader's READ_REG and WRITE_REG see it: eFuses, the
/// UART's divider, the controller of the flash chip and the RTC watchdog. Other addresses read 0
/// until something was written there.
class Registers {
 public:
  Registers(const Chip& chip, const Mac& mac, const Security& security, FlashMemory& flash);

  /// A chip reset: what was written is gone, eFuses stay.
  void reset();
  void set_mac(const Mac& mac);
  /// The rate that the UART's divider tells.
  void set_baud(std::uint32_t baud_bps) { baud_ = baud_bps; }
  /// The flash chip's pins are connected to the controller.
  void set_attached(bool attached) { attached_ = attached; }

  std::uint32_t read(std::uint32_t address);
  /// Writes the bits of `mask`. A started watchdog is returned as the time until it bites.
  std::optional<Profile::Time> write(std::uint32_t address, std::uint32_t value,
                                     std::uint32_t mask);
  /// True once the MAC was read since the last call to set_mac.
  bool mac_was_read() const { return mac_was_read_; }

 private:
  void burn();
  void run_spi_command();
  std::uint32_t spi(std::uint32_t offset) { return volatile_[chip_.spi.base + offset]; }

  const Chip& chip_;
  Mac mac_;
  Security security_;
  FlashMemory& flash_;
  std::map<std::uint32_t, std::uint32_t> fuses_;
  std::map<std::uint32_t, std::uint32_t> volatile_;
  std::uint32_t baud_ = 115200;
  std::uint8_t flash_status_ = 0;
  bool attached_ = false;
  bool watchdog_unlocked_ = false;
  bool mac_was_read_ = false;
};

}  // namespace aiot::esp::device
