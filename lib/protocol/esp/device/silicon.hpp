#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/esp/chip.hpp"
#include "protocol/esp/device/flash_memory.hpp"

namespace aiot::esp::device {

using Mac = std::array<std::uint8_t, 6>;

/// "24:0a:c4:00:00:01"; colons, dashes or nothing between the bytes. Errc::bad_mac.
Result<Mac> parse_mac(std::string_view text);
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
