#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "net/link.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/exchange.hpp"
#include "protocol/esp/stub.hpp"

namespace aiot::esp {

/// How to bring the chip into its loader.
enum class ResetStrategy { automatic, classic, usb_jtag, none };

/// DTR drives the boot pin and RTS the reset pin, both inverted, through two transistors that
/// ignore "both asserted": the circuit of every development board. Sequences follow esptool 5.3.
using LineSequence = std::vector<net::LineStep>;

/// The sequences to try in turn on this link; empty when it has no lines or none are wanted.
std::vector<LineSequence> loader_sequences(ResetStrategy strategy, const net::LinkInfo& link);

/// Resets the chip into its application. `through_otg` waits for USB to come back.
LineSequence application_sequence(const net::LinkInfo& link, bool through_otg);

/// The port is the chip's own USB Serial/JTAG unit.
bool is_usb_jtag(const net::LinkInfo& link);

struct ConnectOptions {
  const Chip* expected = nullptr;  ///< nullptr detects; another chip is Errc::wrong_chip
  ResetStrategy reset = ResetStrategy::automatic;
  int attempts = 7;  ///< resets, each with five SYNCs
  /// The rate to start at; ROMs measure it, and a stub that runs already is at the one it was left
  /// with. The link is set to it.
  std::uint32_t baud_bps = 115200;

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

/// The smallest part of flash that can be erased, and so written.
inline constexpr std::uint32_t sector_bytes = 0x1000;
/// The largest block through USB-OTG.
inline constexpr std::uint32_t otg_block_bytes = 0x800;

/// The host's conversation with a loader, ROM or stub, over one link that outlives it.
/// Follows Espressif's "Serial Protocol" (esptool documentation 5.3).
///
/// Every call ends within the time its work may take (which scales with size and rate) with a
/// value or an error: link errors (net::Errc, cancellation among them) pass through as they are,
/// the room's own are esp::Errc. After Errc::no_reply the two ends may be out of step: connect().
class Loader {
 public:
  /// `log` receives every command and its outcome; nullptr for nobody.
  explicit Loader(net::Link& link, LogFn log = nullptr);

  /// Resets into the loader, synchronises, finds chip and stub. Call again after a lost link (which
  /// is reopened when the reset made USB enumerate anew). A chip that no line resets may still be
  /// at the rate it was left at: that one is tried too. Errc::no_sync reports what was seen.
  net::Task<void> connect(ConnectOptions options);

  /// From now on no call takes longer than until `limit`.
  void set_limit(net::TimePoint limit) { exchange_.set_limit(limit); }
  /// Gets back in step with a loader that was left in the middle of a command, at the rate that the
  /// chip was last known to use, else at the link's.
  net::Task<void> resync();

  /// Whether the chip is known: connect() came as far as that, be it the wrong one.
  bool knows_chip() const { return chip_ != nullptr; }
  /// After connect().
  const Chip& chip() const { return *chip_; }
  bool stub_running() const { return stub_; }
  bool secure_download() const { return secure_download_; }
  /// The link's rate.
  std::uint32_t baud_bps() const { return baud_; }
  /// The rate that the chip was last known to use: after a failure it may differ from the link's.
  std::uint32_t chip_baud_bps() const { return chip_baud_; }

  net::Task<SecurityInfo> security_info();
  net::Task<Mac> read_mac();
  /// Chip revision as major * 100 + minor.
  net::Task<std::uint32_t> read_revision();
  net::Task<std::uint32_t> read_register(std::uint32_t address);
  net::Task<void> write_register(std::uint32_t address, std::uint32_t value);
  /// Uploads and starts a stub; a stub that runs already is kept. Errc::stub_invalid for another
  /// chip's, Errc::stub_failed when it does not come up: connect() again, and go on without. The
  /// rate may be another afterwards (Chip::stub_resets_rate): raise it after this.
  net::Task<void> run_stub(const Stub& stub);
  /// Both ends to a new rate, checked by a command. Errc::baud_failed: both are back at the old
  /// one. Errc::baud_lost: the chip is not; connect() again, which resets it. Half a second either
  /// way.
  net::Task<void> change_baud(std::uint32_t baud_bps);
  /// SPI attach (ROM) and the flash chip's id; a zero id in secure download mode.
  net::Task<FlashId> attach_flash();
  /// Sends the loader the flash's size (SPI_SET_PARAMS).
  net::Task<void> set_flash_size(std::uint32_t size_bytes);

  /// True when md5() works here (every loader but the ESP8266's ROM); likewise the others.
  bool can_md5() const;
  bool can_read() const;
  bool can_deflate() const;
  bool can_erase() const;
  bool can_change_baud() const;

  net::Task<crypto::Md5> md5(std::uint32_t offset, std::uint32_t size);
  /// Erases and writes whole sectors from a sector's start; `data` is padded with FF to a block.
  /// A block that arrived damaged is sent again; after a lost reply the write begins anew at that
  /// block's sector, since no loader says whether it had the block. `progress` counts bytes of
  /// `data`. On return everything is in flash. The ESP8266's ROM may erase a sector too many.
  net::Task<void> write(std::uint32_t offset, ByteSpan data, ProgressFn progress);
  /// The same from a zlib stream of `raw_size` bytes; `progress` counts compressed bytes. A damaged
  /// block is sent again. A lost reply is Errc::block_lost, with both ends in step: to inflate a
  /// block twice would spoil the stream, so that the caller plans the region anew.
  net::Task<void> write_deflated(std::uint32_t offset, std::uint32_t raw_size, ByteSpan zlib,
                                 ProgressFn progress);
  /// Reads flash. `sink` gets the bytes in order, and from a stub only such whose MD5 was right; a
  /// piece that was not is read again. An error of the sink ends the read and is returned.
  net::Task<void> read(std::uint32_t offset, std::uint32_t size,
                       std::function<Result<void>(ByteSpan)> sink);
  /// Whole sectors.
  net::Task<void> erase_region(std::uint32_t offset, std::uint32_t size);
  /// The ROM's needs set_flash_size() first.
  net::Task<void> erase_chip();

  /// Leaves as asked: runs the application by the lines, by the loader or by a watchdog, whichever
  /// this link and chip have (Errc::cannot_reset: none of them), or stays. Works by the lines, if
  /// there are any, also when connect() failed.
  net::Task<void> leave(bool run_application);

 private:
  // Connecting.
  net::Task<void> synchronise(const ConnectOptions& options);
  /// Opens a lost link again, by `deadline`; Errc::link_lost when it stays away.
  net::Task<void> come_back(std::uint32_t baud_bps, net::TimePoint deadline);
  net::Task<void> detect(const Chip* expected);
  net::Task<SecurityInfo> ask_security_info();
  net::Task<void> quieten_watchdogs();
  Error no_sync(Error last);

  // The chip itself.
  net::Task<std::uint32_t> read_field(BitField field);
  net::Task<std::uint32_t> run_spi_command(std::uint8_t command, std::uint8_t read_bits);
  net::Task<void> power_on_flash();
  net::Task<std::uint32_t> rate_for_rom(std::uint32_t baud_bps);
  net::Task<void> set_host_rate(std::uint32_t baud_bps);
  /// Whether a loader, ROM or stub, answers SYNC at this rate, to which the link is set.
  net::Task<bool> find_at(std::uint32_t baud_bps, int syncs);
  net::Task<void> upload(std::uint32_t address, ByteSpan bytes);
  net::Task<void> start(std::uint32_t entry);
  net::Task<void> await_greeting();

  // Flash.
  struct Stream;
  net::Task<void> begin(Op op, std::uint32_t erase_bytes, std::uint32_t blocks,
                        std::uint32_t offset, std::uint32_t timeout_for_bytes);
  net::Task<void> send_blocks(Stream& stream);
  net::Task<void> end(Op op);
  net::Task<void> read_piece(std::uint32_t offset, Bytes& piece);
  net::Task<void> abort_read();
  net::Task<void> read_slow(std::uint32_t offset, std::uint32_t size,
                            const std::function<Result<void>(ByteSpan)>& sink);
  net::Task<void> reset_by_watchdog();
  net::Task<bool> boot_pin_still_low();

  bool through_otg() const;
  std::uint32_t block_bytes() const;
  /// Errc::secure_download when the chip refuses this; `what` names it.
  Result<void> need_open_chip(std::string_view what) const;
  /// Errc::rom_cannot with the way out.
  Error needs_stub(std::string_view what) const;

  net::Link& link_;
  Exchange exchange_;
  const Chip* chip_ = nullptr;
  bool stub_ = false;
  bool secure_download_ = false;
  std::uint32_t baud_ = rom_rate_bps;
  std::uint32_t chip_baud_ = 0;    // 0 until a loader has answered
  std::uint32_t flash_bytes_ = 0;  // 0 until set_flash_size()
};

/// `per_mb` for each million bytes, at least the default timeout.
net::Duration timeout_for(std::chrono::seconds per_mb, std::uint64_t bytes);

/// What a chip reports of itself.
struct Identity {
  const Chip* chip = nullptr;
  std::optional<Mac> mac;                 ///< not reported in secure download mode
  std::optional<std::uint32_t> revision;  ///< major * 100 + minor; likewise
  SecurityInfo security;
  std::uint32_t flash_bytes = 0;  ///< 0 when it does not tell
};

/// Resets what is behind `link` into its loader, identifies it, and starts the application again,
/// also after a failure or a cancellation. Errors are those of Loader; Errc::no_sync after two
/// resets: whatever is there is no ESP, or is held by something.
net::Task<Identity> identify(net::Link& link);

}  // namespace aiot::esp
