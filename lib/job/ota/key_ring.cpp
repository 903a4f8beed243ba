#include "job/ota/key_ring.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/file.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

/// nullopt for a file that is no public key, or none at all: the private reader says what is wrong.
std::optional<crypto::PublicKey> read_public_key(const std::string& source) {
  constexpr std::uint64_t limit_bytes = 64 * 1024;
  const file::Descriptor file{::open(source.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.is_open()) return std::nullopt;
  const auto data = file::read_all(file.get(), limit_bytes);
  if (!data) return std::nullopt;
  auto key = crypto::PublicKey::from_pem(to_string(*data));
  if (!key) return std::nullopt;
  return *std::move(key);
}

}  // namespace

Result<LoadedKey> load_key(const std::string& source, const std::string& secret) {
  LoadedKey loaded{source, {}, {}, nullptr};
  const auto public_key = source.starts_with("pkcs11:") ? std::nullopt : read_public_key(source);
  if (public_key) {
    loaded.key = tuf::Key::of(*public_key);
  } else {
    AIOT_TRY(loaded.signer, crypto::load_signer(source, secret));
    loaded.key = tuf::Key::of(loaded.signer->public_key());
  }
  loaded.id = loaded.key.id();
  return loaded;
}

Result<std::string> read_secret(const std::string& file) {
  if (file.empty()) return std::string();
  AIOT_TRY(std::string secret, crypto::read_secret_line(file));
  if (secret.empty()) {
    return make_error(Errc::bad_request, file + ": no passphrase",
                      "write the passphrase into its first line");
  }
  return secret;
}

Result<KeyRing> KeyRing::load(const SigningKeys& keys) {
  AIOT_TRY(const std::string secret, read_secret(keys.secret_file));
  KeyRing ring;
  for (const std::string& source : keys.keys) {
    AIOT_TRY(LoadedKey key, load_key(source, secret));
    ring.add(std::move(key));
  }
  return ring;
}

const LoadedKey& KeyRing::add(LoadedKey key) {
  const auto same = std::ranges::find(keys_, key.id, [](const auto& each) { return each->id; });
  if (same == keys_.end()) {
    keys_.push_back(std::make_unique<LoadedKey>(std::move(key)));
    return *keys_.back();
  }
  if (!(*same)->signer) (*same)->signer = std::move(key.signer);
  return **same;
}

std::vector<const crypto::Signer*> KeyRing::signers_of(const tuf::RoleKeys& role) const {
  std::vector<const crypto::Signer*> signers;
  for (const auto& key : keys_) {
    if (key->signer && std::ranges::find(role.keyids, key->id) != role.keyids.end()) {
      signers.push_back(key->signer.get());
    }
  }
  return signers;
}

Error missing_key(tuf::Role role, const tuf::Root& root, const KeyRing& ring) {
  const tuf::RoleKeys& its = root.role(role);
  const std::size_t given = ring.signers_of(its).size();
  std::string ids;
  for (const std::string& id : its.keyids) {
    const auto key = root.keys.find(id);
    ids += fmt::format("{}{} ({})", ids.empty() ? "" : ", ", id.substr(0, 16),
                       key == root.keys.end() ? "unknown" : key->second.keytype);
  }
  return make_error(
      Errc::missing_key,
      fmt::format("{}: {} of {} private keys given", tuf::name_of(role), given, its.threshold),
      fmt::format("give {} more of the private keys {}", its.threshold - given, ids));
}

}  // namespace aiot::ota
