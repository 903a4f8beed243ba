#include "job/ota/repository.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "aiot/ota_repository.hpp"
#include "crypto/signing_key.hpp"
#include "image/errors.hpp"
#include "image/esp_image.hpp"
#include "job/ota/error.hpp"
#include "job/ota/firmware_file.hpp"
#include "job/ota/repository_jobs.hpp"
#include "paths.hpp"
#include "protocol/tuf/artifact.hpp"
#include "protocol/tuf/updater.hpp"
#include "repository_maker.hpp"

using namespace aiot;
using namespace aiot::ota;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds day = std::chrono::hours(24);

}  // namespace

TEST_CASE("a repository that is made, filled, and read by a client") {
  Maker maker;
  const auto made = maker.init();
  REQUIRE(made.has_value());
  CHECK(made->written == std::vector<std::string>{"1.targets.json", "1.snapshot.json",
                                                  "1.root.json", "timestamp.json"});
  CHECK(made->expires == "2030-01-08T00:00:00Z");
  tuf::Stored stored = maker.first_trust();
  REQUIRE(maker.client(stored).has_value());

  const auto added = add_artifact(maker.request("lamp.bin", "hello", "1.0.0"), maker.now);
  REQUIRE(added.has_value());
  CHECK(added->target.path == "lamp/1.0.0/lamp.bin");
  CHECK(added->target.format == "raw");
  CHECK_FALSE(added->already);
  const auto updater = maker.client(stored);
  REQUIRE(updater.has_value());
  const auto newest = tuf::newest_artifact(*updater->targets(), "lamp", "rev-a");
  REQUIRE(newest.has_value());
  const auto found = updater->find(newest->path);
  REQUIRE(found.has_value());
  CHECK(found->file_name ==
        "lamp/1.0.0/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824.lamp.bin");
  const Bytes served = read_bytes(maker.repository() + "/targets/" + found->file_name);
  CHECK(tuf::check_target(*found, served.size(), crypto::sha256(served)).has_value());

  // The same again changes nothing.
  const auto again = add_artifact(maker.request("lamp.bin", "hello", "1.0.0"), maker.now);
  REQUIRE(again.has_value());
  CHECK(again->already);
  CHECK(again->repository.written.empty());
  check_code(add_artifact(maker.request("lamp.bin", "other", "1.0.0"), maker.now),
             make_error_code(Errc::version_exists));
  check_code(add_artifact(maker.request("lamp2.bin", "other", "v1.0.0"), maker.now),
             make_error_code(Errc::version_exists));
  check_code(maker.init(), make_error_code(Errc::not_empty));
}

TEST_CASE("requests that are refused before anything is written") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  const Bytes before = read_bytes(maker.repository() + "/metadata/timestamp.json");
  AddRequest request = maker.request("lamp.bin", "hello", "");
  check_code(add_artifact(request, maker.now), make_error_code(Errc::no_version));
  for (const char* bad : {"", "a/b", "..", ".hidden", "a b", "a\n"}) {
    request = maker.request("lamp.bin", "hello", "1.0");
    request.product = bad;
    check_code(add_artifact(request, maker.now), make_error_code(Errc::bad_name));
    request.product = "lamp";
    request.hardware = {bad};
    check_code(add_artifact(request, maker.now), make_error_code(Errc::bad_name));
  }
  request.hardware = {};
  check_code(add_artifact(request, maker.now), make_error_code(Errc::bad_name));
  request = maker.request("lamp.bin", "hello", "1.0");
  request.signing = maker.keys({"targets-ec"});
  const auto lacking = add_artifact(request, maker.now);
  check_code(lacking, make_error_code(Errc::missing_key));
  CHECK(lacking.error().message().find("snapshot: 0 of 1") != std::string::npos);
  CHECK(read_bytes(maker.repository() + "/metadata/timestamp.json") == before);

  InitRequest init{.folder = maker.path("other"),
                   .root = {{maker.key("root")}, 2, {}},
                   .targets = {},
                   .snapshot = {},
                   .timestamp = {},
                   .secret_file = {}};
  check_code(init_repository(init, maker.now), make_error_code(Errc::bad_role));
  init.root.keys.push_back(maker.key("root"));  // the same key is one key
  check_code(init_repository(init, maker.now), make_error_code(Errc::bad_role));
  CHECK_FALSE(fs::exists(maker.path("other")));
  check_code(repository_status(maker.path("other"), maker.now),
             make_error_code(Errc::no_repository));
}

TEST_CASE("an ESP image says its chip, version and project") {
  using namespace aiot::image;
  AppDescription app;
  app.version = "2.1.0";
  app.project = "lamp-fw";
  const EspChip* chip = find_chip("esp32c3");
  const Bytes description = encode_app_description(app);
  Bytes data(512);
  std::ranges::copy(description, data.begin());
  EncodeOptions options;
  options.chip = chip;
  options.header.mode = 2;
  const SegmentData segments[] = {{chip->drom.begin + 0x20, data}};
  const auto image = encode_esp_image(segments, options);
  REQUIRE(image.has_value());
  const auto facts = read_facts(*image);
  REQUIRE(facts.has_value());
  CHECK(facts->format == "esp-image");
  CHECK(facts->version == "2.1.0");
  CHECK(facts->project == "lamp-fw");
  CHECK(facts->chip == "esp32c3");

  Maker maker;
  REQUIRE(maker.init().has_value());
  AddRequest request = maker.request("lamp.bin", to_string(*image), "");
  request.chip = "ESP32-C3";
  const auto added = add_artifact(request, maker.now);
  REQUIRE(added.has_value());
  CHECK(added->target.path == "lamp/2.1.0/lamp.bin");
  request.chip = "esp32";
  check_code(add_artifact(request, maker.now), make_error_code(ota::Errc::mismatch));
  request = maker.request("lamp.bin", to_string(*image), "2.2.0");
  check_code(add_artifact(request, maker.now), make_error_code(ota::Errc::mismatch));
  // The same hardware had another chip before.
  request = maker.request("next.bin", "raw", "3.0.0");
  request.chip = "esp32s3";
  check_code(add_artifact(request, maker.now), make_error_code(ota::Errc::mismatch));
  Bytes damaged = *image;
  damaged[100] = static_cast<std::uint8_t>(damaged[100] ^ 1);
  check_code(add_artifact(maker.request("lamp.bin", to_string(damaged), ""), maker.now),
             make_error_code(ota::Errc::bad_image));
}

TEST_CASE("an image of MCUboot says its version") {
  // Of imgtool 2.4.0: payload 00..3f, version 1.2.3+4, up to the SHA-256 over it; the signature's
  // entry is left out.
  Bytes file = *from_hex("3db8f3960000000020001c004000000000000000010203000400000000000000");
  for (std::uint8_t i = 0; i < 0x40; ++i) file.push_back(i);
  append(file, *from_hex("08691c00500004000700000040000c00010000000203040005000000"
                         "07692800100020004908136619ecd55f70e252f4e0d2d02a86c13ac5a9857c214e89a622"
                         "2be9b24c"));
  const auto facts = read_facts(file);
  REQUIRE(facts.has_value());
  CHECK(facts->format == "mcuboot");
  CHECK(facts->version == "1.2.3+4");
  file[40] = 0;
  check_code(read_facts(file), make_error_code(Errc::bad_image));
  CHECK(read_facts(as_bytes("\xe9 no image"))->format == "raw");
  CHECK(read_facts({})->format == "raw");
  check_code(read_facts(as_bytes(":00000001FF\n")), make_error_code(Errc::bad_image));
}

TEST_CASE("bundles for Linux say their version and name") {
  const auto vector = [](const char* name) {
    return read_bytes(fs::path(tests::source_dir()) / "tests/vectors/ota" / name);
  };
  const Bytes archive = vector("signed.swu");
  CHECK(read_facts(archive)->format == "swu");
  CHECK(read_facts(archive)->version == "1.0.1");
  const Bytes bundle = vector("verity.raucb");
  CHECK(read_facts(bundle)->format == "rauc");
  CHECK(read_facts(bundle)->version == "1.2.3");
  CHECK(read_facts(bundle)->project == "board");
  Bytes damaged = bundle;
  damaged.at(100) = static_cast<std::uint8_t>(damaged.at(100) ^ 1);
  check_code(read_facts(damaged), make_error_code(Errc::bad_image));
}

TEST_CASE("an ELF file is whole, or it is refused") {
  // ELF-64 Object File Format, version 1.5: headers of 64, 56 and 64 bytes; a segment of the
  // last 16.
  Bytes wide(64 + 56 + 2 * 64 + 16);
  const auto put = [](Bytes& file, std::size_t at, std::initializer_list<std::uint8_t> bytes) {
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(wide, 0, {0x7F, 'E', 'L', 'F', 2, 1, 1});
  put(wide, 32, {64});                     // program headers
  put(wide, 40, {120});                    // section headers
  put(wide, 54, {56, 0, 1, 0, 64, 0, 2});  // sizes and counts
  put(wide, 64, {1});                      // PT_LOAD
  put(wide, 64 + 8, {248});                // its offset
  put(wide, 64 + 32, {16});                // its size in the file
  put(wide, 120 + 64 + 4, {8});            // a section of zeros that the file does not have
  put(wide, 120 + 64 + 24, {0xFF, 0xFF, 0xFF});
  put(wide, 120 + 64 + 32, {0xFF, 0xFF, 0xFF});
  CHECK(read_facts(wide)->format == "elf");
  for (std::size_t size = 4; size < wide.size(); ++size) {
    CAPTURE(size);
    check_code(read_facts(ByteSpan(wide).first(size)), make_error_code(image::Errc::bad_elf));
  }
  put(wide, 120 + 64 + 4, {1});  // one with contents
  check_code(read_facts(wide), make_error_code(image::Errc::bad_elf));
  // The same of 32 bits, big-endian: headers of 52, 32 and 40 bytes.
  Bytes narrow(52 + 32 + 40 + 16);
  put(narrow, 0, {0x7F, 'E', 'L', 'F', 1, 2, 1});
  put(narrow, 31, {52});
  put(narrow, 35, {84});
  put(narrow, 42, {0, 32, 0, 1, 0, 40, 0, 1});
  put(narrow, 52 + 3, {1});
  put(narrow, 52 + 7, {124});
  put(narrow, 52 + 19, {16});
  CHECK(read_facts(narrow)->format == "elf");
  check_code(read_facts(ByteSpan(narrow).first(narrow.size() - 1)),
             make_error_code(image::Errc::bad_elf));
  check_code(read_facts(as_bytes("\x7f"
                                 "ELF")),
             make_error_code(image::Errc::bad_elf));
}

TEST_CASE("a header of MCUboot alone is no image") {
  const Bytes header =
      *from_hex("3db8f3960000000020001c004000000000000000010203000400000000000000");
  for (const std::size_t size : {4, 20, 31, 32}) {
    check_code(read_facts(ByteSpan(header).first(size)), make_error_code(image::Errc::truncated));
  }
}

TEST_CASE("keys are added, rotated and revoked, and clients follow from the first root") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  tuf::Stored old_client = maker.first_trust();
  REQUIRE(maker.client(old_client).has_value());
  KeyChange change{.folder = maker.repository(),
                   .action = KeyAction::add,
                   .role = "root",
                   .key = maker.key("root2"),
                   .new_key = {},
                   .threshold = 2,
                   .signing = maker.keys({"root"})};
  REQUIRE(change_key(change, maker.now).has_value());
  check_code(change_key(change, maker.now), make_error_code(Errc::unknown_key));

  change.action = KeyAction::rotate;
  change.new_key = maker.key("root3");
  change.threshold = std::nullopt;
  const auto lacking = change_key(change, maker.now);  // the old root wants both of its keys
  check_code(lacking, make_error_code(Errc::missing_key));
  CHECK(lacking.error().message().find("root: 1 of 2") != std::string::npos);
  change.signing = maker.keys({"root", "root2"});
  const auto rotated = change_key(change, maker.now);
  REQUIRE(rotated.has_value());
  CHECK(rotated->root_version == 3);
  CHECK(rotated->written == std::vector<std::string>{"3.root.json"});

  // A new key of targets signs the list anew, and what announces it.
  change = {.folder = maker.repository(),
            .action = KeyAction::rotate,
            .role = "targets",
            .key = maker.key("targets-ec"),
            .new_key = maker.key("targets2"),
            .threshold = std::nullopt,
            .signing = maker.keys({"root", "root3"})};
  check_code(change_key(change, maker.now), make_error_code(Errc::missing_key));
  change.signing = maker.keys({"root", "root3", "online"});
  const auto moved = change_key(change, maker.now);
  REQUIRE(moved.has_value());
  CHECK(moved->written == std::vector<std::string>{"2.targets.json", "2.snapshot.json",
                                                   "4.root.json", "timestamp.json"});
  REQUIRE(maker.client(old_client).has_value());
  tuf::Stored fresh = maker.first_trust();
  REQUIRE(maker.client(fresh).has_value());
  CHECK(fresh.root == old_client.root);
  check_code(add_artifact(maker.request("lamp.bin", "hello", "1.0"), maker.now),
             make_error_code(Errc::missing_key));

  change.action = KeyAction::revoke;
  change.role = "root";
  change.key = "0000000000";
  check_code(change_key(change, maker.now), make_error_code(Errc::unknown_key));
  change.key = maker.key("root");
  check_code(change_key(change, maker.now), make_error_code(Errc::bad_role));  // 2 of 1
  change.threshold = 1;
  REQUIRE(change_key(change, maker.now).has_value());
  const auto status = repository_status(maker.repository(), maker.now);
  REQUIRE(status.has_value());
  CHECK(status->ok());
  CHECK(status->roles.front().keys.size() == 1);
  REQUIRE(maker.client(old_client).has_value());
  change.role = "owner";
  check_code(change_key(change, maker.now), make_error_code(Errc::bad_role));
}

TEST_CASE("a refresh renews what is due and says which keys it lacks") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  RefreshRequest request{
      .folder = maker.repository(), .within = std::nullopt, .signing = maker.keys({"online"})};
  const auto nothing = refresh_repository(request, maker.now);
  REQUIRE(nothing.has_value());
  CHECK(nothing->written.empty());

  maker.now += 4 * day;  // half of the timestamp's 7 days
  auto renewed = refresh_repository(request, maker.now);
  REQUIRE(renewed.has_value());
  CHECK(renewed->written == std::vector<std::string>{"timestamp.json"});
  CHECK(renewed->expires == "2030-01-12T00:00:00Z");
  maker.now += 46 * day;  // the snapshot has expired, the targets have 40 days of 90
  renewed = refresh_repository(request, maker.now);
  REQUIRE(renewed.has_value());
  CHECK(renewed->written == std::vector<std::string>{"2.snapshot.json", "timestamp.json"});
  REQUIRE(renewed->needed.size() == 1);
  CHECK(renewed->needed.front().role == "targets");
  CHECK(renewed->needed.front().expires == "2030-04-01T00:00:00Z");
  request.within = 5 * day;
  renewed = refresh_repository(request, maker.now);
  REQUIRE(renewed.has_value());
  CHECK(renewed->written.empty());
  CHECK(renewed->needed.empty());

  maker.now += 41 * day;
  check_code(refresh_repository(request, maker.now), make_error_code(Errc::missing_key));
  const auto status = repository_status(maker.repository(), maker.now);
  REQUIRE(status.has_value());
  CHECK_FALSE(status->ok());
  CHECK(status->roles.at(1).expired);
  CHECK(status->roles.at(1).valid);
  CHECK(status->roles.at(1).remaining_s == -(day.count()));
  request.signing = maker.keys({"online", "targets-ec", "root"});
  renewed = refresh_repository(request, maker.now);
  REQUIRE(renewed.has_value());
  CHECK(renewed->written ==
        std::vector<std::string>{"2.targets.json", "3.snapshot.json", "timestamp.json"});
  tuf::Stored stored = maker.first_trust();
  CHECK(maker.client(stored).has_value());
}

TEST_CASE("a change that is cut off at any file leaves a repository, and the next one goes on") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  const fs::path metadata = fs::path(maker.repository()) / "metadata";
  const fs::path before = maker.path("before"), after = maker.path("after");
  fs::copy(metadata, before);
  KeyChange change{.folder = maker.repository(),
                   .action = KeyAction::rotate,
                   .role = "timestamp",
                   .key = maker.key("online"),
                   .new_key = maker.key("online2"),
                   .threshold = std::nullopt,
                   .signing = maker.keys({"root"})};
  const auto changed = change_key(change, maker.now);
  REQUIRE(changed.has_value());
  fs::copy(metadata, after);
  for (std::size_t count = 0; count <= changed->written.size(); ++count) {
    fs::remove_all(metadata);
    fs::copy(before, metadata);
    for (std::size_t i = 0; i < count; ++i) {
      fs::copy(after / changed->written[i], metadata / changed->written[i],
               fs::copy_options::overwrite_existing);
    }
    tuf::Stored stored{.root = read_bytes(before / "1.root.json"),
                       .timestamp = read_bytes(before / "timestamp.json"),
                       .snapshot = read_bytes(before / "1.snapshot.json"),
                       .targets = read_bytes(before / "1.targets.json")};
    const auto client = maker.client(stored);
    // Between the root with the new key and the timestamp by it, clients refuse, and keep what they
    // have.
    const bool between = count == 1 && changed->written.front() == "2.root.json";
    CHECK(client.has_value() == !between);
    const SigningKeys all = maker.keys({"root", "targets-ec", "online", "online2"});
    const auto repaired = refresh_repository(
        {.folder = maker.repository(), .within = std::nullopt, .signing = all}, maker.now);
    REQUIRE(repaired.has_value());
    CHECK(repaired->written.empty() == !between);
    CHECK(maker.client(stored).has_value());
  }
  // An initialization that was cut off is made again.
  fs::remove(metadata / "timestamp.json");
  fs::remove(metadata / "1.snapshot.json");
  check_code(repository_status(maker.repository(), maker.now),
             make_error_code(Errc::no_repository));
  CHECK(maker.init().has_value());
}

TEST_CASE("a list of targets that someone has changed is not signed again") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  const std::string file = maker.repository() + "/metadata/1.targets.json";
  std::string text = to_string(read_bytes(file));
  const auto at = text.find("\"targets\":{}");
  REQUIRE(at != std::string::npos);
  text.replace(
      at, 12,
      R"("targets":{"x":{"hashes":{"sha256":")" + std::string(64, '0') + R"("},"length":1}})");
  maker.folder.write("repository/metadata/1.targets.json", text);
  const RefreshRequest request{.folder = maker.repository(),
                               .within = 400 * day,
                               .signing = maker.keys({"root", "targets-ec", "online"})};
  CHECK_FALSE(refresh_repository(request, maker.now).has_value());
  CHECK_FALSE(add_artifact(maker.request("lamp.bin", "hello", "1.0"), maker.now).has_value());
}

TEST_CASE("a repository that other software has made is maintained") {
  // The files that python-tuf and tuf-js accept (tests/unit/protocol/tuf): keys of seeds that are
  // one byte 32 times.
  Maker maker;
  fs::create_directories(maker.repository() + "/metadata");
  const fs::path seeds = fs::path(tests::source_dir()) / "tests/fuzz/corpus/tuf_metadata";
  for (const char* name : {"1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"}) {
    fs::copy(seeds / name, fs::path(maker.repository()) / "metadata" / name);
  }
  AddRequest request = maker.request("lamp.bin", "hello", "1.0.0");
  request.signing.keys.clear();
  for (std::uint8_t seed = 1; seed <= 4; ++seed) {
    const std::string file = maker.path("seed" + std::to_string(seed));
    const auto key = crypto::PrivateKey::from_raw(crypto::KeyType::ed25519, Bytes(32, seed));
    REQUIRE(key->write(file).has_value());
    request.signing.keys.push_back(file);
  }
  tuf::Stored stored = maker.first_trust();
  REQUIRE(maker.client(stored).has_value());
  REQUIRE(add_artifact(request, maker.now).has_value());
  const auto updater = maker.client(stored);
  REQUIRE(updater.has_value());
  CHECK(updater->find("lamp/1.0.0/lamp.bin").has_value());
  CHECK(updater->find("fw.bin").has_value());
  const auto status = repository_status(maker.repository(), maker.now);
  REQUIRE(status.has_value());
  CHECK(status->roles.at(3).expires == "2030-01-08T00:00:00Z");
}

TEST_CASE("keys are generated once, with a passphrase from a file") {
  Maker maker;
  maker.folder.write("secret", "correct horse\n");
  KeygenRequest request{
      .file = maker.path("new"), .kind = KeyKind::ecdsa_p256, .secret_file = maker.path("secret")};
  check_code(generate_key(request), make_error_code(crypto::Errc::readable_by_others));
  fs::permissions(maker.path("secret"), fs::perms::owner_read);
  const auto made = generate_key(request);
  REQUIRE(made.has_value());
  check_code(generate_key(request), make_error_code(crypto::Errc::key_exists));
  check_code(crypto::load_signer(request.file), make_error_code(crypto::Errc::needs_passphrase));
  const auto key = crypto::load_signer(request.file, "correct horse");
  REQUIRE(key.has_value());
  CHECK((*key)->public_key().pem() == made->public_key);
  CHECK(tuf::Key::of((*key)->public_key()).id() == made->id);
}
