#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/ota_repository.hpp"
#include "core/file.hpp"
#include "job/ota/key_ring.hpp"
#include "protocol/tuf/metadata.hpp"

namespace aiot::ota {

/// Files that a change has made and nothing announces yet: removed with their folders when it
/// fails.
class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(NewFiles&&) = default;
  NewFiles& operator=(NewFiles&&) = default;
  ~NewFiles();
  void add(std::string path) { paths_.push_back(std::move(path)); }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

/// The maker's side of a TUF repository in a folder:
///
///     FOLDER/metadata/2.root.json, 7.targets.json, 9.snapshot.json, timestamp.json
///     FOLDER/targets/PRODUCT/VERSION/SHA256.FILE
///
/// The timestamp is what counts: what it does not lead to is left over from a change that was cut
/// off, and is written over by the next one.
class Repository {
 public:
  using Roles = std::set<tuf::Role>;

  /// Makes the folder, and holds it against others. Errc::not_empty, Errc::unwritable.
  static Result<Repository> create(const std::string& folder, tuf::Time now);
  /// Holds the folder, and reads what the timestamp leads to. All of it is signed by keys of the
  /// newest root, or of the one before, when a change of keys was cut off. Errc::no_repository.
  static Result<Repository> open(const std::string& folder, tuf::Time now);

  /// What publish() signs; open() fills it.
  tuf::Root root;
  tuf::Targets targets;
  tuf::Snapshot snapshot;
  tuf::Timestamp timestamp;

  const std::string& folder() const { return folder_; }
  tuf::Time now() const { return now_; }
  std::string targets_folder() const { return folder_ + "/targets"; }
  const tuf::Document& document(tuf::Role role) const { return documents_.at(role); }
  const tuf::Common& common(tuf::Role role) const;
  tuf::Common& common(tuf::Role role);

  /// Whether the file that is there has the signatures that `root` asks for.
  bool is_signed(tuf::Role role) const;

  /// Signs the roles that changed, those that announce them, and those that `root` has new keys
  /// for; each gets a new version and its lifetime again. Then writes them, in an order that leaves
  /// a whole repository whenever it is cut off. Nothing is written when a key is missing
  /// (Errc::missing_key). Errc::too_large, Errc::unwritable.
  Result<void> publish(Roles changed, const KeyRing& ring);

  /// Where the file of a target is.
  std::string stored_path(const std::string& path, const tuf::Target& target) const;
  /// Writes it; publish() announces it, and without that it goes again. Errc::unwritable.
  Result<void> store(const std::string& path, const tuf::Target& target, ByteSpan data);
  /// Why devices cannot have a target that is announced; nullopt when its file is whole. Reads it.
  std::optional<TargetFault> problem_of(const std::string& path, const tuf::Target& target) const;

  /// What publish() has written.
  RepositoryResult result() const;

 private:
  Repository(std::string folder, tuf::Time now) : folder_(std::move(folder)), now_(now) {}
  Result<void> lock();
  Result<void> read_roots();
  Result<Bytes> read(tuf::Role role, std::uint64_t version);
  Result<void> check_signed(tuf::Role role) const;
  Result<Bytes> sign(tuf::Role role, const KeyRing& ring);
  void remove_left_parts() const;
  Result<void> write(const std::string& name, ByteSpan file);
  std::string metadata_folder() const { return folder_ + "/metadata"; }

  std::string folder_;
  tuf::Time now_;
  file::Descriptor lock_;
  std::optional<tuf::Root> signed_root_;    ///< that is on disk, before changes to `root`
  std::optional<tuf::Root> previous_root_;  ///< the one before that
  std::map<tuf::Role, tuf::Document> documents_;
  std::vector<std::string> written_;
  NewFiles new_files_;
};

/// Errc::target_file.
Error unusable_target(const std::string& file, TargetFault fault);
std::string_view fault_name(TargetFault fault);

/// Of metadata that does not say it itself.
std::chrono::seconds usual_lifetime(tuf::Role role);
/// Writes a file whole or not at all, for all to read, in the place of what has its name.
/// Errc::unwritable.
Result<void> write_public(const std::string& path, ByteSpan data);
/// Makes the folders of a path. Errc::unwritable.
Result<void> make_folders(const std::string& path);
/// Errc::bad_role.
Result<tuf::Role> role_named(const std::string& name);

}  // namespace aiot::ota
