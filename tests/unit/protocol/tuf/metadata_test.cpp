#include "protocol/tuf/metadata.hpp"

#include <doctest/doctest.h>

#include "protocol/tuf/canonical.hpp"
#include "repository.hpp"

using namespace aiot;
using namespace aiot::tuf;
namespace json = boost::json;

namespace {

std::string hash_of(const Bytes& file) { return to_hex(crypto::sha256(file)); }

std::string canonical_of(std::string_view text) {
  return to_string(*canonical(*parse_json(as_bytes(text))));
}

/// `document` with one change by JSON.
template <class Change>
Bytes changed(const Bytes& file, Change change) {
  json::value value = *parse_json(file);
  change(value.as_object());
  const std::string text = compact(value);
  return Bytes(text.begin(), text.end());
}

template <class T>
void check_code(const Result<T>& result, Errc code) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message());
  CHECK(result.error().code == code);
}

}  // namespace

TEST_CASE("a repository that python-tuf and tuf-js accept, byte by byte") {
  // Seeds, dates and sums of a repository that python-tuf 5.1 and tuf-js 2.2.1, 3.1.0 and 4.1.0
  // accept and make the same keys and signatures of.
  Repository repository;
  const auto sum = [&](const char* name) { return hash_of(repository.files.at(name)); };
  const auto& root_id = repository.root.role(Role::root).keyids.front();
  CHECK(root_id == "7ab6b86cb2c9684b0ddc10896153aa2595decf4d4327a5ff1a8ab7422c828b12");
  const auto document = parse_document(repository.files.at("1.root.json"));
  REQUIRE(document.has_value());
  CHECK(to_hex(document->signatures.front().bytes) ==
        "d54b709e5f9ccb36a64021ea15524b173d0fc6949995f5dad6e88d6746eade6b"
        "8dc85bf66d046d6ce0810f495fbbe7efe263436e76e3fee88ee0e5df6cfeef03");
  CHECK(sum("1.root.json") == "5c3d2ad6e5bce2d84145dbdff72b56f85c5c2f1cb731797622ce053cd96ae82a");
  CHECK(sum("1.targets.json") ==
        "8e0a276c01379e84989bbfb5f9baa291a2a7f5aea3f79fd4eeddfc9a486670ac");
  CHECK(sum("1.snapshot.json") ==
        "fffb75ce50dc07c71ad6b8401f7c00e6129bef02cd838689ff1071688a7471cf");
  CHECK(repository.files.at("1.snapshot.json").size() == 367);
  CHECK(sum("timestamp.json") ==
        "8795f3079d36d8dd92033efcd44964c4817442eca3f2c18d406a37beabe29721");

  repository.root.keys.erase(root_id);
  set_key(repository.root, Role::root, 5);
  repository.root.version = 2;
  repository.publish_root({1, 5});
  CHECK(sum("2.root.json") == "4f634152446f119e30f854dc50f76b6ad5dd685d3a61bdfe03138cd63eb803a7");

  // What is written is what was read.
  for (const auto& [name, file] : repository.files) {
    const auto read = parse_document(file);
    REQUIRE(read.has_value());
    json::object again;
    if (name.ends_with("root.json")) again = to_json(*parse_root(*read));
    if (name.ends_with("targets.json")) again = to_json(*parse_targets(*read));
    if (name.ends_with("snapshot.json")) again = to_json(*parse_snapshot(*read));
    if (name == "timestamp.json") again = to_json(*parse_timestamp(*read));
    CHECK(to_string(*canonical(again)) == to_string(read->signed_bytes));
  }
}

TEST_CASE("canonical JSON") {
  CHECK(canonical_of(R"({"b":1,"a":[true,null,-5,"x"],"B":{}})") ==
        R"({"B":{},"a":[true,null,-5,"x"],"b":1})");
  // Only two characters are escaped: a line feed, a control character and UTF-8 stay as they are.
  CHECK(canonical_of(R"({"k":"a\"b\\c\n\u0001\u00e9/"})") ==
        "{\"k\":\"a\\\"b\\\\c\n\x01\xc3\xa9/\"}");
  CHECK(canonical_of("18446744073709551615") == "18446744073709551615");
  check_code(canonical(*parse_json(as_bytes("[1.5]"))), Errc::bad_metadata);
  check_code(canonical(*parse_json(as_bytes("{\"a\":1e3}"))), Errc::bad_metadata);
  CHECK(compact(*parse_json(as_bytes(R"({ "b" : "\n", "a" : [ ] })"))) == R"({"a":[],"b":"\n"})");
  check_code(parse_json(as_bytes("{} x")), Errc::bad_metadata);
  check_code(parse_json(as_bytes("\"\xff\"")), Errc::bad_metadata);
  check_code(parse_json(as_bytes(std::string(100, '[') + std::string(100, ']'))),
             Errc::bad_metadata);
}

TEST_CASE("times of metadata") {
  CHECK(to_text(*parse_time("2036-02-29T23:59:58Z")) == "2036-02-29T23:59:58Z");
  CHECK(parse_time("1970-01-02T00:00:01Z")->time_since_epoch().count() == 86401);
  for (const char* bad :
       {"", "2036-02-30T00:00:00Z", "2035-02-29T00:00:00Z", "2036-01-01T24:00:00Z",
        "2036-01-01T00:00:00", "2036-01-01T00:00:00z", "2036-01-01 00:00:00Z",
        "2036-01-01T00:00:00.5Z", "2036-13-01T00:00:00Z", "+036-01-01T00:00:00Z"}) {
    INFO(bad);
    CHECK_FALSE(parse_time(bad));
  }
}

TEST_CASE("ECDSA keys verify under both names of their type") {
  const auto private_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  Repository repository;
  for (const char* keytype : {"ecdsa", "ecdsa-sha2-nistp256"}) {
    Key key = Key::of(private_key.public_key());
    CHECK(key.keytype == "ecdsa");
    CHECK(key.scheme == "ecdsa-sha2-nistp256");
    key.keytype = keytype;
    REQUIRE(key.public_key().has_value());
    const std::string id = Key::of(private_key.public_key()).id();
    const crypto::Signer* signers[] = {&private_key};
    const auto document = parse_document(*sign_document(to_json(repository.targets), signers));
    REQUIRE(document.has_value());
    CHECK(verify_signatures(*document, {{id, key}}, {{id}, 1}));
    key.scheme = "ed25519";
    CHECK_FALSE(key.public_key());
    check_code(verify_signatures(*document, {{id, key}}, {{id}, 1}), Errc::wrong_key);
  }
}

TEST_CASE("signatures and thresholds") {
  Repository repository;
  Root& root = repository.root;
  RoleKeys& role = root.roles[Role::targets];
  const std::string second = add_key(root, Role::targets, 12);
  add_key(root, Role::targets, 13);
  role.threshold = 2;
  const auto verify = [&](const Bytes& file) {
    return verify_signatures(*parse_document(file), root.keys, role);
  };
  const Targets& content = repository.targets;
  CHECK(verify(sign_with(content, {2, 12})));
  CHECK(verify(sign_with(content, {99, 13, 12, 2})));
  check_code(verify(sign_with(content, {2})), Errc::below_threshold);
  check_code(verify(sign_with(content, {2, 99})), Errc::below_threshold);
  check_code(verify(sign_with(content, {98, 99})), Errc::wrong_key);
  check_code(verify(sign_with(content, {})), Errc::wrong_key);

  const auto damage = [](json::object& file) {
    json::object& signature = file["signatures"].as_array().at(0).as_object();
    signature["sig"] = "00" + to_string(as_bytes(signature["sig"].as_string()).subspan(2));
  };
  // A wrong signature harms nothing where enough others are right.
  CHECK(verify(changed(sign_with(content, {2, 12, 13}), damage)));
  check_code(verify(changed(sign_with(content, {2, 12}), damage)), Errc::bad_signature);

  // One key under several ids is one key.
  root.keys["other"] = root.keys.at(second);
  role.keyids.push_back("other");
  const Bytes twice = changed(sign_with(content, {12, 99}), [&](json::object& file) {
    json::array& signatures = file["signatures"].as_array();
    signatures.at(1) = signatures.at(0);
    signatures.at(1).as_object()["keyid"] = "other";
  });
  check_code(verify(twice), Errc::below_threshold);
  // A keyid that signs twice, or stands in a role twice, makes the file invalid.
  const Bytes again = changed(sign_with(content, {12}), [](json::object& file) {
    json::array& signatures = file["signatures"].as_array();
    signatures.push_back(signatures.at(0));
  });
  check_code(parse_document(again), Errc::bad_metadata);
  role.keyids.push_back("other");
  check_code(parse_root(*parse_document(sign_with(root, {1}))), Errc::bad_metadata);
}

TEST_CASE("metadata that is refused, field by field") {
  const Repository repository;
  const auto check_root = [&](auto change) {
    const Bytes file = changed(repository.first_root(),
                               [&](json::object& whole) { change(whole["signed"].as_object()); });
    const auto document = parse_document(file);
    if (!document) {
      CHECK(document.error().code == Errc::bad_metadata);
    } else {
      check_code(parse_root(*document), Errc::bad_metadata);
    }
  };
  for (const char* field :
       {"_type", "version", "expires", "spec_version", "keys", "roles", "consistent_snapshot"}) {
    INFO(field);
    check_root([&](json::object& root) { root.erase(field); });
    check_root([&](json::object& root) { root[field] = json::array{1}; });
  }
  check_root([](json::object& root) { root["version"] = 0; });
  check_root([](json::object& root) { root["version"] = -1; });
  check_root([](json::object& root) { root["version"] = 1.0; });
  check_root([](json::object& root) { root["version"] = 1ULL << 53; });
  check_root([](json::object& root) { root["spec_version"] = "2.0.0"; });
  check_root([](json::object& root) { root["expires"] = "tomorrow"; });
  check_root([](json::object& root) { root["roles"].as_object().erase("snapshot"); });
  check_root([](json::object& root) {
    root["roles"].as_object()["targets"].as_object()["threshold"] = 0;
  });

  const auto check_path = [&](const char* path, bool good) {
    Targets targets = repository.targets;
    targets.targets[path] = targets.targets.at("fw.bin");
    INFO(path);
    CHECK(parse_targets(*parse_document(sign_with(targets, {2}))).has_value() == good);
  };
  for (const char* path : {"a/b.bin", "a b", "..a/b", "\xc3\xa9"}) check_path(path, true);
  for (const char* path :
       {"", "/a", "a/", "a//b", "../a", "a/../b", "a/..", "./a", "a\\b", "a\nb"}) {
    check_path(path, false);
  }
  check_code(parse_targets(*parse_document(repository.first_root())), Errc::wrong_type);
  for (const char* text : {"", "[]", "{}", "{\"signatures\":{},\"signed\":{}}",
                           "{\"signatures\":[{\"keyid\":\"a\",\"sig\":\"0G\"}],\"signed\":{}}",
                           "{\"signatures\":[{\"keyid\":\"a\",\"sig\":\"AA\"}],\"signed\":{}}"}) {
    INFO(text);
    check_code(parse_document(as_bytes(text)), Errc::bad_metadata);
  }
}

TEST_CASE("names of files on a server") {
  const Target target{5, crypto::sha256(as_bytes("hello")), {}};
  CHECK(file_name(Role::root, 12) == "12.root.json");
  CHECK(file_name(Role::timestamp, 12) == "timestamp.json");
  const std::string hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  CHECK(target_file_name("fw.bin", target, true) == hash + ".fw.bin");
  CHECK(target_file_name("a/b/fw.bin", target, true) == "a/b/" + hash + ".fw.bin");
  CHECK(target_file_name("a/b/fw.bin", target, false) == "a/b/fw.bin");
}
