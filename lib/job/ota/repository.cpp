#include "job/ota/repository.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "job/ota/error.hpp"

namespace aiot::ota {
namespace fs = std::filesystem;
namespace {

Error unwritable(const std::string& path, const std::string& why) {
  return make_error(Errc::unwritable, path + ": " + why,
                    "check the folder, the space on its disk, and who may write to it");
}

Error no_repository(std::string what) {
  return make_error(Errc::no_repository, std::move(what),
                    "name a folder that was initialized as a repository, and restore it from a "
                    "copy when it is damaged");
}

/// Names of files are on disk once their folder is.
Result<void> sync_folder(const std::string& path) {
  const file::Descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open() || ::fsync(folder.get()) != 0) {
    return unwritable(path, file::last_error().message());
  }
  return {};
}

std::optional<std::uint64_t> root_version_of(const std::string& name) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc() || name != tuf::file_name(tuf::Role::root, version)) return std::nullopt;
  return version;
}

}  // namespace

std::chrono::seconds usual_lifetime(tuf::Role role) {
  constexpr int days[] = {365, 90, 30, 7};
  return std::chrono::hours(24 * days[static_cast<std::size_t>(role)]);
}

Result<void> write_public(const std::string& path, ByteSpan data) {
  auto part = file::PartFile::create(path, 0644);
  if (!part) return unwritable(path, part.error().message());
  // A umask that keeps others out is for secrets: a server takes such a file for one.
  if (::fchmod(part->get(), 0644) != 0) return unwritable(path, file::last_error().message());
  if (const auto error = file::write_all(part->get(), data))
    return unwritable(path, error.message());
  if (const auto error = part->replace()) return unwritable(path, error.message());
  return {};
}

Result<void> make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return unwritable(path, error.message());
  return {};
}

Result<tuf::Role> role_named(const std::string& name) {
  for (const tuf::Role role : tuf::all_roles) {
    if (tuf::name_of(role) == name) return role;
  }
  return make_error(Errc::bad_role, name, "name root, targets, snapshot or timestamp");
}

NewFiles::~NewFiles() {
  for (const std::string& path : paths_) {
    ::unlink(path.c_str());
    const fs::path folder = fs::path(path).parent_path();
    if (::rmdir(folder.c_str()) == 0) ::rmdir(folder.parent_path().c_str());
  }
}

std::string_view fault_name(TargetFault fault) {
  return fault == TargetFault::missing ? "missing" : "damaged";
}

Error unusable_target(const std::string& file, TargetFault fault) {
  return make_error(Errc::target_file, fmt::format("{}: {}", file, fault_name(fault)),
                    "add the same file again, or bring it back from a copy");
}

/// Other processes wait until this one is done.
Result<void> Repository::lock() {
  lock_ = file::Descriptor{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!lock_.is_open()) return no_repository(folder_ + ": " + file::last_error().message());
  while (::flock(lock_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return unwritable(folder_, file::last_error().message());
  }
  return {};
}

Result<Repository> Repository::create(const std::string& folder, tuf::Time now) {
  Repository repository(folder, now);
  AIOT_CHECK(make_folders(folder));
  AIOT_CHECK(repository.lock());
  std::error_code error;
  // What an initialization that was cut off has left is no repository: its timestamp is missing.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool own = (name == "metadata" || name == "targets") &&
                     !fs::exists(repository.metadata_folder() + "/timestamp.json");
    if (!own) {
      return make_error(Errc::not_empty, folder, "name a new folder, or an empty one");
    }
  }
  if (error) return unwritable(folder, error.message());
  AIOT_CHECK(make_folders(repository.metadata_folder()));
  AIOT_CHECK(make_folders(repository.targets_folder()));
  for (tuf::Common* common :
       {static_cast<tuf::Common*>(&repository.root), static_cast<tuf::Common*>(&repository.targets),
        static_cast<tuf::Common*>(&repository.snapshot),
        static_cast<tuf::Common*>(&repository.timestamp)}) {
    common->version = 0;  // publish() makes it 1
  }
  return repository;
}

Result<Repository> Repository::open(const std::string& folder, tuf::Time now) {
  Repository repository(folder, now);
  AIOT_CHECK(repository.lock());
  AIOT_CHECK(repository.read_roots());
  AIOT_CHECK(repository.read(tuf::Role::timestamp, 0));
  AIOT_TRY(repository.timestamp, tuf::parse_timestamp(repository.document(tuf::Role::timestamp)));
  const tuf::FileInfo& announced = repository.timestamp.snapshot;
  AIOT_TRY(const Bytes snapshot, repository.read(tuf::Role::snapshot, announced.version));
  if (announced.sha256 && *announced.sha256 != crypto::sha256(snapshot)) {
    return no_repository("the snapshot is not the one that the timestamp announces");
  }
  AIOT_TRY(repository.snapshot, tuf::parse_snapshot(repository.document(tuf::Role::snapshot)));
  const tuf::FileInfo& list = repository.snapshot.meta.at("targets.json");
  AIOT_TRY(const Bytes targets, repository.read(tuf::Role::targets, list.version));
  if (list.sha256 && *list.sha256 != crypto::sha256(targets)) {
    return no_repository("the targets are not those that the snapshot announces");
  }
  AIOT_TRY(repository.targets, tuf::parse_targets(repository.document(tuf::Role::targets)));
  if (repository.targets.has_delegations) {
    return make_error(Errc::no_repository, folder + ": it delegates targets",
                      "maintain it with the software that made it");
  }
  for (const tuf::Role role : {tuf::Role::timestamp, tuf::Role::snapshot, tuf::Role::targets}) {
    AIOT_CHECK(repository.check_signed(role));
  }
  for (const tuf::Role role : tuf::all_roles) {
    tuf::Common& its = repository.common(role);
    if (!its.lifetime) its.lifetime = usual_lifetime(role);
  }
  return repository;
}

Result<void> Repository::read_roots() {
  std::uint64_t newest = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(metadata_folder(), error)) {
    newest = std::max(newest, root_version_of(entry.path().filename().string()).value_or(0));
  }
  if (error || newest == 0) return no_repository(folder_ + ": no root");
  if (newest > 1) {
    AIOT_CHECK(read(tuf::Role::root, newest - 1));
    AIOT_TRY(previous_root_, tuf::parse_root(document(tuf::Role::root)));
  }
  AIOT_CHECK(read(tuf::Role::root, newest));
  AIOT_TRY(root, tuf::parse_root(document(tuf::Role::root)));
  signed_root_ = root;
  return tuf::verify_signatures(document(tuf::Role::root), root.keys, root.role(tuf::Role::root))
      .with(tuf::file_name(tuf::Role::root, newest));
}

/// Reads a file and keeps its document.
Result<Bytes> Repository::read(tuf::Role role, std::uint64_t version) {
  const std::string name = tuf::file_name(role, version);
  const std::string path = metadata_folder() + "/" + name;
  // A pipe would wait for a writer.
  const file::Descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    return no_repository(path + ": " + file::last_error().message());
  }
  if (!S_ISREG(status.st_mode)) return no_repository(path + ": is not a regular file");
  const auto data = file::read_all(file.get(), tuf::limit_bytes(role));
  if (!data) return no_repository(path + ": " + data.error().message());
  auto document = tuf::parse_document(*data);
  if (!document) return std::move(document).error().with(name);
  documents_[role] = *std::move(document);
  return *data;
}

Result<void> Repository::check_signed(tuf::Role role) const {
  Result<void> verified = tuf::verify_signatures(document(role), root.keys, root.role(role));
  if (!verified && previous_root_ &&
      tuf::verify_signatures(document(role), previous_root_->keys, previous_root_->role(role))) {
    return {};
  }
  return std::move(verified).with(tuf::name_of(role));
}

bool Repository::is_signed(tuf::Role role) const {
  const auto found = documents_.find(role);
  return found != documents_.end() &&
         tuf::verify_signatures(found->second, root.keys, root.role(role)).has_value();
}

const tuf::Common& Repository::common(tuf::Role role) const {
  switch (role) {
    case tuf::Role::root: return root;
    case tuf::Role::targets: return targets;
    case tuf::Role::snapshot: return snapshot;
    case tuf::Role::timestamp: break;
  }
  return timestamp;
}
tuf::Common& Repository::common(tuf::Role role) {
  return const_cast<tuf::Common&>(static_cast<const Repository*>(this)->common(role));
}

Result<Bytes> Repository::sign(tuf::Role role, const KeyRing& ring) {
  tuf::Common& its = common(role);
  ++its.version;
  its.expires = now_ + *its.lifetime;
  if (!ring.can_sign(root.role(role))) return missing_key(role, root, ring);
  std::vector<const crypto::Signer*> signers = ring.signers_of(root.role(role));
  if (role == tuf::Role::root && signed_root_) {
    // Clients that have the root before trust this one by the keys of both.
    if (!ring.can_sign(signed_root_->role(role))) return missing_key(role, *signed_root_, ring);
    for (const crypto::Signer* signer : ring.signers_of(signed_root_->role(role))) {
      if (std::ranges::find(signers, signer) == signers.end()) signers.push_back(signer);
    }
  }
  boost::json::object content;
  switch (role) {
    case tuf::Role::root: content = tuf::to_json(root); break;
    case tuf::Role::targets: content = tuf::to_json(targets); break;
    case tuf::Role::snapshot: content = tuf::to_json(snapshot); break;
    case tuf::Role::timestamp: content = tuf::to_json(timestamp); break;
  }
  AIOT_TRY(Bytes file, tuf::sign_document(content, signers));
  if (file.size() > tuf::limit_bytes(role)) {
    return make_error(Errc::too_large,
                      fmt::format("{}: {} bytes, and clients take {}", tuf::name_of(role),
                                  file.size(), tuf::limit_bytes(role)),
                      "use a second repository for other products");
  }
  AIOT_TRY(documents_[role], tuf::parse_document(file));
  return file;
}

std::string Repository::stored_path(const std::string& path, const tuf::Target& target) const {
  return targets_folder() + "/" + tuf::target_file_name(path, target, root.consistent_snapshot);
}

Result<void> Repository::store(const std::string& path, const tuf::Target& target, ByteSpan data) {
  const std::string stored = stored_path(path, target);
  if (!targets.targets.contains(path)) new_files_.add(stored);
  AIOT_CHECK(make_folders(fs::path(stored).parent_path().string()));
  return write_public(stored, data);
}

std::optional<TargetFault> Repository::problem_of(const std::string& path,
                                                  const tuf::Target& target) const {
  const file::Descriptor file{
      ::open(stored_path(path, target).c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) return TargetFault::missing;
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != target.length_bytes) {
    return TargetFault::damaged;
  }
  crypto::Sha256Stream hash;
  Bytes piece(256 * 1024);
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return TargetFault::damaged;
    if (got == 0) break;
    hash.update(ByteSpan(piece).first(static_cast<std::size_t>(got)));
  }
  return hash.finish() == target.sha256 ? std::nullopt : std::optional(TargetFault::damaged);
}

Result<void> Repository::write(const std::string& name, ByteSpan file) {
  AIOT_CHECK(write_public(metadata_folder() + "/" + name, file));
  written_.push_back(name);
  return {};
}

void Repository::remove_left_parts() const {
  file::remove_left_parts(metadata_folder());
  std::error_code error;
  for (fs::recursive_directory_iterator entry(targets_folder(), error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code no_folder;
    if (entry->is_directory(no_folder)) file::remove_left_parts(entry->path().string());
  }
}

Result<void> Repository::publish(Roles changed, const KeyRing& ring) {
  using tuf::Role;
  const auto sign_anew = [&](Role role, bool announces) {
    if (announces || !is_signed(role)) changed.insert(role);
    return changed.contains(role);
  };
  // The lock is held: no other process writes these.
  remove_left_parts();
  std::map<Role, Bytes> files;
  if (sign_anew(Role::root, false)) {
    AIOT_TRY(files[Role::root], sign(Role::root, ring));
  }
  if (sign_anew(Role::targets, false)) {
    AIOT_TRY(Bytes file, sign(Role::targets, ring));
    snapshot.meta["targets.json"] = {targets.version, file.size(), crypto::sha256(file)};
    files[Role::targets] = std::move(file);
  }
  if (sign_anew(Role::snapshot, files.contains(Role::targets))) {
    AIOT_TRY(Bytes file, sign(Role::snapshot, ring));
    timestamp.snapshot = {snapshot.version, file.size(), crypto::sha256(file)};
    files[Role::snapshot] = std::move(file);
  }
  if (sign_anew(Role::timestamp, files.contains(Role::snapshot))) {
    AIOT_TRY(files[Role::timestamp], sign(Role::timestamp, ring));
  }
  // The root after what its keys have signed: a client that has it does not find the rest missing
  // for long. The timestamp last, when all that it leads to is on disk.
  for (const Role role : {Role::targets, Role::snapshot, Role::root}) {
    if (!files.contains(role)) continue;
    AIOT_CHECK(write(tuf::file_name(role, common(role).version), files.at(role)));
  }
  AIOT_CHECK(sync_folder(metadata_folder()));
  if (files.contains(Role::timestamp)) {
    AIOT_CHECK(write(tuf::file_name(Role::timestamp, 0), files.at(Role::timestamp)));
    new_files_.keep();
    AIOT_CHECK(sync_folder(metadata_folder()));
  }
  return {};
}

RepositoryResult Repository::result() const {
  RepositoryResult result;
  result.folder = folder_;
  result.root_version = root.version;
  result.targets_version = targets.version;
  result.snapshot_version = snapshot.version;
  result.timestamp_version = timestamp.version;
  result.expires =
      tuf::to_text(std::min({root.expires, targets.expires, snapshot.expires, timestamp.expires}));
  result.written = written_;
  return result;
}

}  // namespace aiot::ota
