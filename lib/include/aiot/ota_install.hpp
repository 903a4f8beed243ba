#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/event.hpp"
#include "aiot/export.hpp"
#include "aiot/result.hpp"

/// Updates of the Linux device that this runs on: from a repository that a pinned root vouches for,
/// into the slot that does not run, on trial until it is confirmed.
///
/// The state folder holds the trusted metadata and which slot boots. Cut off at any point, the
/// device boots the old image or the new one, and the next call goes on. One process uses a state
/// folder at a time.
namespace aiot::ota {

struct InstallRequest {
  std::string repository;   ///< https:// URL; metadata/ and targets/ are below it
  std::string ca_file;      ///< authorities that vouch for the server, PEM; "": this machine's
  std::string fingerprint;  ///< or the SHA-256 of the server's certificate, hexadecimal
  std::string root_file;    ///< root metadata that the device was made with
  std::string product;
  std::string hardware;
  std::string state_folder;
  /// Two files or block devices, a and b; or none, with `hand_off`. Slot a is the one that runs on
  /// a device without a state.
  std::vector<std::string> slots;
  /// A program with its arguments, which installs the file that is appended, such as "rauc",
  /// "install". No shell.
  std::vector<std::string> hand_off;
  bool allow_older = false;  ///< install a version older than the one that runs
  bool again = false;        ///< install an image that failed its trial before
  bool use_deltas = true;
  bool dry_run = false;                  ///< verify the metadata and say what would be installed
  std::chrono::milliseconds timeout{0};  ///< for all of it, 0 for none but the steps' own
};

enum class InstallState {
  current,    ///< nothing newer: the slots stay as they are
  available,  ///< dry run: there is a newer version
  installed,  ///< the image is whole in its slot, and boots next, on trial
  on_trial,   ///< the image has booted: it waits for its confirmation
};
/// "aiot.ota.install/1"
struct InstallResult {
  InstallState state = InstallState::current;
  std::string product;
  std::string version;         ///< on offer
  std::string version_before;  ///< that runs; "" when it is not known
  std::string target;          ///< its path in the repository
  std::string sha256;          ///< of the image, hexadecimal
  std::uint64_t size_bytes = 0;
  std::string slot;                    ///< "a" or "b", where it is
  std::string path;                    ///< of that slot; "" with a hand-off
  bool delta = false;                  ///< made from the image that runs and a difference
  std::uint64_t received_bytes = 0;    ///< of images and differences, in this run
  std::uint64_t resumed_at_bytes = 0;  ///< of the image; an earlier run had those before
  double seconds = 0;
};
/// Condition::refused_security with a code of its own for each attack on the repository;
/// Condition::no_match for another product or hardware.
AIOT_API Result<InstallResult> install(const InstallRequest& request, EventSink& sink,
                                       std::stop_token stop);

/// Boots of an image on trial before the device rolls back, unless the request says.
inline constexpr unsigned usual_trial_boots = 3;

struct SlotRequest {
  std::string state_folder;
  unsigned trial_boots = usual_trial_boots;  ///< at least 1
};
/// "aiot.ota.slot/1"
struct SlotResult {
  std::string slot;          ///< "a" or "b": boot this one
  std::string path;          ///< "" when no installation has named it yet
  std::string version;       ///< "" when it is not known
  bool trial = false;        ///< confirm it, or it is rolled back
  bool rolled_back = false;  ///< just now: the trial before failed
  bool restored = false;     ///< the record of the slots was damaged, and is as its copy again
  bool no_state = false;     ///< the state folder is not there: nothing was installed yet
  std::string unreadable;    ///< why the slot on trial does not boot this time; "" when it does
};
/// Which slot to boot. Called once for each boot, by what boots: it counts those of a trial. Makes
/// no folder: without one, slot a boots.
AIOT_API Result<SlotResult> choose_slot(const SlotRequest& request);

struct ConfirmRequest {
  std::string state_folder;
  bool roll_back = false;  ///< the image on trial is bad: boot the one before
};
/// "aiot.ota.confirm/1"
struct ConfirmResult {
  std::string slot;      ///< "a" or "b": boots from now on
  std::string version;   ///< "" when it is not known
  bool changed = false;  ///< a trial has ended; else nothing was on trial
};
/// Ends a trial: the image that runs stays, or the one before boots next. The state folder must be
/// there.
AIOT_API Result<ConfirmResult> confirm(const ConfirmRequest& request);

AIOT_API SchemaInfo schema_of(const InstallResult&);
AIOT_API SchemaInfo schema_of(const SlotResult&);
AIOT_API SchemaInfo schema_of(const ConfirmResult&);
AIOT_API void describe(FieldVisitor& v, InstallResult& result);
AIOT_API void describe(FieldVisitor& v, SlotResult& result);
AIOT_API void describe(FieldVisitor& v, ConfirmResult& result);

}  // namespace aiot::ota
