#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aiot/flash.hpp"
#include "fleet/fleet.hpp"
#include "image/partition_table.hpp"
#include "net/link.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/loader.hpp"
#include "protocol/esp/stub.hpp"

namespace aiot::flash {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct Environment {
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
  net::Clock* clock = nullptr;
  /// The stub for a chip of this revision, from `directory` or the data directories.
  std::function<Result<std::optional<esp::Stub>>(const esp::Chip& chip, std::uint32_t revision,
                                                 const std::string& directory)>
      find_stub;
};

/// The real links, the machine's clock, the installed stubs.
Environment real_environment();

/// One device under way: its link, its loader, and what is known of it.
class Device {
 public:
  /// What is found goes into `info`. All that is passed in outlives the device.
  Device(fleet::DeviceRun& run, const Session& session, Environment& environment, DeviceInfo& info)
      : run_(run), session_(session), environment_(environment), info_(info) {}

  /// Opens the link, or opens it again; brings the chip into its loader; identifies it; finds the
  /// rate. A device identified before must be the same one: Errc::device_changed.
  net::Task<void> reach();
  /// Starts the stub where there is one and it is wanted, and learns the flash's size.
  /// `without_stub`: the ROM does what is needed, unless it lacks the commands altogether.
  net::Task<void> prepare(bool without_stub);
  /// Reads the MAC again, right before something irreversible: Errc::device_changed.
  net::Task<void> confirm_identity();
  /// Leaves the loader as the session asks. A failure here is worth a notice, not an error; that
  /// the link cannot reset at all is worth one where it matters, or when a reset was `asked_for`.
  net::Task<void> leave(bool asked_for = false);
  /// Bytes of the application's console, after leave(): at least one until `until`. A port that
  /// goes away with the reset is opened again until `deadline`.
  net::Task<std::size_t> read_console(std::span<std::uint8_t> buffer, net::TimePoint until,
                                      net::TimePoint deadline);
  /// The console's rate, 0 for that at which the loader was found.
  net::Task<void> set_console_baud(std::uint32_t baud_bps);
  /// After a failure, also a cancellation: the same within a few seconds, as far as this link can,
  /// so that the device is not left in its loader at an unknown rate. Enters no step.
  net::asio::awaitable<void> abandon();
  /// After a failure that a slower wire may avoid.
  void lower_baud();

  /// The table at 0x8000; Errc::no_table when there is none that is valid,
  /// esp::Errc::rom_cannot when this loader does not read.
  net::Task<image::PartitionTable> read_table();
  /// Flash contents into memory; at most 1 MiB.
  net::Task<Bytes> read_bytes(std::uint32_t offset, std::uint32_t size);
  /// Whether `bytes` are what the flash holds at `offset`. A stub's reads carry an MD5; a ROM's
  /// carry nothing, and are held against one.
  net::Task<bool> arrived_whole(std::uint32_t offset, ByteSpan bytes);

  /// The bounds of a region on this device: by partition name in the device's own table, as the
  /// whole chip, or as given (a size left out reaches to the end of the flash).
  /// image::Errc::no_such_partition; Errc::no_table, unknown_flash, bad_region.
  net::Task<FlashRange> find_region(Region region);
  /// Errc::secured where secure boot or flash encryption would make what is written useless or
  /// brick the device, unless the session forces it.
  Result<void> check_security() const;

  esp::Loader& loader() { return *loader_; }
  fleet::DeviceRun& run() { return run_; }
  DeviceInfo& info() { return info_; }
  const esp::Mac& mac() const { return *mac_; }
  std::uint32_t revision() const { return revision_; }
  const esp::SecurityInfo& security() const { return security_; }
  /// Bytes of flash; 0 when the chip does not report it.
  std::uint32_t flash_size() const { return flash_.size_bytes; }
  /// A loader has replied before: it may do so again.
  bool has_replied() const { return replied_; }
  /// The link was lost and did not come back.
  bool is_gone() const { return gone_; }

 private:
  net::Task<void> open();
  net::Task<void> connect();
  net::Task<void> identify();
  net::Task<void> attach();
  net::Task<void> start_stub(bool without_stub);
  net::Task<void> put_back(bool asked_for);
  net::Task<void> raise_baud();
  std::vector<std::uint32_t> rates_to_try() const;
  /// Resets a chip whose rate does not work here, and brings it back to where it was.
  net::Task<void> start_over(bool with_stub);

  fleet::DeviceRun& run_;
  const Session& session_;
  Environment& environment_;
  DeviceInfo& info_;
  std::unique_ptr<net::Link> link_;
  std::optional<esp::Loader> loader_;
  std::optional<esp::Mac> mac_;
  std::uint32_t revision_ = 0;
  std::uint32_t start_baud_ = 115200;  ///< at which the loader was found
  std::uint32_t console_baud_ = 0;     ///< of the application
  std::uint32_t baud_cap_ = UINT32_MAX;
  bool attached_ = false;
  bool replied_ = false;
  bool gone_ = false;
  bool changed_ = false;  ///< something irreversible was begun
  bool left_ = false;     ///< leave() or abandon() was begun
  bool baud_raised_ = false;
  bool stub_denied_ = false;  ///< tried once, in vain
  esp::SecurityInfo security_;
  esp::FlashId flash_;
};

/// The chip that the session insists on, nullptr for any; Errc::unknown_chip.
Result<const esp::Chip*> expected_chip(const Session& session);

/// Errc::bad_baud for a rate outside of what loaders are used at.
Result<void> check_baud(std::uint32_t baud_bps);

/// "24:0a:c4:00:00:01"
std::string mac_text(const esp::Mac& mac);

}  // namespace aiot::flash
