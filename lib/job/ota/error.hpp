#pragma once

#include <string_view>

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::ota {

/// What stops an update, beyond what links, protocols and images report themselves.
enum class Errc {
  no_devices = 1,   ///< the request names no device
  same_device,      ///< two addresses lead to one device
  shared_trace,     ///< several devices would write one trace
  device_timeout,   ///< the time allowed for a device is over
  cancelled,        ///< the user stopped it
  bad_image,        ///< the image is damaged
  unknown_format,   ///< not an image that can be sent
  not_back,         ///< after the reset, the device did not answer in time
  not_booted,       ///< it is back, and runs another image
  missing_key,      ///< a change of a repository lacks keys to sign it
  unknown_key,      ///< no key of the role, or several, are meant
  bad_role,         ///< no such role, or a threshold that its keys cannot reach
  not_empty,        ///< the folder of a new repository has files
  no_repository,    ///< the folder holds no repository, or one that is damaged
  unwritable,       ///< a file of the repository cannot be written
  too_large,        ///< metadata or a target beyond what clients take
  bad_name,         ///< a product, version or hardware that cannot be part of a path
  mismatch,         ///< the file says something else of itself than the request
  no_version,       ///< neither the file nor the request has a version
  version_exists,   ///< another file has this version already
  folder,           ///< the folder to serve cannot be used
  listen_address,   ///< not an address to listen on
  no_certificate,   ///< the server has no certificate
  state,            ///< the server's state cannot be kept
  artifacts,        ///< the list of artifacts is wrong
  bad_request,      ///< what an installation needs is missing, or does not belong together
  disk,             ///< a file of an installation cannot be read or written
  slot_too_small,   ///< the image does not fit into its slot
  bad_state,        ///< the record of the slots is damaged
  in_use,           ///< another process installs
  wrong_product,    ///< the repository has nothing for the product
  wrong_hardware,   ///< it has the product, for other hardware alone
  older_version,    ///< what it offers is older than what runs
  was_rolled_back,  ///< what it offers has failed its trial on this device
  trial_runs,       ///< the image that runs is on trial: its other slot must stay
  no_trial,         ///< nothing is on trial, or it has not booted yet
  hand_off_failed,  ///< the program that installs did not, or could not be started
  bad_url,          ///< not the URL of a repository, or a fingerprint that is none
  http_status,      ///< the server answers with another status
  not_whole,        ///< a file of a known format is damaged
  not_signed,       ///< no signature on a file is by a key that was given
  unsigned_image,   ///< not an image of MCUboot
  same_key,         ///< a key would be replaced by itself
  target_file,      ///< the file of a target is missing or damaged
  no_state,         ///< nothing has installed into the state folder
  bad_action,       ///< not a single request that there is, or not its words
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// An error of a link or a protocol says what to do about `other`, "device" or "server", when it
/// does not do so itself.
Error with_action(Error error, std::string_view other);

}  // namespace aiot::ota

template <>
struct boost::system::is_error_code_enum<aiot::ota::Errc> : std::true_type {};
