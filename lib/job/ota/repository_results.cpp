#include "aiot/ota_repository.hpp"

namespace aiot::ota {
namespace {

constexpr std::string_view key_kinds[] = {"ed25519", "ecdsa-p256"};
constexpr std::string_view target_faults[] = {"missing", "damaged"};

}  // namespace

SchemaInfo schema_of(const KeygenResult&) {
  return {"aiot.ota.key/1", "Result of `aiotctl ota keygen`"};
}
SchemaInfo schema_of(const RepositoryResult&) {
  return {"aiot.ota.repository/1", "Result of `aiotctl ota init`, `ota key` and `ota refresh`"};
}
SchemaInfo schema_of(const AddResult&) { return {"aiot.ota.add/1", "Result of `aiotctl ota add`"}; }
SchemaInfo schema_of(const RepositoryStatus&) {
  return {"aiot.ota.status/1", "Result of `aiotctl ota status`"};
}

void describe(FieldVisitor& v, KeygenResult& result) {
  v("file", result.file, "file of the private key, or its PKCS#11 URI");
  v.choice("kind", result.kind, key_kinds, "kind of the key");
  v("id", result.id, "id of the key in metadata: SHA-256, hexadecimal");
  v("public_key", result.public_key, "public key in PEM");
}

void describe(FieldVisitor& v, NeededKey& key) {
  v("role", key.role, "role whose metadata should be signed anew");
  v("ids", key.ids, "ids of the keys that could sign");
  v("threshold", key.threshold, "how many of them must sign");
  v("expires", key.expires, "when the metadata that stays expires");
}

void describe(FieldVisitor& v, RepositoryResult& result) {
  v("folder", result.folder, "folder of the repository");
  v("root_version", result.root_version, "version of the root");
  v("targets_version", result.targets_version, "version of the list of targets");
  v("snapshot_version", result.snapshot_version, "version of the snapshot");
  v("timestamp_version", result.timestamp_version, "version of the timestamp");
  v("expires", result.expires, "when the first of these expires, such as 2036-01-01T00:00:00Z");
  v("written", result.written, "files of metadata that were written, in their order");
  v("needed", result.needed, "keys that are needed soon, and were not given");
}

void describe(FieldVisitor& v, TargetInfo& target) {
  v("path", target.path, "path of the target");
  v("product", target.product, "product");
  v("version", target.version, "version");
  v("hardware", target.hardware, "hardware that it runs on");
  v("format", target.format, "format of the file, such as esp-image");
  v("chip", target.chip, "chip that the file is for", Presence::if_set);
  v("project", target.project, "name of the firmware in the file", Presence::if_set);
  v("size_bytes", target.size_bytes, "size of the file");
  v("sha256", target.sha256, "SHA-256 of the file, hexadecimal");
  v("delta_from", target.delta_from, "of a delta: SHA-256 of the image that it starts from",
    Presence::if_set);
}

void describe(FieldVisitor& v, DeltaResult& delta) {
  v("from_version", delta.from_version, "version that the delta starts from");
  v("from_sha256", delta.from_sha256, "SHA-256 of that version's file, hexadecimal");
  v("path", delta.path, "path of the target; absent when the delta does not pay and is not kept",
    Presence::if_set);
  v("size_bytes", delta.size_bytes, "size of the delta");
}

void describe(FieldVisitor& v, AddResult& result) {
  v("target", result.target, "the target");
  v("deltas", result.deltas, "deltas to it that were made, from the newest version on");
  v("already", result.already, "the repository had it before, and stays as it was");
  v("restored", result.restored, "its file was missing or damaged, and was written again");
  v("repository", result.repository, "the repository afterwards");
}

void describe(FieldVisitor& v, RoleKey& key) {
  v("id", key.id, "id of the key: SHA-256, hexadecimal");
  v("type", key.type, "type of the key, such as ed25519");
  v("signed", key.signed_it, "the metadata has a right signature of this key");
}

void describe(FieldVisitor& v, RoleStatus& status) {
  v("role", status.role, "root, targets, snapshot or timestamp");
  v("version", status.version, "version of its metadata");
  v("expires", status.expires, "when that expires");
  v("remaining_s", status.remaining_s, "seconds until then; negative when that is past");
  v("threshold", status.threshold, "how many of its keys must sign");
  v("keys", status.keys, "its keys");
  v("valid", status.valid, "enough of its keys signed");
  v("expired", status.expired, "the metadata has expired");
}

void describe(FieldVisitor& v, FaultyTarget& target) {
  v("path", target.path, "path of the target");
  v("file", target.file, "where its file should be");
  v.choice("fault", target.fault, target_faults,
           "missing: there is no such file; damaged: it is not the one that was added");
}

void describe(FieldVisitor& v, RepositoryStatus& status) {
  v("folder", status.folder, "folder of the repository");
  v("roles", status.roles, "root, targets, snapshot and timestamp");
  v("targets", status.targets, "targets, by path");
  v("faults", status.faults, "those that devices cannot have");
}

}  // namespace aiot::ota
