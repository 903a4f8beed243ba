#include "protocol/tuf/updater.hpp"

#include <doctest/doctest.h>

#include "protocol/tuf/canonical.hpp"
#include "repository.hpp"

using namespace aiot;
using namespace aiot::tuf;
namespace json = boost::json;

namespace {

using Names = std::vector<std::string>;

/// A client that made a first update from `repository`.
Stored updated(const Repository& repository) {
  Stored stored{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  REQUIRE(update(repository, stored).has_value());
  return stored;
}

std::uint64_t version_in(const Bytes& file) {
  return parse_document(file)->signed_part.at("version").to_number<std::uint64_t>();
}

/// The file with `change` in its signed part, and the signatures of before.
template <class Change>
void tamper(Bytes& file, Change change) {
  json::value value = *parse_json(file);
  change(value.as_object()["signed"].as_object());
  const std::string text = compact(value);
  file.assign(text.begin(), text.end());
}

}  // namespace

TEST_CASE("a first update, one without news, and one with") {
  Repository repository;
  Stored stored{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  Names fetched;
  const auto first = update(repository, stored, "2030-01-01T00:00:00Z", &fetched);
  REQUIRE(first.has_value());
  CHECK(fetched == Names{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"});
  const auto found = first->find("fw.bin");
  REQUIRE(found.has_value());
  CHECK(found->file_name ==
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824.fw.bin");
  CHECK(check_target(*found, 5, crypto::sha256(as_bytes("hello"))));
  CHECK(check_target(*found, 5, crypto::sha256(as_bytes("hallo"))).error().code ==
        Errc::hash_mismatch);
  CHECK(check_target(*found, 4, crypto::sha256(as_bytes("hello"))).error().code ==
        Errc::hash_mismatch);
  CHECK(check_target(*found, 6, crypto::sha256(as_bytes("hello"))).error().code ==
        Errc::endless_data);
  CHECK(first->find("other").error().code == Errc::no_target);

  // The bytes of the server are what is kept.
  CHECK(stored.targets == repository.files.at("1.targets.json"));
  fetched.clear();
  REQUIRE(update(repository, stored, "2030-01-01T00:00:00Z", &fetched).has_value());
  CHECK(fetched == Names{"2.root.json", "timestamp.json"});

  repository.bump();
  fetched.clear();
  REQUIRE(update(repository, stored, "2030-01-01T00:00:00Z", &fetched).has_value());
  CHECK(fetched == Names{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"});
  CHECK(version_in(stored.targets) == 2);
}

TEST_CASE("the first root must be whole and signed") {
  Repository repository;
  Stored stored{.root = {}, .timestamp = {}, .snapshot = {}, .targets = {}};
  check_refused(update(repository, stored), Errc::bad_metadata);
  stored.root = repository.first_root();
  tamper(stored.root, [](json::object& root) { root.erase("version"); });
  check_refused(update(repository, stored), Errc::bad_metadata);
  stored.root = sign_with(repository.root, {2});
  check_refused(update(repository, stored), Errc::wrong_key);
  stored.root = repository.files.at("1.targets.json");
  check_refused(update(repository, stored), Errc::wrong_type);
}

TEST_CASE("root rotation needs the old keys and the new ones") {
  Repository repository;
  Stored stored = updated(repository);
  Root& root = repository.root;
  set_key(root, Role::root, 5);
  root.version = 2;

  repository.publish_root({5});
  check_refused(update(repository, stored), Errc::wrong_key);
  repository.publish_root({1});
  check_refused(update(repository, stored), Errc::wrong_key);
  CHECK(version_in(stored.root) == 1);
  repository.publish_root({1, 5});
  REQUIRE(update(repository, stored).has_value());
  CHECK(version_in(stored.root) == 2);

  // Two of two, then a third version by them.
  add_key(root, Role::root, 6);
  root.roles[Role::root].threshold = 2;
  root.version = 3;
  repository.publish_root({5});
  check_refused(update(repository, stored), Errc::below_threshold);
  repository.publish_root({5, 6});
  root.version = 4;
  repository.publish_root({5, 6});
  Names fetched;
  REQUIRE(update(repository, stored, "2030-01-01T00:00:00Z", &fetched).has_value());
  CHECK(fetched == Names{"3.root.json", "4.root.json", "5.root.json", "timestamp.json"});

  // From the very first root all the way.
  Stored fresh{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  REQUIRE(update(repository, fresh).has_value());
  CHECK(version_in(fresh.root) == 4);
}

TEST_CASE("a root of another version than its name") {
  Repository repository;
  Stored stored = updated(repository);
  repository.root.version = 3;
  repository.files["2.root.json"] = sign_with(repository.root, {1});
  check_refused(update(repository, stored), Errc::wrong_version);
  repository.files["2.root.json"] = repository.first_root();
  check_refused(update(repository, stored), Errc::rollback);
  CHECK(version_in(stored.root) == 1);
}

TEST_CASE("one update follows 256 roots") {
  Repository repository;
  for (int i = 0; i < 257; ++i) {
    ++repository.root.version;
    repository.publish_root({1});
  }
  Stored stored{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  check_refused(update(repository, stored), Errc::too_many_roots);
  CHECK(version_in(stored.root) == 257);
  CHECK(update(repository, stored));
  CHECK(version_in(stored.root) == 258);
}

TEST_CASE("rollback of timestamp, snapshot and targets; a role that is gone") {
  Repository repository;
  repository.snapshot.meta["extra.json"] = {};
  repository.bump();
  Stored stored = updated(repository);
  const Stored before = stored;

  SUBCASE("timestamp") {
    repository.timestamp.version = 1;
    repository.publish_timestamp();
    check_refused(update(repository, stored), Errc::rollback);
    CHECK(stored.timestamp == before.timestamp);
  }
  SUBCASE("snapshot, as the timestamp announces it") {
    repository.snapshot.version = 1;
    ++repository.timestamp.version;
    repository.publish_snapshot();
    check_refused(update(repository, stored), Errc::rollback);
    CHECK(stored.timestamp == before.timestamp);
    CHECK(stored.snapshot == before.snapshot);
  }
  SUBCASE("snapshot, without the timestamp of before") {
    stored.timestamp.clear();
    repository.snapshot.version = 1;
    repository.publish_snapshot();
    check_refused(update(repository, stored), Errc::rollback);
  }
  SUBCASE("targets") {
    repository.targets.version = 1;
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.publish();
    check_refused(update(repository, stored), Errc::rollback);
    CHECK(stored.snapshot == before.snapshot);
    CHECK(stored.targets == before.targets);
  }
  SUBCASE("a role that is gone") {
    repository.snapshot.meta.erase("extra.json");
    repository.bump();
    check_refused(update(repository, stored), Errc::rollback);
  }
  SUBCASE("rollback counts from metadata that has expired") {
    repository.timestamp.version = 1;
    repository.timestamp.expires = time_of("2050-01-01T00:00:00Z");
    repository.publish_timestamp();
    repository.root.expires = time_of("2050-01-01T00:00:00Z");
    ++repository.root.version;
    repository.publish_root({1});
    check_refused(update(repository, stored, "2040-01-01T00:00:00Z"), Errc::rollback);
  }
}

TEST_CASE(
    "fast-forward: a version that jumps ahead is refused, and new keys bring a lower one back") {
  Repository repository;
  SUBCASE("jumps") {
    Stored stored = updated(repository);
    repository.timestamp.version = 1 + (1 << 20) + 1;
    repository.publish_timestamp();
    check_refused(update(repository, stored), Errc::fast_forward);
    repository.timestamp.version = 2;
    repository.snapshot.version = 1 + (1 << 20) + 1;
    repository.publish_snapshot();
    check_refused(update(repository, stored), Errc::fast_forward);
    repository.snapshot.version = 2;
    repository.targets.version = 1 + (1 << 20) + 1;
    repository.publish();
    check_refused(update(repository, stored), Errc::fast_forward);
    Stored fresh{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
    check_refused(update(repository, fresh), Errc::fast_forward);
    repository.targets.version = 1 + (1 << 20);
    ++repository.timestamp.version;
    repository.publish();
    CHECK(update(repository, stored));
  }
  SUBCASE("timestamp") {
    repository.timestamp.version = 99999;
    repository.publish_timestamp();
    Stored stored = updated(repository);
    repository.timestamp.version = 1;
    repository.publish_timestamp();
    check_refused(update(repository, stored), Errc::rollback);
    set_key(repository.root, Role::timestamp, repository.timestamp_seed = 14);
    ++repository.root.version;
    repository.publish_root({1});
    repository.publish_timestamp();
    CHECK(update(repository, stored));
    CHECK(version_in(stored.timestamp) == 1);
  }
  SUBCASE("snapshot") {
    repository.snapshot.version = 99999;
    repository.publish_snapshot();
    Stored stored = updated(repository);
    set_key(repository.root, Role::snapshot, repository.snapshot_seed = 13);
    set_key(repository.root, Role::timestamp, repository.timestamp_seed = 14);
    ++repository.root.version;
    repository.publish_root({1});
    repository.snapshot.version = 1;
    ++repository.timestamp.version;
    repository.publish_snapshot();
    CHECK(update(repository, stored));
    CHECK(version_in(stored.snapshot) == 1);
  }
  SUBCASE("targets, by new snapshot keys") {
    repository.targets.version = 100;
    repository.publish();
    Stored stored = updated(repository);
    repository.targets.version = 2;
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.publish();
    check_refused(update(repository, stored), Errc::rollback);
    set_key(repository.root, Role::snapshot, repository.snapshot_seed = 13);
    ++repository.root.version;
    repository.publish_root({1});
    ++repository.timestamp.version;
    repository.publish();
    CHECK(update(repository, stored));
    CHECK(version_in(stored.targets) == 2);
  }
}

TEST_CASE("freeze: metadata that has expired") {
  Repository repository;
  Stored stored = updated(repository);
  const Stored before = stored;
  const char* late = "2036-01-01T00:00:00Z";  // not before: the second of the expiry is too late
  const Time later = time_of("2040-01-01T00:00:00Z");

  check_refused(update(repository, stored, late), Errc::expired);
  repository.root.expires = later;
  ++repository.root.version;
  repository.publish_root({1});
  // A local root that has expired may be followed by one that has not; then all others in turn.
  check_refused(update(repository, stored, late), Errc::expired);
  CHECK(version_in(stored.root) == 2);
  CHECK(stored.timestamp == before.timestamp);
  ++repository.timestamp.version;
  repository.timestamp.expires = later;
  repository.publish_timestamp();
  check_refused(update(repository, stored, late), Errc::expired);
  CHECK(version_in(stored.timestamp) == 2);
  CHECK(stored.snapshot == before.snapshot);
  ++repository.snapshot.version;
  ++repository.timestamp.version;
  repository.snapshot.expires = later;
  repository.publish_snapshot();
  const auto targets = update(repository, stored, late);
  check_refused(targets, Errc::expired);
  CHECK(targets.error().message().find("1.targets.json") != std::string::npos);
  CHECK(stored.targets == before.targets);
  repository.targets.expires = later;
  repository.bump();
  CHECK(update(repository, stored, late));

  // A new root that has expired is kept, and nothing after it is taken.
  repository.root.expires = time_of("2029-01-01T00:00:00Z");
  ++repository.root.version;
  repository.publish_root({1});
  repository.bump();
  check_refused(update(repository, stored), Errc::expired);
  CHECK(version_in(stored.root) == 3);
  CHECK(version_in(stored.timestamp) == 4);
}

TEST_CASE("mix and match, hashes, and another content under the same version") {
  Repository repository;
  Stored stored = updated(repository);
  SUBCASE("a snapshot of another version") {
    ++repository.timestamp.version;
    repository.timestamp.snapshot = {2, std::nullopt, std::nullopt};
    repository.publish_timestamp();
    repository.files["2.snapshot.json"] = repository.files.at("1.snapshot.json");
    check_refused(update(repository, stored), Errc::mix_and_match);
  }
  SUBCASE("targets of another version") {
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.snapshot.meta["targets.json"].version = 2;
    repository.publish_snapshot();
    repository.files["2.targets.json"] = repository.files.at("1.targets.json");
    check_refused(update(repository, stored), Errc::mix_and_match);
  }
  SUBCASE("a snapshot that was exchanged") {
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.publish_snapshot();
    repository.snapshot.meta["other.json"] = {};
    repository.files["2.snapshot.json"] = sign_with(repository.snapshot, {3});
    const auto result = update(repository, stored);
    // Longer than the timestamp says, too.
    check_refused(result, Errc::endless_data);
    repository.snapshot.meta.erase("other.json");
    repository.snapshot.expires += std::chrono::seconds(1);
    repository.files["2.snapshot.json"] = sign_with(repository.snapshot, {3});
    check_refused(update(repository, stored), Errc::hash_mismatch);
  }
  SUBCASE("targets that were exchanged") {
    ++repository.targets.version;
    const Bytes file = sign_with(repository.targets, {2});
    repository.snapshot.meta["targets.json"] = {2, file.size(), crypto::sha256(file)};
    ++repository.snapshot.version;
    ++repository.timestamp.version;
    repository.publish_snapshot();
    repository.targets.expires += std::chrono::seconds(1);
    repository.files["2.targets.json"] = sign_with(repository.targets, {2});
    check_refused(update(repository, stored), Errc::hash_mismatch);
    repository.files["2.targets.json"] = file;
    CHECK(update(repository, stored));
  }
  SUBCASE("a timestamp of the same version") {
    const Bytes before = stored.timestamp;
    repository.timestamp.snapshot.version = 100;
    repository.publish_timestamp();
    CHECK(update(repository, stored));
    CHECK(stored.timestamp == before);
  }
}

TEST_CASE("endless data") {
  Repository repository;
  const struct {
    const char* name;
    std::size_t limit;
  } rows[] = {{"2.root.json", 512'000},
              {"timestamp.json", 16'384},
              {"2.snapshot.json", 2'000'000},
              {"2.targets.json", 5'000'000}};
  for (const auto& [name, limit] : rows) {
    INFO(name);
    Repository one;
    Stored stored = updated(one);
    one.targets.version = 2;
    one.snapshot.version = 2;
    one.timestamp.version = 2;
    one.publish();
    // Blanks behind the document are no part of what is signed.
    one.timestamp.snapshot = {2, std::nullopt, std::nullopt};
    one.publish_timestamp();
    one.root.version = 2;
    one.publish_root({1});
    Bytes& file = one.files.at(name);
    file.resize(limit, ' ');
    CHECK(update(one, stored));
    stored = updated(Repository());
    file.push_back(' ');
    check_refused(update(one, stored), Errc::endless_data);
  }
}

TEST_CASE("files that are missing, of another role, or not of this key") {
  for (const char* name : {"timestamp.json", "1.snapshot.json", "1.targets.json"}) {
    INFO(name);
    Repository repository;
    Stored stored{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
    Bytes& file = repository.files.at(name);
    if (std::string_view(name) != "timestamp.json") {
      repository.timestamp.snapshot = {1, std::nullopt, std::nullopt};
      repository.publish_timestamp();
    }
    const Bytes good = file;
    file = repository.first_root();
    check_refused(update(repository, stored), Errc::wrong_type);
    const auto sign_wrong = [&](std::uint8_t seed) {
      if (std::string_view(name) == "timestamp.json")
        return sign_with(repository.timestamp, {seed});
      if (std::string_view(name) == "1.targets.json") return sign_with(repository.targets, {seed});
      return sign_with(repository.snapshot, {seed});
    };
    file = sign_wrong(1);
    check_refused(update(repository, stored), Errc::wrong_key);
    file = good;
    tamper(file, [](json::object& content) { content["expires"] = "2099-01-01T00:00:00Z"; });
    check_refused(update(repository, stored), Errc::bad_signature);
    file.clear();
    check_refused(update(repository, stored), Errc::bad_metadata);
    repository.files.erase(name);
    check_refused(update(repository, stored), Errc::missing);
    repository.files[name] = good;
    // After an error, the same file may come again.
    CHECK(update(repository, stored));
  }
}

TEST_CASE("no byte of metadata can be changed") {
  const Repository good;
  for (const auto& [name, file] : good.files) {
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const int bit : {0x01, 0x20, 0x80}) {
        Repository repository = good;
        Bytes& changed = repository.files[name];
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ bit);
        Stored stored{
            .root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
        const auto result = update(repository, stored);
        INFO(name, " at ", at);
        CHECK_FALSE(result.has_value());
      }
    }
  }
}

TEST_CASE("fields that are not known count for signatures, and are no error") {
  Repository repository;
  Stored stored = updated(repository);
  repository.root.version = 2;
  json::object content = to_json(repository.root);
  content["custom-field"] = "value";
  for (auto& [id, key] : content["keys"].as_object()) {
    key.as_object()["keyid_hash_algorithms"] = json::array{"md5"};
  }
  content["roles"].as_object()["root"].as_object()["another"] = json::object{{"a", 1}};
  const crypto::Signer* signers[] = {&key_of(1)};
  repository.files["2.root.json"] = *sign_document(content, signers);
  REQUIRE(update(repository, stored).has_value());
  CHECK(version_in(stored.root) == 2);
  tamper(repository.files["2.root.json"],
         [](json::object& root) { root["custom-field"] = "other"; });
  stored.root = repository.first_root();
  check_refused(update(repository, stored), Errc::bad_signature);
}

TEST_CASE("stored files that are damaged are fetched again") {
  Repository repository;
  const Stored good = updated(repository);
  for (Bytes Stored::*file : {&Stored::timestamp, &Stored::snapshot, &Stored::targets}) {
    Stored stored = good;
    (stored.*file).at(100) = 0;
    REQUIRE(update(repository, stored).has_value());
    CHECK(stored.*file == good.*file);
  }
}

TEST_CASE("a target of a delegated role; a repository without consistent snapshots") {
  Repository repository;
  Stored stored{.root = repository.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  json::object content = to_json(repository.targets);
  content["delegations"] = json::object{{"keys", json::object()},
                                        {"roles", json::array{json::object{{"name", "others"}}}}};
  const crypto::Signer* signers[] = {&key_of(2)};
  repository.files["1.targets.json"] = *sign_document(content, signers);
  const auto updater = update(repository, stored);
  REQUIRE(updater.has_value());
  CHECK(updater->find("fw.bin"));
  CHECK(updater->find("others/fw.bin").error().code == Errc::delegated);

  Repository plain;
  plain.root.consistent_snapshot = false;
  plain.publish_root({1});
  plain.files["snapshot.json"] = plain.files.at("1.snapshot.json");
  plain.files["targets.json"] = plain.files.at("1.targets.json");
  Stored other{.root = plain.first_root(), .timestamp = {}, .snapshot = {}, .targets = {}};
  Names fetched;
  const auto done = update(plain, other, "2030-01-01T00:00:00Z", &fetched);
  REQUIRE(done.has_value());
  CHECK(fetched == Names{"2.root.json", "timestamp.json", "snapshot.json", "targets.json"});
  CHECK(done->find("fw.bin")->file_name == "fw.bin");
}
