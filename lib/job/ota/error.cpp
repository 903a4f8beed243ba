#include "job/ota/error.hpp"

#include <fmt/format.h>

namespace aiot::ota {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::no_devices, "ota.no_devices", "no device", Condition::usage},
    {Errc::same_device, "ota.same_device", "two addresses of one device", Condition::usage},
    {Errc::shared_trace, "ota.shared_trace", "several devices would write one trace",
     Condition::usage},
    {Errc::device_timeout, "ota.timeout", "the time for this device is over", Condition::timeout,
     true},
    {Errc::cancelled, "ota.cancelled", "stopped", Condition::cancelled},
    {Errc::bad_image, "ota.bad_image", "the image is damaged", Condition::invalid_input},
    {Errc::unknown_format, "ota.unknown_format", "not an image that the device takes",
     Condition::invalid_input},
    {Errc::not_back, "ota.not_back", "no reply from the device after its reset",
     Condition::timeout},
    {Errc::not_booted, "ota.not_booted", "the device did not boot the new image",
     Condition::mismatch},
    {Errc::missing_key, "ota.missing_key", "too few keys to sign with",
     Condition::refused_security},
    {Errc::unknown_key, "ota.unknown_key", "not one key of the role is meant", Condition::usage},
    {Errc::bad_role, "ota.role", "the repository cannot have such a role", Condition::usage},
    {Errc::not_empty, "ota.not_empty", "the folder is not empty", Condition::usage},
    {Errc::no_repository, "ota.repository", "the folder holds no valid repository",
     Condition::invalid_input},
    {Errc::unwritable, "ota.unwritable", "the repository cannot be written", Condition::resource},
    {Errc::too_large, "ota.too_large", "larger than clients take", Condition::invalid_input},
    {Errc::bad_name, "ota.name", "the name cannot be part of a path", Condition::usage},
    {Errc::mismatch, "ota.mismatch", "the file is not what it is added as", Condition::mismatch},
    {Errc::no_version, "ota.no_version", "the version is not known", Condition::usage},
    {Errc::version_exists, "ota.version_exists", "the version exists with another content",
     Condition::usage},
    {Errc::folder, "ota.folder", "the folder cannot be served", Condition::invalid_input},
    {Errc::listen_address, "ota.listen_address", "not an address to listen on", Condition::usage},
    {Errc::no_certificate, "ota.no_certificate", "the server has no certificate", Condition::usage},
    {Errc::state, "ota.state", "the server's state cannot be kept", Condition::resource},
    {Errc::artifacts, "ota.artifacts", "the list of artifacts is not valid",
     Condition::invalid_input},
    {Errc::bad_request, "ota.request", "the request is not complete", Condition::usage},
    {Errc::disk, "ota.disk", "the disk refuses", Condition::resource},
    {Errc::slot_too_small, "ota.slot_too_small", "the image does not fit into the slot",
     Condition::mismatch},
    {Errc::bad_state, "ota.slot_state", "the record of the slots is damaged",
     Condition::invalid_input},
    {Errc::in_use, "ota.in_use", "another process uses it", Condition::resource, true},
    {Errc::wrong_product, "ota.wrong_product", "the repository has nothing for this product",
     Condition::no_match},
    {Errc::wrong_hardware, "ota.wrong_hardware",
     "the repository has this product for other hardware", Condition::no_match},
    {Errc::older_version, "ota.older_version", "the version on offer is older than the one here",
     Condition::refused_security},
    {Errc::was_rolled_back, "ota.rolled_back", "the image on offer failed its trial on this device",
     Condition::mismatch},
    {Errc::trial_runs, "ota.trial_runs", "the image that runs is on trial", Condition::usage},
    {Errc::no_trial, "ota.no_trial", "no image that has booted is on trial", Condition::usage},
    {Errc::hand_off_failed, "ota.hand_off", "the program that installs failed",
     Condition::protocol},
    {Errc::bad_url, "ota.url", "not the https:// URL of a server to trust", Condition::usage},
    {Errc::http_status, "ota.http", "the server refuses", Condition::protocol},
    {Errc::not_whole, "ota.not_whole", "the file is damaged", Condition::mismatch},
    {Errc::not_signed, "ota.not_signed", "no given key has signed the file",
     Condition::refused_security},
    {Errc::unsigned_image, "ota.unsigned_image", "not an image that is signed for MCUboot",
     Condition::invalid_input},
    {Errc::same_key, "ota.same_key", "the old key and the new one are the same", Condition::usage},
    {Errc::target_file, "ota.target_file", "devices cannot have this target", Condition::mismatch},
    {Errc::no_state, "ota.no_state", "the state folder is not there", Condition::usage},
    {Errc::bad_action, "ota.action", "not a request that can be sent", Condition::usage},
};
const ErrorTable error_table("ota", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

Error with_action(Error error, std::string_view other) {
  if (!error.hint.empty()) return error;
  switch (error.condition()) {
    case Condition::timeout:
      error.hint = fmt::format("check that the {} is reachable, and try again", other);
      break;
    case Condition::resource:
      error.hint = fmt::format("check the connection to the {}, and what else uses it", other);
      break;
    case Condition::no_match: error.hint = fmt::format("check the address of the {}", other); break;
    case Condition::protocol:
      error.hint = fmt::format("check the address of the {}, and read its log", other);
      break;
    case Condition::refused_security:
      error.hint = fmt::format("check what the {} accepts, and what is given", other);
      break;
    case Condition::mismatch:
      error.hint = fmt::format("check that the image is for this {}, and read its log", other);
      break;
    default: break;
  }
  return error;
}

}  // namespace aiot::ota
