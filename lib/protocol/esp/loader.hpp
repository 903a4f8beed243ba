#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crypto/digest.hpp"
#include "net/link.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/stub.hpp"

namespace aiot::esp {

/// How to bring the chip into its loader.
enum class ResetStrategy { automatic, classic, usb_jtag, none };

struct ConnectOptions {
  const Chip* expected = nullptr;  ///< nullptr detects; another chip is Errc::wrong_chip
  ResetStrategy reset = ResetStrategy::automatic;
  int attempts = 7;  ///< resets, each with five SYNCs

  ConnectOptions() = default;
};

using Mac = std::array<std::uint8_t, 6>;

/// GET_SECURITY_INFO, or what the eFuses of older chips say.
struct SecurityInfo {
  bool secure_boot = false;
  bool flash_encryption = false;
  bool secure_download = false;  ///< most commands are refused
  std::uint32_t flags = 0;
  std::optional<std::uint32_t> chip_id;
};

struct FlashId {
  std::uint8_t manufacturer = 0;
  std::uint16_t device = 0;
  std::uint32_t size_bytes = 0;  ///< 0 when the id does not say
};

using ProgressFn = std::function<void(std::uint64_t done_bytes)>;

/// The host's conversation with a loader, ROM or stub, over one link that outlives it.
/// Follows Espressif's "Serial Protocol" (esptool documentation).
class Loader {
 public:
  explicit Loader(net::Link& link);

  /// Resets into the loader, synchronises, finds chip and stub. Call again after a lost link.
  net::Task<void> connect(ConnectOptions options);

  const Chip& chip() const { return *chip_; }
  bool stub_running() const { return stub_; }
  std::uint32_t baud_bps() const { return baud_; }

  net::Task<SecurityInfo> security_info();
  net::Task<Mac> read_mac();
  /// Chip revision as major * 100 + minor.
  net::Task<std::uint32_t> read_revision();
  net::Task<std::uint32_t> read_register(std::uint32_t address);
  net::Task<void> write_register(std::uint32_t address, std::uint32_t value);
  /// Uploads and starts a stub; a stub that runs already is kept.
  net::Task<void> run_stub(const Stub& stub);
  /// Both ends to a new rate, checked by a command; on failure both are back at the old one.
  net::Task<void> change_baud(std::uint32_t baud_bps);
  /// SPI attach (ROM) and the flash chip's id.
  net::Task<FlashId> attach_flash();
  /// Tells the loader the flash's size (SPI_SET_PARAMS).
  net::Task<void> set_flash_size(std::uint32_t size_bytes);

  /// True when md5() works here (every loader but the ESP8266's ROM); likewise the others.
  bool can_md5() const;
  bool can_read() const;
  bool can_deflate() const;
  bool can_erase() const;

  net::Task<crypto::Md5> md5(std::uint32_t offset, std::uint32_t size);
  /// Erases and writes whole sectors; `data` is padded with FF to a block. A block whose reply is
  /// lost or bad is sent again; `progress` counts bytes of `data`.
  net::Task<void> write(std::uint32_t offset, ByteSpan data, ProgressFn progress);
  /// The same from a zlib stream of `raw_size` bytes; `progress` counts compressed bytes.
  net::Task<void> write_deflated(std::uint32_t offset, std::uint32_t raw_size, ByteSpan zlib,
                                 ProgressFn progress);
  /// Reads flash. `sink` gets the bytes in order; the stub's MD5 is checked.
  net::Task<void> read(std::uint32_t offset, std::uint32_t size,
                       std::function<Result<void>(ByteSpan)> sink);
  net::Task<void> erase_region(std::uint32_t offset, std::uint32_t size);
  net::Task<void> erase_chip();

  /// Waits for the last write to be in flash, then leaves as asked: runs the application by the
  /// lines, by the loader or by a watchdog, whichever this link and chip have; or stays.
  net::Task<void> leave(bool run_application);

 private:
  // The helper that owns this room fills this in.
  const Chip* chip_ = nullptr;
  bool stub_ = false;
  std::uint32_t baud_ = 115200;
};

}  // namespace aiot::esp
