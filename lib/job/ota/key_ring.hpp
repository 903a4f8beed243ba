#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aiot/ota_repository.hpp"
#include "crypto/signing_key.hpp"
#include "protocol/tuf/metadata.hpp"

namespace aiot::ota {

/// A key that a user named.
struct LoadedKey {
  std::string source;  ///< its file or URI
  tuf::Key key;
  std::string id;
  std::unique_ptr<crypto::Signer> signer;  ///< null for a public key
};

/// Opens a private key, or reads a public one in PEM. The errors of crypto::load_signer().
Result<LoadedKey> load_key(const std::string& source, const std::string& secret);

/// The first line of `file`; "" when there is none to read.
Result<std::string> read_secret(const std::string& file);

/// The keys that a change can be signed with, each once.
class KeyRing {
 public:
  static Result<KeyRing> load(const SigningKeys& keys);

  const LoadedKey& add(LoadedKey key);
  /// Those of `role`, in the order they were given.
  std::vector<const crypto::Signer*> signers_of(const tuf::RoleKeys& role) const;
  /// Whether these are enough for the role.
  bool can_sign(const tuf::RoleKeys& role) const {
    return signers_of(role).size() >= role.threshold;
  }

 private:
  std::vector<std::unique_ptr<LoadedKey>> keys_;
};

/// Errc::missing_key, which names the keys that would do.
Error missing_key(tuf::Role role, const tuf::Root& root, const KeyRing& ring);

}  // namespace aiot::ota
