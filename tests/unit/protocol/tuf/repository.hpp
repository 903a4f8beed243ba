#pragma once

#include <map>
#include <string>

#include "protocol/tuf/updater.hpp"
#include "support/show.hpp"

/// A repository in memory: keys of seeds that are one byte 32 times, as the vector has them (01
/// root, 02 targets, 03 snapshot, 04 timestamp), and files by name.
namespace aiot::tuf {

inline const crypto::PrivateKey& key_of(std::uint8_t seed) {
  static std::map<std::uint8_t, crypto::PrivateKey> keys;
  const auto found = keys.find(seed);
  if (found != keys.end()) return found->second;
  return keys
      .emplace(seed, *crypto::PrivateKey::from_raw(crypto::KeyType::ed25519, Bytes(32, seed)))
      .first->second;
}

inline Time time_of(const char* text) { return *parse_time(text); }

template <class T>
Bytes sign_with(const T& content, std::initializer_list<std::uint8_t> seeds) {
  std::vector<const crypto::Signer*> signers;
  for (const std::uint8_t seed : seeds) signers.push_back(&key_of(seed));
  const auto file = sign_document(to_json(content), signers);
  REQUIRE(file.has_value());
  return *file;
}

inline std::string add_key(Root& root, Role role, std::uint8_t seed) {
  const Key key = Key::of(key_of(seed).public_key());
  root.keys[key.id()] = key;
  root.roles[role].keyids.push_back(key.id());
  return key.id();
}

/// Replaces the keys of `role` by one.
inline void set_key(Root& root, Role role, std::uint8_t seed) {
  root.roles[role] = {};
  add_key(root, role, seed);
}

struct Repository {
  Root root;
  Targets targets;
  Snapshot snapshot;
  Timestamp timestamp;
  std::map<std::string, Bytes> files;
  std::uint8_t targets_seed = 2, snapshot_seed = 3, timestamp_seed = 4;

  Repository() {
    const Time expires = time_of("2036-01-01T00:00:00Z");
    root.expires = targets.expires = snapshot.expires = timestamp.expires = expires;
    std::uint8_t seed = 1;
    for (const Role role : all_roles) add_key(root, role, seed++);
    targets.targets["fw.bin"] = {5, crypto::sha256(as_bytes("hello")), {{"version", "1.0.0"}}};
    snapshot.meta["targets.json"] = {};
    publish_root({1});
    publish();
  }

  void publish_root(std::initializer_list<std::uint8_t> seeds) {
    files[file_name(Role::root, root.version)] = sign_with(root, seeds);
  }
  /// The three others, as they are now.
  void publish() {
    files[file_name(Role::targets, targets.version)] = sign_with(targets, {targets_seed});
    snapshot.meta["targets.json"].version = targets.version;
    publish_snapshot();
  }
  void publish_snapshot() {
    const Bytes file = sign_with(snapshot, {snapshot_seed});
    files[file_name(Role::snapshot, snapshot.version)] = file;
    timestamp.snapshot = {snapshot.version, file.size(), crypto::sha256(file)};
    publish_timestamp();
  }
  void publish_timestamp() { files["timestamp.json"] = sign_with(timestamp, {timestamp_seed}); }
  /// All three one version on.
  void bump() {
    ++targets.version;
    ++snapshot.version;
    ++timestamp.version;
    publish();
  }
  const Bytes& first_root() const { return files.at("1.root.json"); }
};

/// Runs an update to its end or first error. `stored` becomes what the client then has.
inline Result<Updater> update(const Repository& repository, Stored& stored,
                              const char* now = "2030-01-01T00:00:00Z",
                              std::vector<std::string>* fetched = nullptr) {
  AIOT_TRY(Updater updater, Updater::start(stored, time_of(now)));
  while (const Wanted* wanted = updater.wanted()) {
    if (fetched != nullptr) fetched->push_back(wanted->name);
    const auto file = repository.files.find(wanted->name);
    const Result<void> done =
        file == repository.files.end() ? updater.on_missing() : updater.on_document(file->second);
    stored = updater.stored();
    if (!done) return done.error();
  }
  return updater;
}

inline void check_refused(const Result<Updater>& result, Errc code) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message());
  CHECK(result.error().code == code);
  CHECK_FALSE(result.error().hint.empty());
}

}  // namespace aiot::tuf
