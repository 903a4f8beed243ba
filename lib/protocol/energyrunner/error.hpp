#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::energyrunner {

/// What can go wrong in a conversation with a device under test.
enum class Errc {
  no_answer = 1,    ///< silence where a reply belongs
  not_a_device,     ///< something answers, but not as a device under test does
  garbled,          ///< a line that begins like a message and is none
  refused,          ///< the device answered e-[…]
  too_large,        ///< its buffer does not take so many bytes
  not_loaded,       ///< it infers with fewer bytes than the model takes
  upload_failed,    ///< the upload did not come to its end, tried again and again
  upload_mismatch,  ///< what it read back is not what was sent
  restarted,        ///< it booted in the middle of a conversation
  incomplete,       ///< a reply that lacks a part: a lap, the results
  bad_fault,        ///< of a virtual device: not a fault that can be written so
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// The error `code` at `context`, with what to do next about errors of its kind.
Error fault_of(Errc code, std::string context);

}  // namespace aiot::energyrunner

template <>
struct boost::system::is_error_code_enum<aiot::energyrunner::Errc> : std::true_type {};
