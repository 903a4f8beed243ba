#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "aiot/ota_repository.hpp"
#include "crypto/signing_key.hpp"
#include "job/ota/repository_jobs.hpp"
#include "protocol/tuf/updater.hpp"
#include "support/show.hpp"
#include "support/temporary_folder.hpp"

namespace aiot::ota {

inline Bytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

template <class T>
void check_code(const Result<T>& result, boost::system::error_code code) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message());
  CHECK(result.error().code == code);
  CHECK_FALSE(result.error().hint.empty());
}

/// A maker with a key file for each name.
struct Maker {
  TemporaryFolder folder;
  tuf::Time now = *tuf::parse_time("2030-01-01T00:00:00Z");

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string repository() const { return path("repository"); }
  std::string key(const std::string& name) const {
    if (!std::filesystem::exists(path(name))) {
      const auto type =
          name.ends_with("ec") ? crypto::KeyType::ecdsa_p256 : crypto::KeyType::ed25519;
      REQUIRE(crypto::PrivateKey::generate(type).write(path(name)).has_value());
    }
    return path(name);
  }
  SigningKeys keys(std::initializer_list<const char*> names) const {
    SigningKeys out;
    for (const char* name : names) out.keys.push_back(key(name));
    return out;
  }
  Result<RepositoryResult> init() const {
    InitRequest request{.folder = repository(),
                        .root = {{key("root")}, 1, {}},
                        .targets = {{key("targets-ec")}, 1, {}},
                        .snapshot = {{key("online")}, 1, {}},
                        .timestamp = {},
                        .secret_file = {}};
    return init_repository(request, now);
  }
  AddRequest request(const std::string& name, const std::string& content,
                     const std::string& version) const {
    folder.write(name, content);
    return {.folder = repository(),
            .file = path(name),
            .product = "lamp",
            .version = version,
            .hardware = {"rev-a"},
            .chip = {},
            .signing = keys({"targets-ec", "online"})};
  }
  /// What a client finds that trusts `stored`, which becomes what it then has.
  Result<tuf::Updater> client(tuf::Stored& stored) const {
    AIOT_TRY(tuf::Updater updater, tuf::Updater::start(stored, now));
    while (const tuf::Wanted* wanted = updater.wanted()) {
      const std::filesystem::path file =
          std::filesystem::path(repository()) / "metadata" / wanted->name;
      const Result<void> done = std::filesystem::exists(file)
                                    ? updater.on_document(read_bytes(file))
                                    : updater.on_missing();
      stored = updater.stored();
      if (!done) return done.error();
    }
    return updater;
  }
  tuf::Stored first_trust() const {
    return {.root = read_bytes(repository() + "/metadata/1.root.json"),
            .timestamp = {},
            .snapshot = {},
            .targets = {}};
  }
};

}  // namespace aiot::ota
