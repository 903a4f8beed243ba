#include "job/ota/install/installer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "job/ota/error.hpp"
#include "job/ota/install/state.hpp"
#include "net/error.hpp"
#include "protocol/tuf/artifact.hpp"
#include "protocol/tuf/updater.hpp"

namespace aiot::ota {
namespace {

using namespace std::chrono_literals;

/// Between two records of how far a slot is written: what a cut costs at most.
constexpr std::uint64_t record_bytes = std::uint64_t{4} << 20;
/// Tries without a byte of progress before a download is given up, and the pause between them.
constexpr unsigned most_tries = 5;
constexpr std::chrono::seconds pause_time{1};
constexpr std::string_view metadata_roles[] = {"root", "timestamp", "snapshot", "targets"};

/// An image, and where the server has it.
struct Chosen {
  tuf::FoundTarget image;
  tuf::Artifact artifact;
  std::optional<tuf::FoundTarget> delta;
};

/// Writes a slot in order, and keeps on the disk how far it is.
class SlotWriter final : public image::ByteSink {
 public:
  SlotWriter(DiskFile& file, std::uint64_t at, std::uint64_t limit,
             std::function<Result<void>(std::uint64_t)> record)
      : file_(file), at_(at), limit_(limit), recorded_(at), record_(std::move(record)) {}

  std::uint64_t at() const { return at_; }
  Result<void> write(ByteSpan data) override {
    if (data.size() > limit_ - at_) {
      return make_error(tuf::Errc::endless_data, fmt::format("more than {} bytes", limit_),
                        "do not use this server until its owner has repaired it");
    }
    AIOT_CHECK(file_.write(at_, data));
    at_ += data.size();
    return at_ - recorded_ >= record_bytes ? record() : Result<void>();
  }
  /// What was written is on the disk, and so is its length.
  Result<void> record() {
    AIOT_CHECK(file_.sync());
    recorded_ = at_;
    return record_ ? record_(at_) : Result<void>();
  }

 private:
  DiskFile& file_;
  std::uint64_t at_;
  std::uint64_t limit_;
  std::uint64_t recorded_;
  std::function<Result<void>(std::uint64_t)> record_;
};

/// What may be mended by another try: a lost link, a server that is busy.
bool may_try_again(const Error& error) {
  return net::may_come_back(error) || error.code == net::Errc::timed_out;
}

class Installer {
 public:
  Installer(const InstallEnvironment& environment, const InstallRequest& request, EventSink& sink)
      : environment_(environment), request_(request), sink_(sink), disk_(*environment.disk) {}

  net::Task<InstallResult> run();

 private:
  void step(std::string name, double weight) {
    sink_.on_event(event::Step{request_.repository, std::move(name), weight});
  }
  void notice(std::string code, std::string text) {
    sink_.on_event(event::Notice{request_.repository, std::move(code), std::move(text), ""});
  }
  std::string folder(std::string_view name) const {
    return fmt::format("{}/{}", request_.state_folder, name);
  }
  Result<tuf::Stored> load_metadata();
  Result<void> save_metadata(const tuf::Stored& before, const tuf::Stored& now);
  net::Task<void> refresh();
  net::Task<void> fetch_document(const tuf::Wanted& wanted);
  Result<Chosen> choose() const;
  Result<void> learn_running(const tuf::Targets& targets);
  Result<bool> decide(const Chosen& chosen);
  net::Task<void> download(const tuf::FoundTarget& target, SlotWriter& to);
  net::Task<void> write_slot(const Chosen& chosen);
  net::Task<bool> write_by_delta(const Chosen& chosen, DiskFile& slot);
  Result<void> apply(const Chosen& chosen, DiskFile& delta, DiskFile& slot);
  net::Task<void> write_full(const Chosen& chosen, DiskFile& slot);
  net::Task<void> hand_off(const Chosen& chosen);
  Result<void> check_whole(const tuf::FoundTarget& target, DiskFile& file) const;
  Result<void> save() { return save_state(disk_, request_.state_folder, state_); }

  const InstallEnvironment& environment_;
  const InstallRequest& request_;
  EventSink& sink_;
  Disk& disk_;
  InstallResult result_;
  SlotState state_;
  std::optional<tuf::Updater> updater_;
};

Result<tuf::Stored> Installer::load_metadata() {
  tuf::Stored out;
  Bytes* const parts[] = {&out.root, &out.timestamp, &out.snapshot, &out.targets};
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    const std::string path = folder(fmt::format("{}.json", metadata_roles[i]));
    AIOT_TRY(std::optional<Bytes> bytes, disk_.read(path));
    *parts[i] = std::move(bytes).value_or(Bytes());
  }
  if (!out.root.empty()) return out;
  AIOT_TRY(std::optional<Bytes> root, disk_.read(request_.root_file));
  if (!root) {
    return make_error(Errc::disk, request_.root_file + ": no such file",
                      "give the root metadata that the repository's owner hands out");
  }
  out.root = *std::move(root);
  return out;
}

Result<void> Installer::save_metadata(const tuf::Stored& before, const tuf::Stored& now) {
  const Bytes* const old_parts[] = {&before.root, &before.timestamp, &before.snapshot,
                                    &before.targets};
  const Bytes* const parts[] = {&now.root, &now.timestamp, &now.snapshot, &now.targets};
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    if (*parts[i] == *old_parts[i]) continue;
    const std::string path = folder(fmt::format("{}.json", metadata_roles[i]));
    AIOT_CHECK(parts[i]->empty() ? disk_.remove(path) : disk_.replace(path, *parts[i]));
  }
  return {};
}

net::Task<void> Installer::fetch_document(const tuf::Wanted& wanted) {
  Bytes bytes;
  bool is_there = true;
  for (unsigned tries = 1;; ++tries) {
    bytes.clear();
    // One byte more than allowed is enough to refuse it.
    bool is_long = false;
    OnBytes take = [&](ByteSpan piece) -> Result<void> {
      append(bytes, piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(
                        piece.size(), wanted.limit_bytes + 1 - bytes.size()))));
      is_long = bytes.size() > wanted.limit_bytes;
      return is_long ? Result<void>(make_error(tuf::Errc::endless_data)) : Result<void>();
    };
    const std::string path = "metadata/" + wanted.name;
    Result<bool> got = co_await environment_.fetch->get(path, 0, take);
    if (!got && is_long) break;
    if (got) {
      is_there = *got;
      break;
    }
    if (!may_try_again(got.error()) || tries == most_tries) co_return std::move(got).error();
    AIOT_CO_CHECK(co_await environment_.clock->sleep_for(pause_time));
  }
  co_return is_there ? updater_->on_document(bytes) : updater_->on_missing();
}

net::Task<void> Installer::refresh() {
  step("verify metadata", 1);
  AIOT_CO_TRY(const tuf::Stored stored, load_metadata());
  AIOT_CO_TRY(tuf::Updater updater, tuf::Updater::start(stored, environment_.now));
  updater_.emplace(std::move(updater));
  tuf::Stored saved = stored;
  while (updater_->wanted() != nullptr) {
    const tuf::Wanted wanted = *updater_->wanted();
    const Result<void> taken = co_await fetch_document(wanted);
    // Also after an error: what was accepted so far counts against rollback.
    AIOT_CO_CHECK(save_metadata(saved, updater_->stored()));
    saved = updater_->stored();
    AIOT_CO_CHECK(taken);
  }
  co_return Result<void>();
}

Result<Chosen> Installer::choose() const {
  const tuf::Targets& targets = *updater_->targets();
  const auto newest = tuf::newest_artifact(targets, request_.product, request_.hardware);
  if (!newest) {
    const bool has_product = std::ranges::any_of(targets.targets, [&](const auto& entry) {
      const auto artifact = tuf::read_custom(entry.second.custom);
      return artifact && artifact->product == request_.product;
    });
    if (!has_product) {
      return make_error(Errc::wrong_product, request_.product, "check the product and the URL");
    }
    return make_error(Errc::wrong_hardware,
                      fmt::format("{} for {}", request_.product, request_.hardware),
                      "check the hardware that this device is");
  }
  AIOT_TRY(tuf::FoundTarget image, updater_->find(newest->path));
  Chosen out{std::move(image), newest->artifact, std::nullopt};
  const auto& running = state_.slots[state_.confirmed];
  if (request_.use_deltas && request_.hand_off.empty() && running) {
    if (const auto delta = tuf::find_delta(targets, running->sha256, out.image.target.sha256)) {
      AIOT_TRY(out.delta, updater_->find(delta->path));
    }
  }
  return out;
}

/// On a device as it left the factory: the image in its slot may be one that the repository knows.
Result<void> Installer::learn_running(const tuf::Targets& targets) {
  auto& running = state_.slots[state_.confirmed];
  const std::string& path = state_.paths[state_.confirmed];
  if (running || path.empty()) return {};
  AIOT_TRY(const std::unique_ptr<DiskFile> file, disk_.open(path, false));
  // A slot is longer than its image, and one image may begin as another: the longest counts.
  for (const auto& [name, target] : targets.targets) {
    const auto artifact = tuf::read_custom(target.custom);
    if (!artifact || artifact->delta || artifact->product != request_.product ||
        target.length_bytes == 0 || target.length_bytes > file->size() ||
        (running && running->size_bytes >= target.length_bytes)) {
      continue;
    }
    AIOT_TRY(const crypto::Sha256 hash, hash_of(*file, target.length_bytes));
    if (hash == target.sha256) running = SlotRecord{artifact->version, hash, target.length_bytes};
  }
  return running ? save() : Result<void>();
}

/// Whether the image is to be installed. An error when it must not be.
Result<bool> Installer::decide(const Chosen& chosen) {
  const crypto::Sha256& wanted = chosen.image.target.sha256;
  const auto& running = state_.slots[state_.confirmed];
  const auto& other = state_.slots[state_.other()];
  if (state_.on_trial && other->sha256 == wanted) {
    result_.state = state_.boots > 0 ? InstallState::on_trial : InstallState::installed;
    result_.slot = slot_name(state_.other());
    result_.path = state_.paths[state_.other()];
    return false;
  }
  if (state_.on_trial && state_.boots > 0) {
    return make_error(Errc::trial_runs, other->version,
                      "confirm it or roll it back, and install then");
  }
  if (running && running->sha256 == wanted) return false;
  if (running && !request_.allow_older &&
      tuf::compare_versions(chosen.artifact.version, running->version) < 0) {
    return make_error(
        Errc::older_version,
        fmt::format("{} on offer, {} here", chosen.artifact.version, running->version),
        "check the repository; install an older version only on purpose");
  }
  if (state_.rolled_back == wanted && !request_.again) {
    return make_error(Errc::was_rolled_back, chosen.artifact.version,
                      "wait for a newer version, or install it again on purpose");
  }
  return true;
}

net::Task<void> Installer::download(const tuf::FoundTarget& target, SlotWriter& to) {
  const std::string path = "targets/" + target.file_name;
  unsigned tries = 0;
  while (to.at() < target.target.length_bytes) {
    const std::uint64_t before = to.at();
    OnBytes take = [&](ByteSpan piece) -> Result<void> {
      AIOT_CHECK(to.write(piece));
      result_.received_bytes += piece.size();
      sink_.on_event(event::Progress{request_.repository, to.at(), target.target.length_bytes});
      return {};
    };
    Result<bool> got = co_await environment_.fetch->get(path, before, take);
    if (got && !*got) {
      co_return make_error(tuf::Errc::missing, target.path,
                           "check that the repository is uploaded whole");
    }
    if (to.at() == target.target.length_bytes && (got || may_try_again(got.error()))) break;
    if (got) {
      co_return make_error(tuf::Errc::hash_mismatch, target.path + ": it is shorter",
                           "try again; if it stays so, someone may change it");
    }
    if (!may_try_again(got.error())) co_return std::move(got).error().with(target.path);
    tries = to.at() > before ? 1 : tries + 1;
    if (tries >= most_tries) co_return std::move(got).error().with(target.path);
    AIOT_CO_CHECK(co_await environment_.clock->sleep_for(pause_time));
  }
  co_return Result<void>();
}

/// What is on the disk is what the metadata names.
Result<void> Installer::check_whole(const tuf::FoundTarget& target, DiskFile& file) const {
  AIOT_TRY(const crypto::Sha256 hash, hash_of(file, target.target.length_bytes));
  return tuf::check_target(target, target.target.length_bytes, hash).with(target.path);
}

Result<void> Installer::apply(const Chosen& chosen, DiskFile& delta, DiskFile& slot) {
  const SlotRecord& running = *state_.slots[state_.confirmed];
  AIOT_TRY(const std::unique_ptr<DiskFile> source,
           disk_.open(state_.paths[state_.confirmed], false));
  // A slot that is a partition is longer than its image.
  class Prefix final : public image::ByteSource {
   public:
    Prefix(image::ByteSource& whole, std::uint64_t size) : whole_(whole), size_(size) {}
    std::uint64_t size() const override { return size_; }
    Result<void> read(std::uint64_t offset, std::span<std::uint8_t> into) override {
      return whole_.read(offset, into);
    }

   private:
    image::ByteSource& whole_;
    std::uint64_t size_;
  } image(*source, std::min(source->size(), running.size_bytes));
  SlotWriter to(slot, 0, chosen.image.target.length_bytes, {});
  AIOT_CHECK(image::apply_delta(delta, image, to));
  AIOT_CHECK(to.record());
  return check_whole(chosen.image, slot);
}

/// False when the delta cannot be used: the whole image is needed.
net::Task<bool> Installer::write_by_delta(const Chosen& chosen, DiskFile& slot) {
  step("fetch delta", 2);
  const std::string path = folder("delta");
  Result<void> done;
  {
    AIOT_CO_TRY(const std::unique_ptr<DiskFile> file, disk_.open(path, true));
    const std::uint64_t length = chosen.delta->target.length_bytes;
    AIOT_CO_CHECK(file->resize(length));
    SlotWriter to(*file, 0, length, {});
    done = co_await download(*chosen.delta, to);
    if (done) done = check_whole(*chosen.delta, *file);
    if (done) {
      step("apply delta", 4);
      done = apply(chosen, *file, slot);
    }
  }
  AIOT_CO_CHECK(disk_.remove(path));
  if (done) co_return true;
  const Error& why = done.error();
  if (why.code == Errc::disk || why.condition() == Condition::cancelled) {
    co_return std::move(done).error();
  }
  notice("ota.delta_unused", "the delta cannot be used: " + done.error().message());
  co_return false;
}

net::Task<void> Installer::write_full(const Chosen& chosen, DiskFile& slot) {
  step("fetch image", 10);
  const std::uint64_t at = state_.write->done_bytes;
  result_.resumed_at_bytes = at;
  SlotWriter to(slot, at, chosen.image.target.length_bytes, [this](std::uint64_t done) {
    state_.write->done_bytes = done;
    return save();
  });
  const Result<void> done = co_await download(chosen.image, to);
  if (!done) {
    // What has come is worth keeping, unless the disk is what failed.
    if (done.error().code != Errc::disk && to.at() > at) {
      AIOT_CO_CHECK(to.record());
    }
    co_return done;
  }
  AIOT_CO_CHECK(to.record());
  step("verify image", 1);
  const Result<void> whole = check_whole(chosen.image, slot);
  if (!whole) {
    state_.write->done_bytes = 0;  // begin anew: which of the bytes are wrong is not known
    AIOT_CO_CHECK(save());
  }
  co_return whole;
}

net::Task<void> Installer::write_slot(const Chosen& chosen) {
  const tuf::Target& target = chosen.image.target;
  const unsigned slot = state_.other();
  AIOT_CO_TRY(const std::unique_ptr<DiskFile> file, disk_.open(state_.paths[slot], true));
  // Before it is written to, what is in the slot counts no more.
  const bool resumes = state_.write && state_.write->sha256 == target.sha256 &&
                       state_.write->done_bytes <= target.length_bytes;
  if (!resumes) {
    state_.on_trial = false;
    state_.boots = 0;
    state_.slots[slot].reset();
    state_.write = PartialWrite{target.sha256, 0};
  }
  AIOT_CO_CHECK(save());
  AIOT_CO_CHECK(file->resize(target.length_bytes));
  if (chosen.delta && state_.write->done_bytes == 0) {
    AIOT_CO_TRY(result_.delta, co_await write_by_delta(chosen, *file));
  }
  if (!result_.delta) {
    AIOT_CO_CHECK(co_await write_full(chosen, *file));
  }
  state_.write.reset();
  state_.slots[slot] = SlotRecord{chosen.artifact.version, target.sha256, target.length_bytes};
  state_.on_trial = true;
  state_.boots = 0;
  state_.rolled_back.reset();
  AIOT_CO_CHECK(save());
  co_return Result<void>();
}

/// Somebody else has the slots: what counts here is which image it was given.
net::Task<void> Installer::hand_off(const Chosen& chosen) {
  const std::string path =
      folder("download-" + std::filesystem::path(chosen.image.path).filename().string());
  const std::uint64_t length = chosen.image.target.length_bytes;
  if (!state_.write || state_.write->sha256 != chosen.image.target.sha256) {
    state_.write = PartialWrite{chosen.image.target.sha256, 0};
  }
  AIOT_CO_CHECK(save());
  {
    AIOT_CO_TRY(const std::unique_ptr<DiskFile> file, disk_.open(path, true));
    AIOT_CO_CHECK(file->resize(length));
    AIOT_CO_CHECK(co_await write_full(chosen, *file));
  }
  step("install", 5);
  std::vector<std::string> command = request_.hand_off;
  command.push_back(path);
  AIOT_CO_CHECK(environment_.run(command));
  AIOT_CO_CHECK(disk_.remove(path));
  state_.write.reset();
  state_.slots[state_.other()] =
      SlotRecord{chosen.artifact.version, chosen.image.target.sha256, length};
  state_.on_trial = true;
  state_.boots = 1;  // that program counts boots
  AIOT_CO_CHECK(save());
  co_return Result<void>();
}

net::Task<InstallResult> Installer::run() {
  const net::TimePoint begin = environment_.clock->now();
  AIOT_CO_TRY(state_, load_state(disk_, request_.state_folder));
  if (request_.hand_off.empty()) {
    const std::array<std::string, 2> slots = {request_.slots[0], request_.slots[1]};
    if (!state_.paths[0].empty() && state_.paths != slots) {
      co_return make_error(
          Errc::bad_request,
          fmt::format("the slots: {} and {} here before", state_.paths[0], state_.paths[1]),
          "name the slots that the state was made with, or another state folder");
    }
    state_.paths = slots;
  }
  AIOT_CO_CHECK(co_await refresh());
  AIOT_CO_CHECK(learn_running(*updater_->targets()));
  AIOT_CO_TRY(const Chosen chosen, choose());
  result_.product = request_.product;
  result_.version = chosen.artifact.version;
  result_.target = chosen.image.path;
  result_.sha256 = to_hex(chosen.image.target.sha256);
  result_.size_bytes = chosen.image.target.length_bytes;
  result_.slot = slot_name(state_.confirmed);
  if (const auto& running = state_.slots[state_.confirmed]) {
    result_.version_before = running->version;
  }
  AIOT_CO_TRY(const bool needed, decide(chosen));
  if (needed && request_.dry_run) {
    result_.state = InstallState::available;
  } else if (needed) {
    if (request_.hand_off.empty()) {
      AIOT_CO_CHECK(co_await write_slot(chosen));
    } else {
      AIOT_CO_CHECK(co_await hand_off(chosen));
    }
    result_.state = InstallState::installed;
    result_.slot = slot_name(state_.other());
  }
  result_.path = state_.paths[result_.slot == "b" ? 1 : 0];
  result_.seconds = std::chrono::duration<double>(environment_.clock->now() - begin).count();
  co_return result_;
}

}  // namespace

net::Task<InstallResult> install_in(const InstallEnvironment& environment,
                                    const InstallRequest& request, EventSink& sink) {
  Installer installer(environment, request, sink);
  Result<InstallResult> result = co_await installer.run();
  co_return result;
}

Result<ConfirmResult> confirm_on(Disk& disk, const ConfirmRequest& request) {
  AIOT_TRY(SlotState state, load_state(disk, request.state_folder));
  ConfirmResult out;
  if (state.on_trial && state.boots == 0 && !request.roll_back) {
    return make_error(Errc::no_trial, state.slots[state.other()]->version + " has not booted yet",
                      "boot it first");
  }
  if (state.on_trial) {
    if (request.roll_back) {
      state.roll_back();
    } else {
      state.confirmed = state.other();
      state.on_trial = false;
      state.boots = 0;
    }
    AIOT_CHECK(save_state(disk, request.state_folder, state));
    out.changed = true;
  }
  out.slot = slot_name(state.confirmed);
  if (const auto& record = state.slots[state.confirmed]) out.version = record->version;
  return out;
}

}  // namespace aiot::ota
