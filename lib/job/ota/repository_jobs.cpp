#include "job/ota/repository_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/pkcs11.hpp"
#include "job/ota/error.hpp"
#include "job/ota/repository.hpp"
#include "protocol/tuf/artifact.hpp"

namespace aiot::ota {
namespace {

using tuf::Role;

Result<void> check_threshold(Role role, const tuf::RoleKeys& its) {
  if (its.threshold >= 1 && its.threshold <= its.keyids.size()) return {};
  return make_error(Errc::bad_role,
                    fmt::format("{}: {} of {} keys must sign", tuf::name_of(role), its.threshold,
                                its.keyids.size()),
                    "name more keys, or a lower threshold");
}

/// A key that stands in no role any more says nothing.
void drop_unused_keys(tuf::Root& root) {
  std::erase_if(root.keys, [&](const auto& entry) {
    return std::ranges::none_of(root.roles, [&](const auto& role) {
      return std::ranges::find(role.second.keyids, entry.first) != role.second.keyids.end();
    });
  });
}

/// The key of `role` that `name` means: the beginning of its id (8 digits or more), or its file.
Result<std::string> find_key(const tuf::Root& root, Role role, const std::string& name,
                             const std::string& secret) {
  constexpr std::size_t least_digits = 8;
  const auto& ids = root.role(role).keyids;
  const auto found = [&](const std::string& id) { return id.starts_with(name); };
  if (name.size() >= least_digits && std::ranges::count_if(ids, found) == 1) {
    return *std::ranges::find_if(ids, found);
  }
  const auto key = load_key(name, secret);
  if (key && std::ranges::find(ids, key->id) != ids.end()) return key->id;
  std::string known;
  for (const std::string& id : ids) known += (known.empty() ? "" : ", ") + id.substr(0, 16);
  return make_error(Errc::unknown_key, fmt::format("{} of {}", name, tuf::name_of(role)),
                    fmt::format("name its file, or the first digits of its id: {}", known));
}

Error cannot_sign(Role role, const LoadedKey& key) {
  return make_error(Errc::missing_key,
                    fmt::format("{}: {} is a public key", tuf::name_of(role), key.source),
                    "give the private key, too");
}

}  // namespace

tuf::Time time_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Result<KeygenResult> generate_key(const KeygenRequest& request) {
  AIOT_TRY(const std::string secret, read_secret(request.secret_file));
  const auto type =
      request.kind == KeyKind::ed25519 ? crypto::KeyType::ed25519 : crypto::KeyType::ecdsa_p256;
  KeygenResult result{.file = request.file, .kind = request.kind, .id = {}, .public_key = {}};
  const auto fill = [&](const crypto::PublicKey& key) {
    result.id = tuf::Key::of(key).id();
    result.public_key = key.pem();
    return result;
  };
  if (request.file.starts_with("pkcs11:")) {
    AIOT_TRY(const auto signer, crypto::generate_pkcs11(request.file, type, secret));
    return fill(signer->public_key());
  }
  const crypto::PrivateKey key = crypto::PrivateKey::generate(type);
  AIOT_CHECK(key.write(request.file, secret));
  return fill(key.public_key());
}

Result<RepositoryResult> init_repository(const InitRequest& request, tuf::Time now) {
  AIOT_TRY(const std::string secret, read_secret(request.secret_file));
  const RoleSetup* setups[] = {&request.root, &request.targets, &request.snapshot,
                               &request.timestamp};
  KeyRing ring;
  tuf::Root root;
  std::map<Role, std::chrono::seconds> lifetimes;
  const std::vector<std::string>* before = &request.root.keys;
  for (const Role role : tuf::all_roles) {
    const RoleSetup& setup = *setups[static_cast<std::size_t>(role)];
    const std::vector<std::string>& keys = setup.keys.empty() ? *before : setup.keys;
    before = &keys;
    tuf::RoleKeys& its = root.roles[role];
    its.threshold = setup.threshold;
    for (const std::string& source : keys) {
      AIOT_TRY(LoadedKey loaded, load_key(source, secret));
      const LoadedKey& key = ring.add(std::move(loaded));
      root.keys[key.id] = key.key;
      if (std::ranges::find(its.keyids, key.id) == its.keyids.end()) its.keyids.push_back(key.id);
    }
    AIOT_CHECK(check_threshold(role, its));
    if (!ring.can_sign(its)) return missing_key(role, root, ring);
    lifetimes[role] = setup.lifetime.count() > 0 ? setup.lifetime : usual_lifetime(role);
  }
  AIOT_TRY(Repository repository, Repository::create(request.folder, now));
  root.version = repository.root.version;
  repository.root = std::move(root);
  for (const Role role : tuf::all_roles) repository.common(role).lifetime = lifetimes.at(role);
  AIOT_CHECK(repository.publish({tuf::all_roles.begin(), tuf::all_roles.end()}, ring));
  return repository.result();
}

Result<RepositoryResult> change_key(const KeyChange& request, tuf::Time now) {
  AIOT_TRY(const Role role, role_named(request.role));
  AIOT_TRY(KeyRing ring, KeyRing::load(request.signing));
  AIOT_TRY(const std::string secret, read_secret(request.signing.secret_file));
  AIOT_TRY(Repository repository, Repository::open(request.folder, now));
  tuf::Root& root = repository.root;
  tuf::RoleKeys& its = root.roles.at(role);
  std::string old_id;
  if (request.action != KeyAction::add) {
    AIOT_TRY(old_id, find_key(root, role, request.key, secret));
    std::erase(its.keyids, old_id);
  }
  if (request.action != KeyAction::revoke) {
    AIOT_TRY(LoadedKey loaded,
             load_key(request.action == KeyAction::add ? request.key : request.new_key, secret));
    const LoadedKey& key = ring.add(std::move(loaded));
    if (key.id == old_id) {
      return make_error(Errc::same_key, fmt::format("{} of {}", key.source, request.role),
                        "make a new key, and name it as the one that comes");
    }
    if (std::ranges::find(its.keyids, key.id) != its.keyids.end()) {
      return make_error(Errc::unknown_key,
                        fmt::format("{} has {} already", request.role, key.source),
                        "name a key that is new to the role");
    }
    root.keys[key.id] = key.key;
    its.keyids.push_back(key.id);
    if (request.action == KeyAction::rotate && !key.signer && !ring.can_sign(its)) {
      return cannot_sign(role, key);
    }
  }
  its.threshold = request.threshold.value_or(static_cast<unsigned>(its.threshold));
  AIOT_CHECK(check_threshold(role, its));
  drop_unused_keys(root);
  AIOT_CHECK(repository.publish({Role::root}, ring));
  return repository.result();
}

Result<RepositoryResult> refresh_repository(const RefreshRequest& request, tuf::Time now) {
  AIOT_TRY(const KeyRing ring, KeyRing::load(request.signing));
  AIOT_TRY(Repository repository, Repository::open(request.folder, now));
  Repository::Roles due;
  std::vector<NeededKey> needed;
  for (const Role role : tuf::all_roles) {
    const tuf::Common& its = repository.common(role);
    const auto remaining = its.expires - now;
    const auto least = request.within.value_or(*its.lifetime / 2);
    if (remaining > least && repository.is_signed(role)) continue;
    const tuf::RoleKeys& keys = repository.root.role(role);
    if (ring.can_sign(keys)) {
      due.insert(role);
      continue;
    }
    if (remaining.count() <= 0 || !repository.is_signed(role)) {
      return missing_key(role, repository.root, ring);
    }
    needed.push_back(
        {std::string(tuf::name_of(role)), keys.keyids, keys.threshold, tuf::to_text(its.expires)});
  }
  // New targets are announced by a new snapshot, and that by a new timestamp: when their keys are
  // elsewhere, the targets wait for them.
  if (due.contains(Role::targets) && !ring.can_sign(repository.root.role(Role::snapshot))) {
    return missing_key(Role::snapshot, repository.root, ring);
  }
  AIOT_CHECK(repository.publish(due, ring));
  RepositoryResult result = repository.result();
  result.needed = std::move(needed);
  return result;
}

bool RepositoryStatus::ok() const {
  return faults.empty() && std::ranges::all_of(roles, [](const RoleStatus& role) {
           return role.valid && !role.expired;
         });
}

Result<RepositoryStatus> repository_status(const std::string& folder, tuf::Time now) {
  AIOT_TRY(const Repository repository, Repository::open(folder, now));
  RepositoryStatus status{.folder = folder, .roles = {}, .targets = {}, .faults = {}};
  for (const Role role : tuf::all_roles) {
    const tuf::Common& its = repository.common(role);
    const tuf::RoleKeys& keys = repository.root.role(role);
    RoleStatus& out = status.roles.emplace_back();
    out.role = tuf::name_of(role);
    out.version = its.version;
    out.expires = tuf::to_text(its.expires);
    out.remaining_s = (its.expires - now).count();
    out.expired = out.remaining_s <= 0;
    out.threshold = keys.threshold;
    out.valid = repository.is_signed(role);
    for (const std::string& id : keys.keyids) {
      const auto key = repository.root.keys.find(id);
      const bool known = key != repository.root.keys.end();
      const bool signed_it = known && tuf::verify_signatures(repository.document(role),
                                                             repository.root.keys, {{id}, 1})
                                          .has_value();
      out.keys.push_back({id, known ? key->second.keytype : "", signed_it});
    }
  }
  for (const auto& [path, target] : repository.targets.targets) {
    status.targets.push_back(target_info(path, target));
    if (const auto fault = repository.problem_of(path, target)) {
      status.faults.push_back({path, repository.stored_path(path, target), *fault});
    }
  }
  return status;
}

Result<RepositoryResult> init_repository(const InitRequest& request) {
  return init_repository(request, time_now());
}
Result<RepositoryResult> change_key(const KeyChange& request) {
  return change_key(request, time_now());
}
Result<RepositoryResult> refresh_repository(const RefreshRequest& request) {
  return refresh_repository(request, time_now());
}
Result<AddResult> add_artifact(const AddRequest& request) {
  return add_artifact(request, time_now());
}
Result<RepositoryStatus> repository_status(const std::string& folder) {
  return repository_status(folder, time_now());
}

}  // namespace aiot::ota
