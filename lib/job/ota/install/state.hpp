#pragma once

#include <array>
#include <optional>
#include <string>

#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "job/ota/install/disk.hpp"

/// Which slot boots, and what is in the slots: one small file, replaced whole at each change, and a
/// copy of it for the day that the disk loses it.
namespace aiot::ota {

/// What a slot holds.
struct SlotRecord {
  std::string version;
  crypto::Sha256 sha256{};
  std::uint64_t size_bytes = 0;

  friend bool operator==(const SlotRecord&, const SlotRecord&) = default;
};

/// A slot that is being written, and how far: what is known to be on the disk.
struct PartialWrite {
  crypto::Sha256 sha256{};  ///< of the whole image
  std::uint64_t done_bytes = 0;
};

/// The slot that boots for good never changes while another is written or on trial. A trial begins
/// with a whole image, and ends confirmed, or rolled back.
struct SlotState {
  unsigned confirmed = 0;                          ///< boots unless another is on trial
  std::array<std::optional<SlotRecord>, 2> slots;  ///< nullopt: not known, or half written
  std::array<std::string, 2> paths;                ///< of the slots; "" with a hand-off
  bool on_trial = false;                           ///< the other slot boots
  unsigned boots = 0;                              ///< of the trial
  std::optional<PartialWrite> write;               ///< into the other slot
  std::optional<crypto::Sha256> rolled_back;       ///< an image that failed its trial
  bool from_copy = false;                          ///< the file itself was damaged

  unsigned other() const { return 1 - confirmed; }
  /// The slot that boots next, or has booted.
  unsigned active() const { return on_trial ? other() : confirmed; }
  void roll_back();
};

/// "a" or "b".
std::string slot_name(unsigned slot);

/// The state in `folder`; that of a device as it left the factory when there is none.
/// Of a file that is damaged, its copy. Errc::bad_state when that is damaged too, errors of the
/// disk.
Result<SlotState> load_state(Disk& disk, const std::string& folder);
Result<void> save_state(Disk& disk, const std::string& folder, const SlotState& state);

/// How a boot script asks for the slot.
struct BootChoice {
  unsigned slot = 0;
  bool is_trial = false;
  bool rolled_back = false;         ///< just now
  bool from_copy = false;           ///< the record was damaged, and is as its copy again
  std::optional<Error> unreadable;  ///< why the slot on trial does not boot this time
};
/// Counts a boot of a trial; after `most_boots` of them without a confirmation, or when the slot's
/// content is not the image that was installed, rolls back. A slot that cannot be read leaves the
/// trial as it is. The state is on the disk afterwards.
Result<BootChoice> choose_boot(Disk& disk, const std::string& folder, unsigned most_boots);

/// The SHA-256 of the first `size_bytes` of `source`.
Result<crypto::Sha256> hash_of(image::ByteSource& source, std::uint64_t size_bytes);

}  // namespace aiot::ota
