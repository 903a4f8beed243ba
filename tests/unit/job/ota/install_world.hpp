#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>

#include "job/ota/error.hpp"
#include "job/ota/install/installer.hpp"
#include "job/ota/install/state.hpp"
#include "net/error.hpp"
#include "protocol/tuf/artifact.hpp"
#include "protocol/tuf/metadata.hpp"
#include "support/virtual_clock.hpp"

/// A device and a repository in memory, for the tests of installations.
namespace aiot::ota {

/// A disk that loses power at a write: the one half of which is done. After that, all fails until
/// reboot().
class MemoryDisk final : public Disk {
 public:
  enum class Cut {
    process,  ///< what was written stays
    power,    ///< what was not synced is lost
  };
  std::map<std::string, Bytes> files;
  std::size_t writes = 0;             ///< so far
  std::optional<std::size_t> cut_at;  ///< the number of the write that fails
  bool dead = false;

  void reboot(Cut cut) {
    if (cut == Cut::power) files = synced_;
    synced_ = files;
    dead = false;
    cut_at.reset();
    writes = 0;
  }
  void put(const std::string& path, Bytes content) {
    files[path] = synced_[path] = std::move(content);
  }

  Result<std::optional<Bytes>> read(const std::string& path) override {
    if (dead) return failed();
    const auto found = files.find(path);
    return found == files.end() ? std::optional<Bytes>() : std::optional(found->second);
  }
  Result<void> replace(const std::string& path, ByteSpan data) override {
    AIOT_CHECK(spend());
    files[path] = synced_[path] = Bytes(data.begin(), data.end());
    return {};
  }
  Result<void> remove(const std::string& path) override {
    AIOT_CHECK(spend());
    files.erase(path);
    return {};
  }
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, bool create) override {
    if (dead || (!create && !files.contains(path))) return failed();
    files[path];
    std::unique_ptr<DiskFile> out = std::make_unique<File>(*this, path);
    return out;
  }

 private:
  class File final : public DiskFile {
   public:
    File(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    std::uint64_t size() const override { return disk_.files.at(path_).size(); }
    Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
      const Bytes& content = disk_.files.at(path_);
      if (disk_.dead || offset + into.size() > content.size()) return failed();
      std::copy_n(content.begin() + static_cast<long>(offset), into.size(), into.begin());
      return {};
    }
    Result<void> write(std::uint64_t offset, ByteSpan data) override {
      const Result<void> done = disk_.spend();
      if (!done) data = data.first(data.size() / 2);
      Bytes& content = disk_.files.at(path_);
      content.resize(std::max<std::size_t>(content.size(), offset + data.size()));
      std::copy(data.begin(), data.end(), content.begin() + static_cast<long>(offset));
      return done;
    }
    Result<void> sync() override {
      AIOT_CHECK(disk_.spend());
      disk_.synced_[path_] = disk_.files.at(path_);
      return {};
    }
    Result<void> resize(std::uint64_t size_bytes) override {
      AIOT_CHECK(disk_.spend());
      disk_.files.at(path_).resize(size_bytes);
      return {};
    }

   private:
    MemoryDisk& disk_;
    std::string path_;
  };

  static Error failed() { return make_error(Errc::disk, "cut"); }
  Result<void> spend() {
    if (dead || cut_at == writes) {
      dead = true;
      return failed();
    }
    ++writes;
    return {};
  }
  std::map<std::string, Bytes> synced_;
};

/// A server that has files, and faults.
class MemoryFetch final : public Fetch {
 public:
  std::map<std::string, Bytes> files;
  std::vector<std::string> asked;         ///< "path@from"
  std::set<std::string> endless;          ///< zeros follow these, without end
  std::optional<std::size_t> lose_after;  ///< the link is lost after so many bytes of a transfer
  unsigned losses = 0;                    ///< how often that happens

  net::Task<bool> get(std::string path, std::uint64_t from, OnBytes on_bytes) override {
    asked.push_back(path + (from > 0 ? "@" + std::to_string(from) : ""));
    const auto found = files.find(path);
    if (found == files.end()) co_return false;
    const ByteSpan content =
        ByteSpan(found->second).subspan(std::min<std::size_t>(from, found->second.size()));
    constexpr std::size_t piece_bytes = 1000;
    std::size_t given = 0;
    while (given < content.size()) {
      const std::size_t count = std::min(piece_bytes, content.size() - given);
      AIOT_CO_CHECK(on_bytes(content.subspan(given, count)));
      given += count;
      if (losses > 0 && lose_after && given >= *lose_after) {
        --losses;
        co_return make_error(net::Errc::link_lost);
      }
    }
    const Bytes zeros(piece_bytes);
    for (int i = 0; endless.contains(path) && i < 100000; ++i) {
      AIOT_CO_CHECK(on_bytes(zeros));
    }
    co_return true;
  }
};

/// A repository with one key for each role.
struct World {
  tuf::Time now = *tuf::parse_time("2030-01-01T00:00:00Z");
  std::map<tuf::Role, crypto::PrivateKey> keys;
  tuf::Root root;
  tuf::Targets targets;
  std::uint64_t snapshot_version = 1;
  std::uint64_t timestamp_version = 1;
  bool with_hashes = true;  ///< in the timestamp
  tuf::Time expires = now + std::chrono::hours(24);
  MemoryFetch fetch;
  MemoryDisk disk;
  InstallRequest request;
  std::vector<std::vector<std::string>> commands;
  bool command_fails = false;

  World() {
    std::uint8_t seed = 1;
    for (const tuf::Role role : tuf::all_roles) {
      keys.emplace(role,
                   *crypto::PrivateKey::from_raw(crypto::KeyType::ed25519, Bytes(32, seed++)));
      const tuf::Key key = tuf::Key::of(keys.at(role).public_key());
      root.keys[key.id()] = key;
      root.roles[role] = {{key.id()}, 1};
    }
    root.expires = targets.expires = now + std::chrono::hours(24 * 365);
    request.repository = "https://repository/";
    request.root_file = "root";
    request.product = "lamp";
    request.hardware = "r2";
    request.state_folder = "state";
    request.slots = {"slot-a", "slot-b"};
    disk.put("slot-a", image(1));
    publish();
    disk.put("root", fetch.files.at("metadata/1.root.json"));
  }

  /// An image of 20,000 bytes, one for each `number`.
  static Bytes image(unsigned number) {
    Bytes out(20000 + number);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(i * 7 + i / 256 + number * (i % 997 == 0));
    }
    return out;
  }

  /// A full image of a version; publish() makes it known.
  void add(const std::string& version, const Bytes& content, const std::string& hardware = "r2",
           std::optional<tuf::DeltaInfo> delta = {}) {
    tuf::Artifact artifact;
    artifact.product = "lamp";
    artifact.version = version;
    artifact.hardware = {hardware};
    artifact.format = "raw";
    artifact.delta = delta;
    const std::string path = "lamp/" + version + (delta ? "/fw.delta" : "/fw.bin");
    targets.targets[path] = {content.size(), crypto::sha256(content), tuf::to_custom(artifact)};
    fetch.files["targets/" + tuf::target_file_name(path, targets.targets.at(path), true)] = content;
  }
  Bytes sign(const boost::json::object& part, tuf::Role role) {
    const crypto::Signer* signer = &keys.at(role);
    return *tuf::sign_document(part, std::span(&signer, 1));
  }
  /// Signs all of it anew, under the versions that are set.
  void publish() {
    const auto put = [&](tuf::Role role, std::uint64_t version, Bytes file) -> Bytes& {
      return fetch.files["metadata/" + tuf::file_name(role, version)] = std::move(file);
    };
    put(tuf::Role::root, root.version, sign(to_json(root), tuf::Role::root));
    const Bytes& list =
        put(tuf::Role::targets, targets.version, sign(to_json(targets), tuf::Role::targets));
    tuf::Snapshot snapshot;
    snapshot.version = snapshot_version;
    snapshot.expires = expires;
    snapshot.meta["targets.json"] = {targets.version, list.size(), crypto::sha256(list)};
    const Bytes& seen =
        put(tuf::Role::snapshot, snapshot_version, sign(to_json(snapshot), tuf::Role::snapshot));
    tuf::Timestamp timestamp;
    timestamp.version = timestamp_version;
    timestamp.expires = expires;
    timestamp.snapshot.version = snapshot_version;
    if (with_hashes) timestamp.snapshot = {snapshot_version, seen.size(), crypto::sha256(seen)};
    put(tuf::Role::timestamp, timestamp_version, sign(to_json(timestamp), tuf::Role::timestamp));
  }
  void publish_next() {
    ++targets.version;
    ++snapshot_version;
    ++timestamp_version;
    publish();
  }

  Result<InstallResult> install() {
    net::VirtualClock clock;
    boost::asio::io_context context;
    InstallEnvironment environment{
        &disk, &fetch, &clock, now, [this](const auto& command) {
          commands.push_back(command);
          return command_fails ? Result<void>(make_error(Errc::hand_off_failed)) : Result<void>();
        }};
    return clock.run(context, [&] { return install_in(environment, request, null_sink()); });
  }
  std::string install_code() {
    const Result<InstallResult> result = install();
    return result ? "installed" : result.error().stable_code();
  }
  BootChoice boot() { return *choose_boot(disk, "state", 3); }
  /// What the device boots: the content of the slot, counting a boot.
  Bytes boot_content() { return disk.files.at(request.slots.at(boot().slot)); }
  Result<ConfirmResult> confirm(bool roll_back = false) {
    return confirm_on(disk, {"state", roll_back});
  }
};

}  // namespace aiot::ota
