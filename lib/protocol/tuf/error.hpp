#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::tuf {

/// What is wrong with a repository, as its client sees it: an error of its own for each attack of
/// the specification (1.5.2), and for damage.
enum class Errc {
  bad_metadata = 1,  ///< not JSON, or not of the format of the specification, section 4
  wrong_type,        ///< the `_type` of another role
  wrong_key,         ///< no signature by a key of the role
  bad_signature,     ///< a signature by a key of the role is wrong, and too few others are right
  below_threshold,   ///< right signatures, but fewer than the role needs
  rollback,          ///< a version older than what is trusted, or a role that is gone
  fast_forward,      ///< a version so much higher that legitimate ones could never follow
  expired,           ///< freeze: the time of the metadata is over
  mix_and_match,     ///< another version than the metadata above it names
  wrong_version,     ///< a root whose version is not the one in its name
  hash_mismatch,     ///< another hash or length than the metadata above it names
  endless_data,      ///< more bytes than the file may have
  missing,           ///< the server does not have a file that must be there
  too_many_roots,    ///< more root rotations than one update follows
  no_target,         ///< the repository has no such target
  delegated,         ///< a delegated role may have the target: delegations are not followed
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::tuf

template <>
struct boost::system::is_error_code_enum<aiot::tuf::Errc> : std::true_type {};
