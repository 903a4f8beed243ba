#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "crypto/signing_key.hpp"
#include "protocol/tuf/error.hpp"

/// The metadata of The Update Framework (specification 1.0, section 4): read, written and signed.
namespace aiot::tuf {

using Time = std::chrono::sys_seconds;

enum class Role { root, targets, snapshot, timestamp };
inline constexpr std::array<Role, 4> all_roles = {Role::root, Role::targets, Role::snapshot,
                                                  Role::timestamp};
std::string_view name_of(Role role);
/// How long a file of the role may be: 512,000 (root), 5,000,000 (targets), 2,000,000 (snapshot)
/// and 16,384 bytes (timestamp).
std::uint64_t limit_bytes(Role role);

/// "2036-01-01T00:00:00Z", and nothing else.
std::optional<Time> parse_time(std::string_view text);
std::string to_text(Time time);

/// A public key, as it stands in a root. One of a kind that is not known stays, and verifies
/// nothing.
struct Key {
  std::string keytype;
  std::string scheme;
  std::string public_text;  ///< hexadecimal (Ed25519) or PEM (ECDSA)

  static Key of(const crypto::PublicKey& key);
  /// SHA-256 of the canonical form, hexadecimal.
  std::string id() const;
  std::optional<crypto::PublicKey> public_key() const;
  friend bool operator==(const Key&, const Key&) = default;
};

struct RoleKeys {
  std::vector<std::string> keyids;  ///< none twice
  std::uint64_t threshold = 1;      ///< at least 1
  friend bool operator==(const RoleKeys&, const RoleKeys&) = default;
};

/// What the metadata of each role has.
struct Common {
  std::uint64_t version = 1;
  Time expires;
  /// How long after its signing this expired: what its renewal gets again. Ours
  /// ("x-aiot-lifetime-seconds"); clients ignore it.
  std::optional<std::chrono::seconds> lifetime;
};

struct Root : Common {
  bool consistent_snapshot = true;
  std::map<std::string, Key, std::less<>> keys;  ///< by id
  std::map<Role, RoleKeys> roles;                ///< all four

  const RoleKeys& role(Role which) const { return roles.at(which); }
};

/// Another metadata file, as timestamp and snapshot name it.
struct FileInfo {
  std::uint64_t version = 1;
  std::optional<std::uint64_t> length_bytes;
  std::optional<crypto::Sha256> sha256;
};
struct Timestamp : Common {
  FileInfo snapshot;
};
struct Snapshot : Common {
  std::map<std::string, FileInfo, std::less<>> meta;  ///< by name; "targets.json" is there
};

struct Target {
  std::uint64_t length_bytes = 0;
  crypto::Sha256 sha256{};
  boost::json::object custom;  ///< see artifact.hpp
};
struct Targets : Common {
  /// By path: relative, with "/", and without "." and ".." as parts.
  std::map<std::string, Target, std::less<>> targets;
  bool has_delegations = false;
};

struct Signature {
  std::string keyid;
  Bytes bytes;
};
/// A metadata file whose signatures are not verified yet.
struct Document {
  boost::json::object signed_part;
  Bytes signed_bytes;  ///< its canonical form
  std::vector<Signature> signatures;
};

/// Errc::bad_metadata.
Result<Document> parse_document(ByteSpan file);
/// Errc::wrong_type, Errc::bad_metadata. Fields that are not known are no error.
Result<Root> parse_root(const Document& document);
Result<Timestamp> parse_timestamp(const Document& document);
Result<Snapshot> parse_snapshot(const Document& document);
Result<Targets> parse_targets(const Document& document);

/// Whether `document` has right signatures of `role.threshold` different keys of the role. Others
/// do not count, and harm nothing. Errc::wrong_key, bad_signature, below_threshold.
Result<void> verify_signatures(const Document& document,
                               const std::map<std::string, Key, std::less<>>& keys,
                               const RoleKeys& role);

/// The `signed` part of a file.
boost::json::object to_json(const Root& root);
boost::json::object to_json(const Timestamp& timestamp);
boost::json::object to_json(const Snapshot& snapshot);
boost::json::object to_json(const Targets& targets);

/// The file: `signed_part` with a signature of each signer, in their order. Errors of the signers.
Result<Bytes> sign_document(const boost::json::object& signed_part,
                            std::span<const crypto::Signer* const> signers);

/// The name of a file on the server: "3.targets.json", "timestamp.json".
std::string file_name(Role role, std::uint64_t version);
/// The path of a target on the server, below the folder of targets: its name has its hash in front
/// in a consistent snapshot ("a/HASH.b" of "a/b").
std::string target_file_name(std::string_view path, const Target& target, bool consistent_snapshot);

}  // namespace aiot::tuf
