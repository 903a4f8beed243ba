#include <algorithm>
#include <cstring>

#include "unit/job/ota/install_world.hpp"

using namespace aiot;
using namespace aiot::ota;

namespace {

SlotState state_of(World& world) { return *load_state(world.disk, "state"); }

/// The file of the one target.
Bytes& target(World& world) {
  const auto found = std::ranges::find_if(
      world.fetch.files, [](const auto& file) { return file.first.starts_with("targets/"); });
  REQUIRE(found != world.fetch.files.end());
  return found->second;
}

}  // namespace

TEST_CASE("install: the new image boots on trial, and stays once it is confirmed") {
  World world;
  world.add("1.0.0", World::image(1));
  world.add("1.1.0", World::image(2));
  world.publish_next();
  const Result<InstallResult> result = world.install();
  REQUIRE(result.has_value());
  CHECK(result->state == InstallState::installed);
  CHECK(result->version == "1.1.0");
  CHECK(result->version_before == "1.0.0");  // found by the hash of what runs
  CHECK(result->slot == "b");
  CHECK(result->path == "slot-b");
  CHECK(result->received_bytes == World::image(2).size());
  CHECK(world.disk.files.at("slot-a") == World::image(1));
  CHECK(world.install()->state == InstallState::installed);        // nothing to do but to boot it
  CHECK(world.confirm().error().stable_code() == "ota.no_trial");  // not booted yet

  const BootChoice boot = world.boot();
  CHECK(boot.slot == 1);
  CHECK(boot.is_trial);
  CHECK(world.disk.files.at("slot-b") == World::image(2));
  CHECK(world.install()->state == InstallState::on_trial);  // nothing to do but to confirm it
  CHECK(world.confirm()->changed);
  CHECK(world.confirm()->slot == "b");
  CHECK_FALSE(world.confirm()->changed);
  CHECK_FALSE(world.boot().is_trial);
  CHECK(world.boot().slot == 1);
  CHECK(world.install()->state == InstallState::current);

  // The next one goes into slot a.
  world.add("1.2.0", World::image(3));
  world.publish_next();
  CHECK(world.install()->slot == "a");
  CHECK(world.boot_content() == World::image(3));
  CHECK(world.disk.files.at("slot-b") == World::image(2));
}

TEST_CASE("install: a trial that is never confirmed is rolled back, and not installed again") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  REQUIRE(world.install().has_value());
  for (int i = 0; i < 3; ++i) CHECK(world.boot().is_trial);
  const BootChoice after = world.boot();
  CHECK(after.rolled_back);
  CHECK(after.slot == 0);
  CHECK_FALSE(world.boot().rolled_back);
  CHECK(world.boot_content() == World::image(1));
  CHECK(world.install_code() == "ota.rolled_back");
  world.request.again = true;
  CHECK(world.install_code() == "installed");
  world.request.again = false;
  CHECK(world.boot().is_trial);
  CHECK(world.confirm(true)->changed);  // a health check failed
  CHECK(world.boot().slot == 0);
  CHECK(world.install_code() == "ota.rolled_back");
  world.add("1.1.1", World::image(3));
  world.publish_next();
  CHECK(world.install_code() == "installed");
}

TEST_CASE("install: while a trial runs, the slot to fall back on stays") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  REQUIRE(world.install().has_value());
  world.add("1.2.0", World::image(3));
  world.publish_next();
  // Not booted yet: the newer one takes its place.
  CHECK(world.install()->version == "1.2.0");
  CHECK(world.boot_content() == World::image(3));
  world.add("1.3.0", World::image(4));
  world.publish_next();
  CHECK(world.install_code() == "ota.trial_runs");
  CHECK(world.disk.files.at("slot-a") == World::image(1));
}

TEST_CASE("install: a slot whose content is not the image is not booted") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  REQUIRE(world.install().has_value());
  world.disk.files.at("slot-b")[777] ^= 1;
  const BootChoice boot = world.boot();
  CHECK(boot.rolled_back);
  CHECK(boot.slot == 0);
}

TEST_CASE("install: a lost link goes on where it ended, in this run or the next") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  world.fetch.lose_after = 6000;
  world.fetch.losses = 2;
  CHECK(world.install_code() == "installed");
  const auto& asked = world.fetch.asked;
  CHECK(
      std::ranges::any_of(asked, [](const auto& name) { return name.ends_with("fw.bin@12000"); }));
  CHECK(world.boot_content() == World::image(2));

  World again;
  again.add("1.1.0", World::image(2));
  again.publish_next();
  const std::size_t metadata = 4;
  again.fetch.lose_after = 5000;
  again.fetch.losses = 2;
  again.request.timeout = std::chrono::milliseconds(0);
  // The network is gone after the second piece.
  struct Gone final : Fetch {
    MemoryFetch& inner;
    std::size_t calls = 0;
    explicit Gone(MemoryFetch& fetch) : inner(fetch) {}
    net::Task<bool> get(std::string path, std::uint64_t from, OnBytes on_bytes) override {
      if (++calls > metadata + 2) co_return make_error(net::Errc::refused);
      Result<bool> got = co_await inner.get(path, from, on_bytes);
      co_return got;
    }
  } gone(again.fetch);
  {
    net::VirtualClock clock;
    boost::asio::io_context context;
    InstallEnvironment environment{&again.disk, &gone, &clock, again.now, {}};
    const auto result =
        clock.run(context, [&] { return install_in(environment, again.request, null_sink()); });
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == net::Errc::refused);
  }
  CHECK(state_of(again).write->done_bytes >= 5000);
  CHECK(again.boot().slot == 0);
  const Result<InstallResult> result = again.install();
  REQUIRE(result.has_value());
  CHECK(result->resumed_at_bytes >= 5000);
  CHECK(result->received_bytes == World::image(2).size() - result->resumed_at_bytes);
  CHECK(again.boot_content() == World::image(2));
}

TEST_CASE("install: half of another image is not resumed") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  SlotState state;
  state.write = PartialWrite{crypto::sha256(World::image(9)), 5000};
  REQUIRE(save_state(world.disk, "state", state).has_value());
  world.disk.put("slot-b", Bytes(30000, 0xEE));
  CHECK(world.install()->resumed_at_bytes == 0);
  CHECK(world.boot_content() == World::image(2));
  // One that claims to be on the disk and is not costs a run, not the device.
  World lied;
  lied.add("1.1.0", World::image(2));
  lied.publish_next();
  state.write = PartialWrite{crypto::sha256(World::image(2)), 5000};
  REQUIRE(save_state(lied.disk, "state", state).has_value());
  CHECK(lied.install_code() == "tuf.hash");
  CHECK(lied.boot().slot == 0);
  CHECK(lied.install_code() == "installed");
}

TEST_CASE("install: what it must not install has an error of its own") {
  World world;
  world.add("1.0.0", World::image(1));
  world.publish_next();
  CHECK(world.install()->state == InstallState::current);
  world.request.product = "kettle";
  CHECK(world.install_code() == "ota.wrong_product");
  world.request.product = "lamp";
  world.request.hardware = "r3";
  CHECK(world.install_code() == "ota.wrong_hardware");
  world.request.hardware = "r2";

  world.targets.targets.clear();
  world.add("0.9.0", World::image(2));
  world.publish_next();
  CHECK(world.install_code() == "ota.older_version");
  world.request.dry_run = true;
  world.request.allow_older = true;
  CHECK(world.install()->state == InstallState::available);
  CHECK_FALSE(world.disk.files.contains("slot-b"));
  world.request.dry_run = false;
  CHECK(world.install_code() == "installed");
}

TEST_CASE("install: each attack on the repository is refused with an error of its own") {
  struct Attack {
    std::string name;
    void (*prepare)(World&);
    std::string code;
  };
  const std::vector<Attack> attacks = {
      {"rollback",
       [](World& world) {
         world.timestamp_version = 1;
         world.publish();
       },
       "tuf.rollback"},
      {"freeze", [](World& world) { world.now += std::chrono::hours(48); }, "tuf.expired"},
      {"fast-forward",
       [](World& world) {
         world.timestamp_version = 1ULL << 40;
         world.publish();
       },
       "tuf.fast_forward"},
      {"mix and match: another snapshot than the timestamp names",
       [](World& world) {
         const std::uint64_t old = world.snapshot_version;
         world.with_hashes = false;
         world.publish_next();
         world.fetch
             .files["metadata/" + tuf::file_name(tuf::Role::snapshot, world.snapshot_version)] =
             world.fetch.files.at("metadata/" + tuf::file_name(tuf::Role::snapshot, old));
       },
       "tuf.mix_and_match"},
      {"another snapshot than the timestamp has the hash of",
       [](World& world) {
         const std::uint64_t old = world.snapshot_version;
         world.publish_next();
         world.fetch
             .files["metadata/" + tuf::file_name(tuf::Role::snapshot, world.snapshot_version)] =
             world.fetch.files.at("metadata/" + tuf::file_name(tuf::Role::snapshot, old));
       },
       "tuf.hash"},
      {"endless metadata",
       [](World& world) { world.fetch.endless.insert("metadata/timestamp.json"); },
       "tuf.endless_data"},
      {"endless target",
       [](World& world) {
         for (const auto& [path, file] : world.fetch.files) {
           if (path.starts_with("targets/")) world.fetch.endless.insert(path);
         }
       },
       "tuf.endless_data"},
      {"wrong key",
       [](World& world) {
         world.keys.at(tuf::Role::timestamp) =
             *crypto::PrivateKey::from_raw(crypto::KeyType::ed25519, Bytes(32, 77));
         world.publish_next();
       },
       "tuf.key"},
      {"below threshold",
       [](World& world) {
         // Two keys of targets are needed from now on; one signs.
         const auto other = crypto::PrivateKey::from_raw(crypto::KeyType::ed25519, Bytes(32, 78));
         const tuf::Key key = tuf::Key::of(other->public_key());
         world.root.keys[key.id()] = key;
         world.root.roles[tuf::Role::targets].keyids.push_back(key.id());
         world.root.roles[tuf::Role::targets].threshold = 2;
         ++world.root.version;
         world.publish_next();
       },
       "tuf.threshold"},
      {"a changed target", [](World& world) { target(world)[100] ^= 1; }, "tuf.hash"},
      {"a shorter target", [](World& world) { target(world).pop_back(); }, "tuf.hash"},
      {"a missing target",
       [](World& world) {
         std::erase_if(world.fetch.files,
                       [](const auto& file) { return file.first.starts_with("targets/"); });
       },
       "tuf.missing"},
      {"changed metadata",
       [](World& world) {
         Bytes& file = world.fetch.files.at("metadata/timestamp.json");
         file[file.size() / 2] ^= 1;
       },
       ""},
  };
  for (const Attack& attack : attacks) {
    INFO(attack.name);
    World world;
    world.publish_next();
    // The device has seen version 2 of everything, without anything to install.
    CHECK(world.install_code() == "ota.wrong_product");
    world.add("1.1.0", World::image(2));
    world.publish();  // under the versions that it has seen
    world.publish_next();
    attack.prepare(world);
    const std::string code = world.install_code();
    INFO(code);
    CHECK(code != "installed");
    if (!attack.code.empty()) CHECK(code == attack.code);
    CHECK_FALSE(world.boot().is_trial);
    CHECK(world.boot_content() == World::image(1));
  }
}

TEST_CASE("install: cut off at any write, the device boots the old image or the new one") {
  for (const MemoryDisk::Cut cut : {MemoryDisk::Cut::process, MemoryDisk::Cut::power}) {
    std::size_t cuts = 0;
    for (bool cut_off = true; cut_off; ++cuts) {
      CAPTURE(cuts);
      World world;
      world.add("1.0.0", World::image(1));
      world.add("1.1.0", World::image(2));
      world.publish_next();
      world.disk.cut_at = cuts;
      cut_off = !world.install().has_value();
      world.disk.reboot(cut);
      CHECK(world.disk.files.at("slot-a") == World::image(1));
      {
        const MemoryDisk before = world.disk;
        const Bytes booted = world.boot_content();
        CHECK((booted == World::image(1) || booted == World::image(2)));
        world.disk = before;
      }
      const Result<InstallResult> again = world.install();  // goes on
      REQUIRE(again.has_value());
      CHECK(again->state == InstallState::installed);
      CHECK(world.boot_content() == World::image(2));
      CHECK(world.confirm()->changed);
    }
    CHECK(cuts > 25);
  }
}

namespace {

/// A world whose repository has a delta from the image that runs.
void offer_delta(World& world) {
  world.add("1.0.0", World::image(1));
  world.add("1.1.0", World::image(2));
  const Bytes source = World::image(1);
  const Bytes result = World::image(2);
  const Result<image::Delta> delta = image::make_delta(source, result);
  REQUIRE(delta.has_value());
  REQUIRE(delta->file.size() < result.size() / 2);
  tuf::DeltaInfo info;
  info.format = tuf::delta_format;
  info.from = crypto::sha256(source);
  info.to = crypto::sha256(result);
  info.to_bytes = result.size();
  world.add("1.1.0", delta->file, "r2", info);
  world.publish_next();
}

}  // namespace

TEST_CASE("install: a delta from the image that runs") {
  World world;
  offer_delta(world);
  const Result<InstallResult> result = world.install();
  REQUIRE(result.has_value());
  CHECK(result->delta);
  CHECK(result->received_bytes < World::image(2).size() / 2);
  CHECK_FALSE(world.disk.files.contains("state/delta"));
  CHECK(world.boot_content() == World::image(2));

  // A slot that is a partition is longer than its image.
  World longer;
  longer.add("1.0.0", World::image(1));
  longer.publish_next();
  CHECK(longer.install()->state == InstallState::current);
  Bytes partition = World::image(1);
  partition.resize(30000, 0xFF);
  longer.disk.put("slot-a", partition);
  offer_delta(longer);
  CHECK(longer.install()->delta);
  CHECK(longer.boot_content() == World::image(2));
}

TEST_CASE("install: a delta that cannot be used costs nothing but its bytes") {
  World world;
  offer_delta(world);
  CHECK(world.install_code() == "installed");  // learns what runs
  World changed;
  changed.add("1.0.0", World::image(1));
  changed.publish_next();
  CHECK(changed.install()->state == InstallState::current);
  changed.disk.files.at("slot-a")[500] ^= 1;  // somebody wrote to what runs
  const Bytes booted = changed.disk.files.at("slot-a");
  offer_delta(changed);
  const Result<InstallResult> result = changed.install();
  REQUIRE(result.has_value());
  CHECK_FALSE(result->delta);
  CHECK(changed.disk.files.at("slot-a") == booted);
  CHECK(changed.boot_content() == World::image(2));

  World damaged;
  offer_delta(damaged);
  for (auto& [path, file] : damaged.fetch.files) {
    if (path.ends_with(".delta")) file[file.size() / 2] ^= 1;
  }
  CHECK_FALSE(damaged.install()->delta);
  CHECK(damaged.boot_content() == World::image(2));
  World plain;
  offer_delta(plain);
  plain.request.use_deltas = false;
  CHECK_FALSE(plain.install()->delta);
}

TEST_CASE("install: with a delta, cut off at any write") {
  for (const MemoryDisk::Cut cut : {MemoryDisk::Cut::process, MemoryDisk::Cut::power}) {
    std::size_t cuts = 0;
    for (bool cut_off = true; cut_off; ++cuts) {
      CAPTURE(cuts);
      World world;
      offer_delta(world);
      world.disk.cut_at = cuts;
      cut_off = !world.install().has_value();
      world.disk.reboot(cut);
      {
        const MemoryDisk before = world.disk;
        const Bytes booted = world.boot_content();
        CHECK((booted == World::image(1) || booted == World::image(2)));
        world.disk = before;
      }
      REQUIRE(world.install().has_value());
      CHECK(world.boot_content() == World::image(2));
    }
    CHECK(cuts > 12);
  }
}

TEST_CASE("install: cut off while it boots, confirms or rolls back") {
  World world;
  world.add("1.1.0", World::image(2));
  world.publish_next();
  REQUIRE(world.install().has_value());
  const MemoryDisk installed = world.disk;
  world.disk.cut_at = world.disk.writes;
  // What cannot be counted is no boot of the trial.
  const auto uncounted = choose_boot(world.disk, "state", 3);
  REQUIRE(uncounted.has_value());
  CHECK_FALSE(uncounted->is_trial);
  CHECK(uncounted->slot == 0);
  CHECK(uncounted->unreadable.has_value());
  world.disk.reboot(MemoryDisk::Cut::power);
  CHECK(world.boot_content() == World::image(2));
  for (const bool roll_back : {false, true}) {
    world.disk = installed;
    CHECK(world.boot().is_trial);
    world.disk.cut_at = world.disk.writes;
    CHECK_FALSE(world.confirm(roll_back).has_value());
    world.disk.reboot(MemoryDisk::Cut::power);
    CHECK(world.boot().is_trial);  // as before
    CHECK(world.confirm(roll_back)->changed);
    CHECK(world.boot_content() == World::image(roll_back ? 1 : 2));
  }
}

TEST_CASE("install: a program that has the slots gets a verified file") {
  World world;
  world.request.slots.clear();
  world.request.hand_off = {"rauc", "install"};
  world.add("1.1.0", World::image(2));
  world.publish_next();
  world.command_fails = true;
  CHECK(world.install_code() == "ota.hand_off");
  REQUIRE(world.commands.size() == 1);
  CHECK(world.commands[0] == std::vector<std::string>{"rauc", "install", "state/download-fw.bin"});
  CHECK(world.disk.files.at("state/download-fw.bin") == World::image(2));
  world.command_fails = false;
  world.fetch.asked.clear();
  CHECK(world.install()->received_bytes == 0);  // the file was there
  CHECK_FALSE(world.disk.files.contains("state/download-fw.bin"));
  CHECK(world.commands.size() == 2);
  CHECK(world.install()->state == InstallState::on_trial);
  CHECK(world.commands.size() == 2);
  CHECK(world.confirm()->version == "1.1.0");
  CHECK(world.install()->state == InstallState::current);
}

TEST_CASE("install: the copy of a state that is damaged counts") {
  World world;
  world.add("1.0.0", World::image(1));
  world.add("1.1.0", World::image(2));
  world.publish_next();
  REQUIRE(world.install().has_value());
  const Bytes state = world.disk.files.at("state/state.json");
  CHECK(world.disk.files.at("state/state.copy.json") == state);
  world.disk.put("state/state.json", Bytes{'{'});
  const auto choice = choose_boot(world.disk, "state", 3);
  REQUIRE(choice.has_value());
  CHECK(choice->from_copy);
  CHECK(choice->is_trial);
  CHECK_FALSE(choose_boot(world.disk, "state", 3)->from_copy);
}

TEST_CASE("install: a state that is damaged is never guessed at") {
  World world;
  for (const char* text : {"", "{}", "[]", "{\"format\":\"aiot.slots/2\"}", "\xFF",
                           R"({"format":"aiot.slots/1","confirmed":"a","on_trial":true,"boots":0,)"
                           R"("slots":[{"path":""},{"path":""}]})"}) {
    CAPTURE(text);
    world.disk.put("state/state.json", Bytes(text, text + std::strlen(text)));
    CHECK(world.install_code() == "ota.slot_state");
    CHECK(choose_boot(world.disk, "state", 3).error().stable_code() == "ota.slot_state");
  }
}
