#pragma once

#include <memory>
#include <optional>

#include "image/partition_table.hpp"
#include "job/flash/context.hpp"
#include "protocol/esp/loader.hpp"

namespace aiot::flash {

/// What a loader is spoken to at first, unless the address says.
inline constexpr std::uint32_t usual_baud = 115200;

/// One device under way: its link, its loader, and what is known of it.
class Device {
 public:
  explicit Device(DeviceContext& context) : context_(context) {}

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
  /// After a failure, also a cancellation: the same within a few seconds, as far as this link can,
  /// so that the device is not left in its loader at a rate that nobody knows. Enters no step.
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

  esp::Loader& loader() { return *loader_; }
  DeviceContext& context() { return context_; }
  const esp::Mac& mac() const { return *mac_; }
  std::uint32_t revision() const { return revision_; }
  const esp::SecurityInfo& security() const { return security_; }
  /// Bytes of flash; 0 when the chip does not tell.
  std::uint32_t flash_size() const { return flash_.size_bytes; }
  /// A loader has answered at some time: it may do so again.
  bool was_heard() const { return heard_; }
  /// The link was lost and did not come back.
  bool is_gone() const { return gone_; }

 private:
  net::Task<void> open();
  net::Task<void> connect();
  net::Task<void> identify();
  net::Task<void> attach();
  net::Task<void> start_stub(bool without_stub);

  // device_leave.cpp
  net::Task<void> put_back();

  // device_baud.cpp
  net::Task<void> raise_baud();
  std::vector<std::uint32_t> rates_to_try() const;
  /// Resets a chip that is at a rate nobody hears, and brings it back to where it was.
  net::Task<void> start_over(bool with_stub);

  DeviceContext& context_;
  std::unique_ptr<net::Link> link_;
  std::optional<esp::Loader> loader_;
  std::optional<esp::Mac> mac_;
  std::uint32_t revision_ = 0;
  std::uint32_t start_baud_ = usual_baud;
  std::uint32_t baud_cap_ = UINT32_MAX;
  bool attached_ = false;
  bool heard_ = false;
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
