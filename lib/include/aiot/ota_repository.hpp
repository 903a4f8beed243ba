#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/export.hpp"
#include "aiot/result.hpp"

/// Keys, and a repository of updates that they sign: a folder of plain files that any web server
/// can serve (The Update Framework, specification 1.0).
///
/// A key is named by its file (PEM) or its PKCS#11 URI. A file of a private key or of a secret must
/// be its owner's alone; a public key may be given wherever nothing is signed with it. A change
/// appears whole or not at all: new files first, then the one that announces them. One process
/// changes a repository at a time, others wait.
namespace aiot::ota {

enum class KeyKind { ed25519, ecdsa_p256 };

struct KeygenRequest {
  std::string file;  ///< a new file, or the PKCS#11 URI of a new key: token and object
  KeyKind kind = KeyKind::ed25519;
  std::string secret_file;  ///< the first line is the passphrase, or the token's PIN; "" for none
};
/// "aiot.ota.key/1"
struct KeygenResult {
  std::string file;
  KeyKind kind = KeyKind::ed25519;
  std::string id;          ///< as metadata names it: SHA-256, hexadecimal
  std::string public_key;  ///< PEM
};
/// Makes a key. Never overwrites one.
AIOT_API Result<KeygenResult> generate_key(const KeygenRequest& request);

/// What to sign with.
struct SigningKeys {
  std::vector<std::string> keys;
  std::string secret_file;  ///< of those that have one
};

/// A role of a new repository.
struct RoleSetup {
  std::vector<std::string> keys;
  unsigned threshold = 1;            ///< how many of the keys must sign
  std::chrono::seconds lifetime{0};  ///< of its metadata, each time it is signed; 0 for the usual
};
struct InitRequest {
  std::string folder;   ///< new, or empty
  RoleSetup root;       ///< usual lifetime: 365 days
  RoleSetup targets;    ///< 90 days; no keys: those of root
  RoleSetup snapshot;   ///< 30 days; no keys: those of targets
  RoleSetup timestamp;  ///< 7 days; no keys: those of snapshot
  std::string secret_file;
};

/// A key that a change lacks.
struct NeededKey {
  std::string role;
  std::vector<std::string> ids;  ///< of the keys that could sign
  std::uint64_t threshold = 1;
  std::string expires;  ///< of the metadata that stays as it is
};
/// "aiot.ota.repository/1": a repository after a change.
struct RepositoryResult {
  std::string folder;
  std::uint64_t root_version = 0;
  std::uint64_t targets_version = 0;
  std::uint64_t snapshot_version = 0;
  std::uint64_t timestamp_version = 0;
  std::string expires;  ///< the first of its metadata to expire, such as 2036-01-01T00:00:00Z
  std::vector<std::string> written;  ///< files of metadata, in their order
  std::vector<NeededKey> needed;     ///< what should be signed anew, and by whom
};

/// Makes a repository without targets.
AIOT_API Result<RepositoryResult> init_repository(const InitRequest& request);

enum class KeyAction { add, revoke, rotate };
struct KeyChange {
  std::string folder;
  KeyAction action = KeyAction::add;
  std::string role;     ///< "root", "targets", "snapshot", "timestamp"
  std::string key;      ///< that comes (add) or goes: a file, a URI, or the beginning of an id
  std::string new_key;  ///< that comes (rotate)
  std::optional<unsigned> threshold;  ///< of the role afterwards
  SigningKeys signing;
};
/// Changes the keys of a role: a new root, signed by the keys of the old one and its own, and what
/// the role has signed before signed anew.
AIOT_API Result<RepositoryResult> change_key(const KeyChange& request);

struct RefreshRequest {
  std::string folder;
  /// Renews what expires within this; nullopt: what has less than half of its lifetime left.
  std::optional<std::chrono::seconds> within;
  SigningKeys signing;
};
/// Renews what will expire. What is due and lacks its keys is in `needed`; an error only when it
/// has expired.
AIOT_API Result<RepositoryResult> refresh_repository(const RefreshRequest& request);

struct AddRequest {
  std::string folder;
  std::string file;
  std::string product;
  std::string version;  ///< "" when the file says it
  std::vector<std::string> hardware;
  std::string chip;     ///< that the file must be for; "" for whatever it says
  unsigned deltas = 0;  ///< how many of the versions before get a delta to this one
  SigningKeys signing;
};
/// A target of the repository.
struct TargetInfo {
  std::string path;
  std::string product;
  std::string version;
  std::vector<std::string> hardware;
  std::string format;   ///< such as esp-image
  std::string chip;     ///< "" when the file does not say it
  std::string project;  ///< likewise
  std::uint64_t size_bytes = 0;
  std::string sha256;      ///< hexadecimal
  std::string delta_from;  ///< SHA-256 of the image that a delta starts from
};
/// A delta from an older version to the one that was added.
struct DeltaResult {
  std::string from_version;
  std::string from_sha256;  ///< of that version's file, hexadecimal
  std::string path;         ///< of the target; "" when the delta does not pay and is not kept
  std::uint64_t size_bytes = 0;
};
/// "aiot.ota.add/1"
struct AddResult {
  TargetInfo target;
  std::vector<DeltaResult> deltas;  ///< those that were made, from the newest version on
  bool already = false;             ///< the repository had it, and stays as it was
  bool restored = false;            ///< had it, and its file was missing or damaged: written again
  RepositoryResult repository;
};
/// Adds a firmware file: an ESP image, MCUboot image, ELF, Intel HEX, SWUpdate archive, RAUC bundle
/// or other file. What it says of itself must agree with the request.
AIOT_API Result<AddResult> add_artifact(const AddRequest& request);

/// A key of a role, and whether it signed the role's metadata.
struct RoleKey {
  std::string id;
  std::string type;  ///< "ed25519", "ecdsa"
  bool signed_it = false;
};
struct RoleStatus {
  std::string role;
  std::uint64_t version = 0;
  std::string expires;
  std::int64_t remaining_s = 0;  ///< until it expires; negative when that is past
  std::uint64_t threshold = 1;
  std::vector<RoleKey> keys;
  bool valid = false;  ///< signed by enough of its keys
  bool expired = false;
};
/// Why devices cannot have a target: its file is not there, or is not the one that was added.
enum class TargetFault { missing, damaged };
struct FaultyTarget {
  std::string path;
  std::string file;  ///< where it should be
  TargetFault fault = TargetFault::missing;
};
/// "aiot.ota.status/1"
struct RepositoryStatus {
  std::string folder;
  std::vector<RoleStatus> roles;  ///< root, targets, snapshot, timestamp
  std::vector<TargetInfo> targets;
  std::vector<FaultyTarget> faults;

  /// A client can update from it, to each of its targets.
  bool ok() const;
};
/// Reads the file of each target.
AIOT_API Result<RepositoryStatus> repository_status(const std::string& folder);

AIOT_API SchemaInfo schema_of(const KeygenResult&);
AIOT_API SchemaInfo schema_of(const RepositoryResult&);
AIOT_API SchemaInfo schema_of(const AddResult&);
AIOT_API SchemaInfo schema_of(const RepositoryStatus&);
AIOT_API void describe(FieldVisitor& v, KeygenResult& result);
AIOT_API void describe(FieldVisitor& v, NeededKey& key);
AIOT_API void describe(FieldVisitor& v, RepositoryResult& result);
AIOT_API void describe(FieldVisitor& v, TargetInfo& target);
AIOT_API void describe(FieldVisitor& v, DeltaResult& delta);
AIOT_API void describe(FieldVisitor& v, AddResult& result);
AIOT_API void describe(FieldVisitor& v, RoleKey& key);
AIOT_API void describe(FieldVisitor& v, RoleStatus& status);
AIOT_API void describe(FieldVisitor& v, FaultyTarget& target);
AIOT_API void describe(FieldVisitor& v, RepositoryStatus& status);

}  // namespace aiot::ota
