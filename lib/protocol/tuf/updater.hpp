#pragma once

#include <optional>
#include <string>

#include "protocol/tuf/metadata.hpp"

namespace aiot::tuf {

/// What a client keeps of a repository between its updates: files as they came, empty for none.
struct Stored {
  Bytes root;  ///< the newest; the first is what the device was made with
  Bytes timestamp;
  Bytes snapshot;
  Bytes targets;
};

/// A file to fetch from the folder of metadata.
struct Wanted {
  Role role = Role::root;
  std::string name;  ///< such as "2.root.json"
  std::uint64_t limit_bytes = 0;
};

/// A target that the metadata vouches for.
struct FoundTarget {
  std::string path;
  std::string file_name;  ///< below the server's folder of targets
  Target target;
};

/// The client's side of an update (specification, section 5.3 to 5.6), without I/O:
///
///     AIOT_TRY(Updater updater, Updater::start(stored, now));
///     while (const Wanted* wanted = updater.wanted()) {
///       // fetch wanted->name, at most wanted->limit_bytes + 1 of it
///       AIOT_CHECK(status == 404 ? updater.on_missing() : updater.on_document(bytes));
///       // save updater.stored()
///     }
///     AIOT_TRY(FoundTarget target, updater.find("fw.bin"));
///
/// An error changes nothing: the caller may fetch the same file again. What stored() has after an
/// error is trusted, and worth saving. One update follows 256 root rotations.
class Updater {
 public:
  /// `now` counts for the whole update (5.1). The errors of a root: it must be signed by its own
  /// keys. An expired one is none: a newer one may follow. What is wrong with the other files is
  /// as if they were not there.
  static Result<Updater> start(Stored stored, Time now);

  /// The next file; nullptr when the update is complete.
  const Wanted* wanted() const { return wanted_ ? &*wanted_ : nullptr; }
  /// The server has it. A file longer than its limit is Errc::endless_data: it need not be whole.
  Result<void> on_document(ByteSpan file);
  /// The server does not have it (404, 403). For a root, that is the end of the rotations;
  /// Errc::missing for others.
  Result<void> on_missing();

  const Stored& stored() const { return stored_; }
  const Root& root() const { return root_; }
  /// Of a complete update.
  const Targets* targets() const { return targets_ ? &*targets_ : nullptr; }
  /// Errc::no_target, Errc::delegated; `path` of a complete update.
  Result<FoundTarget> find(std::string_view path) const;

 private:
  Updater(Stored stored, Root root, Time now)
      : stored_(std::move(stored)), root_(root), first_root_(std::move(root)), now_(now) {}
  void want(Role role, std::uint64_t version, std::optional<std::uint64_t> length_bytes);
  Result<void> on_root(ByteSpan file);
  Result<void> on_timestamp(ByteSpan file);
  Result<void> on_snapshot(ByteSpan file);
  Result<void> on_targets(ByteSpan file);
  Result<void> finish_roots();
  Result<void> check_current(const Common& common) const;
  Result<Snapshot> checked_snapshot(ByteSpan file) const;
  Result<Targets> checked_targets(ByteSpan file) const;
  void accept_timestamp();
  Result<void> accept_snapshot(Snapshot snapshot);

  Stored stored_;
  Root root_;
  Root first_root_;
  Time now_;
  std::size_t rotations_ = 0;
  std::optional<Wanted> wanted_;
  std::optional<Timestamp> timestamp_;    ///< trusted, perhaps expired
  std::optional<Snapshot> old_snapshot_;  ///< trusted before this update
  std::optional<Snapshot> snapshot_;      ///< of this update
  std::optional<Targets> targets_;
};

/// Whether a fetched target is the one that was found. Errc::endless_data, Errc::hash_mismatch.
Result<void> check_target(const FoundTarget& found, std::uint64_t length_bytes,
                          const crypto::Sha256& sha256);

}  // namespace aiot::tuf
