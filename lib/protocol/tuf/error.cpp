#include "protocol/tuf/error.hpp"

namespace aiot::tuf {
namespace {

constexpr ErrorRow tuf_error_rows[] = {
    {Errc::bad_metadata, "tuf.metadata", "the metadata is not valid", Condition::protocol},
    {Errc::wrong_type, "tuf.type", "the metadata is of another role", Condition::refused_security},
    {Errc::wrong_key, "tuf.key", "no key of the role signed the metadata",
     Condition::refused_security},
    {Errc::bad_signature, "tuf.signature", "a signature on the metadata is wrong",
     Condition::refused_security},
    {Errc::below_threshold, "tuf.threshold", "too few keys of the role signed the metadata",
     Condition::refused_security},
    {Errc::rollback, "tuf.rollback", "the metadata is older than what is trusted already",
     Condition::refused_security},
    {Errc::fast_forward, "tuf.fast_forward", "the version of the metadata jumps ahead",
     Condition::refused_security},
    {Errc::expired, "tuf.expired", "the metadata has expired", Condition::refused_security},
    {Errc::mix_and_match, "tuf.mix_and_match",
     "the metadata is of another version than the repository announces",
     Condition::refused_security},
    {Errc::wrong_version, "tuf.version", "the version of the root is not that of its name",
     Condition::refused_security},
    {Errc::hash_mismatch, "tuf.hash", "the file is not the one that the metadata names",
     Condition::refused_security},
    {Errc::endless_data, "tuf.endless_data", "the file is longer than it may be",
     Condition::refused_security},
    {Errc::missing, "tuf.missing", "the server does not have the file", Condition::protocol, true},
    {Errc::too_many_roots, "tuf.roots", "too many root rotations in one update",
     Condition::refused_security},
    {Errc::no_target, "tuf.target", "the repository has no such target", Condition::no_match},
    {Errc::delegated, "tuf.delegated", "the target may be one of a delegated role",
     Condition::no_match},
};
const ErrorTable tuf_error_table("tuf", tuf_error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), tuf_error_table};
}

}  // namespace aiot::tuf
