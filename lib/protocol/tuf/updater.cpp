#include "protocol/tuf/updater.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::tuf {
namespace {

constexpr std::size_t most_rotations = 256;
/// At one version a minute, the versions of two years. One that skips more would be out of reach
/// for a repository that has its keys back.
constexpr std::uint64_t most_version_step = 1U << 20;

constexpr std::string_view untrusted_hint =
    "do not use this repository until its owner has repaired it; someone may have changed it on "
    "the way";

template <class T>
using Parse = Result<T>(const Document&);

/// A file that the keys of `role` have signed.
template <class T>
Result<T> verified(ByteSpan file, const Root& root, Role role, Parse<T> parse) {
  AIOT_TRY(const Document document, parse_document(file));
  AIOT_TRY(T made, parse(document));
  AIOT_CHECK(verify_signatures(document, root.keys, root.role(role)));
  return made;
}

Result<void> check_version(std::uint64_t version, std::uint64_t trusted) {
  if (version < trusted) {
    return make_error(Errc::rollback,
                      fmt::format("version {}, and {} is trusted already", version, trusted),
                      "wait until the server has the newest metadata; if it stays so, someone "
                      "offers an old version");
  }
  if (version - trusted > most_version_step) {
    return make_error(Errc::fast_forward, fmt::format("version {} after {}", version, trusted),
                      std::string(untrusted_hint));
  }
  return {};
}

/// `file` is what `info` names.
Result<void> check_bytes(ByteSpan file, const FileInfo& info) {
  if ((info.length_bytes && *info.length_bytes != file.size()) ||
      (info.sha256 && *info.sha256 != crypto::sha256(file))) {
    return make_error(Errc::hash_mismatch, "", "try again; if it stays so, someone may change it");
  }
  return {};
}

Result<void> check_announced(std::uint64_t version, std::uint64_t announced) {
  if (version == announced) return {};
  return make_error(Errc::mix_and_match,
                    fmt::format("version {}, and {} is announced", version, announced),
                    std::string(untrusted_hint));
}

/// A root with the signatures of its own keys.
Result<Root> self_signed_root(ByteSpan file) {
  AIOT_TRY(const Document document, parse_document(file));
  AIOT_TRY(Root root, parse_root(document));
  AIOT_CHECK(verify_signatures(document, root.keys, root.role(Role::root)));
  return root;
}

/// Whether signatures of `role` mean the same under both.
bool same_keys(const Root& a, const Root& b, Role role) { return a.role(role) == b.role(role); }

}  // namespace

Result<Updater> Updater::start(Stored stored, Time now) {
  auto root = self_signed_root(stored.root);
  if (!root) return std::move(root).error().with("trusted root");
  Updater updater(std::move(stored), *std::move(root), now);
  updater.want(Role::root, updater.root_.version + 1, std::nullopt);
  return updater;
}

void Updater::want(Role role, std::uint64_t version, std::optional<std::uint64_t> length_bytes) {
  // Without consistent snapshots, these two have no version in their names (specification, 6.2).
  const bool plain =
      !root_.consistent_snapshot && (role == Role::snapshot || role == Role::targets);
  wanted_ = {role, plain ? fmt::format("{}.json", name_of(role)) : tuf::file_name(role, version),
             std::min(length_bytes.value_or(tuf::limit_bytes(role)), tuf::limit_bytes(role))};
}

Result<void> Updater::on_document(ByteSpan file) {
  if (!wanted_) return {};
  const std::string name = wanted_->name;
  if (file.size() > wanted_->limit_bytes) {
    return make_error(Errc::endless_data,
                      fmt::format("{}: more than {} bytes", name, wanted_->limit_bytes),
                      std::string(untrusted_hint));
  }
  Result<void> done;
  switch (wanted_->role) {
    case Role::root: done = on_root(file); break;
    case Role::timestamp: done = on_timestamp(file); break;
    case Role::snapshot: done = on_snapshot(file); break;
    case Role::targets: done = on_targets(file); break;
  }
  return std::move(done).with(name);
}

Result<void> Updater::on_missing() {
  if (!wanted_) return {};
  if (wanted_->role == Role::root) return finish_roots();
  return make_error(Errc::missing, wanted_->name,
                    "check the URL, and that the repository is uploaded whole");
}

Result<void> Updater::check_current(const Common& common) const {
  if (now_ < common.expires) return {};
  return make_error(Errc::expired, "since " + to_text(common.expires),
                    "check this machine's clock; else the repository's owner must renew it");
}

Result<void> Updater::on_root(ByteSpan file) {
  if (rotations_ == most_rotations) {
    return make_error(Errc::too_many_roots, std::to_string(most_rotations),
                      "update once more, which goes on from here");
  }
  AIOT_TRY(const Document document, parse_document(file));
  AIOT_TRY(Root root, parse_root(document));
  AIOT_CHECK(verify_signatures(document, root_.keys, root_.role(Role::root))
                 .with("keys of the root before"));
  AIOT_CHECK(
      verify_signatures(document, root.keys, root.role(Role::root)).with("keys of this root"));
  if (root.version <= root_.version) return check_version(root.version, root_.version + 1);
  if (root.version != root_.version + 1) {
    return make_error(Errc::wrong_version, fmt::format("version {}", root.version),
                      std::string(untrusted_hint));
  }
  ++rotations_;
  root_ = std::move(root);
  stored_.root.assign(file.begin(), file.end());
  want(Role::root, root_.version + 1, std::nullopt);
  return {};
}

/// What is stored counts when the final root's keys signed it. Repositories get back from a fast-
/// forward attack by changing keys (5.3.11).
Result<void> Updater::finish_roots() {
  AIOT_CHECK(check_current(root_).with(tuf::file_name(Role::root, root_.version)));
  timestamp_.reset();
  old_snapshot_.reset();
  if (same_keys(first_root_, root_, Role::timestamp) &&
      same_keys(first_root_, root_, Role::snapshot)) {
    if (auto read = verified(stored_.timestamp, root_, Role::timestamp, parse_timestamp)) {
      timestamp_ = *std::move(read);
    }
    if (auto read = verified(stored_.snapshot, root_, Role::snapshot, parse_snapshot)) {
      old_snapshot_ = *std::move(read);
    }
  }
  want(Role::timestamp, 0, std::nullopt);
  return {};
}

Result<void> Updater::on_timestamp(ByteSpan file) {
  AIOT_TRY(Timestamp timestamp, verified(file, root_, Role::timestamp, parse_timestamp));
  AIOT_CHECK(check_version(timestamp.version, timestamp_ ? timestamp_->version : 0));
  if (timestamp_ && timestamp.version == timestamp_->version) {
    // Another content under the same version does not count.
    AIOT_CHECK(check_current(*timestamp_));
    accept_timestamp();
    return {};
  }
  AIOT_CHECK(
      check_version(timestamp.snapshot.version, timestamp_ ? timestamp_->snapshot.version : 0)
          .with("snapshot"));
  AIOT_CHECK(check_current(timestamp));
  timestamp_ = std::move(timestamp);
  stored_.timestamp.assign(file.begin(), file.end());
  accept_timestamp();
  return {};
}

/// The snapshot that is stored may be the one that is announced.
void Updater::accept_timestamp() {
  if (auto snapshot = checked_snapshot(stored_.snapshot)) {
    if (accept_snapshot(*std::move(snapshot))) return;
  }
  want(Role::snapshot, timestamp_->snapshot.version, timestamp_->snapshot.length_bytes);
}

Result<Snapshot> Updater::checked_snapshot(ByteSpan file) const {
  AIOT_CHECK(check_bytes(file, timestamp_->snapshot));
  AIOT_TRY(Snapshot snapshot, verified(file, root_, Role::snapshot, parse_snapshot));
  AIOT_CHECK(check_announced(snapshot.version, timestamp_->snapshot.version));
  if (old_snapshot_) {
    AIOT_CHECK(check_version(snapshot.version, old_snapshot_->version));
    for (const auto& [name, trusted] : old_snapshot_->meta) {
      const auto its = snapshot.meta.find(name);
      if (its == snapshot.meta.end()) {
        return make_error(Errc::rollback, name + " is gone", std::string(untrusted_hint));
      }
      AIOT_CHECK(check_version(its->second.version, trusted.version).with(name));
    }
  } else {
    for (const auto& [name, info] : snapshot.meta) {
      AIOT_CHECK(check_version(info.version, 0).with(name));
    }
  }
  AIOT_CHECK(check_current(snapshot));
  return snapshot;
}

Result<void> Updater::on_snapshot(ByteSpan file) {
  AIOT_TRY(Snapshot snapshot, checked_snapshot(file));
  stored_.snapshot.assign(file.begin(), file.end());
  return accept_snapshot(std::move(snapshot));
}

Result<void> Updater::accept_snapshot(Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  if (auto targets = checked_targets(stored_.targets)) {
    targets_ = *std::move(targets);
    wanted_.reset();
    return {};
  }
  const FileInfo& info = snapshot_->meta.at("targets.json");
  want(Role::targets, info.version, info.length_bytes);
  return {};
}

Result<Targets> Updater::checked_targets(ByteSpan file) const {
  const FileInfo& info = snapshot_->meta.at("targets.json");
  AIOT_CHECK(check_bytes(file, info));
  AIOT_TRY(Targets targets, verified(file, root_, Role::targets, parse_targets));
  AIOT_CHECK(check_announced(targets.version, info.version));
  AIOT_CHECK(check_current(targets));
  return targets;
}

Result<void> Updater::on_targets(ByteSpan file) {
  AIOT_TRY(targets_, checked_targets(file));
  stored_.targets.assign(file.begin(), file.end());
  wanted_.reset();
  return {};
}

Result<FoundTarget> Updater::find(std::string_view path) const {
  if (targets_) {
    if (const auto found = targets_->targets.find(path); found != targets_->targets.end()) {
      return FoundTarget{std::string(path),
                         target_file_name(path, found->second, root_.consistent_snapshot),
                         found->second};
    }
    if (targets_->has_delegations) {
      return make_error(Errc::delegated, std::string(path),
                        "use a repository that has its targets in the top-level role");
    }
  }
  return make_error(Errc::no_target, std::string(path), "check the name of the target");
}

Result<void> check_target(const FoundTarget& found, std::uint64_t length_bytes,
                          const crypto::Sha256& sha256) {
  if (length_bytes > found.target.length_bytes) {
    return make_error(Errc::endless_data, found.path, std::string(untrusted_hint));
  }
  if (length_bytes != found.target.length_bytes || sha256 != found.target.sha256) {
    return make_error(Errc::hash_mismatch, found.path,
                      "fetch it again; if it stays so, someone may change it on the way");
  }
  return {};
}

}  // namespace aiot::tuf
