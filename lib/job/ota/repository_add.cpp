#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "image/esp_chip.hpp"
#include "image/files.hpp"
#include "job/ota/error.hpp"
#include "job/ota/firmware_file.hpp"
#include "job/ota/repository.hpp"
#include "job/ota/repository_deltas.hpp"
#include "job/ota/repository_jobs.hpp"
#include "protocol/tuf/artifact.hpp"

namespace aiot::ota {
namespace {

/// Update bundles of Linux hold a root file system.
constexpr std::uint64_t most_target_bytes = 1ULL << 30;

/// A name for a message: nobody reads a line of kilobytes.
std::string shortened(std::string_view name) {
  constexpr std::size_t most = 64;
  if (name.size() <= most) return std::string(name);
  std::size_t end = most;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "…";
}

Result<void> check_name(std::string_view what, std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._+-").find(c) != std::string_view::npos;
  };
  constexpr std::size_t most = 128;
  if (!name.empty() && name.size() <= most && !name.starts_with('.') &&
      std::ranges::all_of(name, good)) {
    return {};
  }
  if (name.empty()) {
    return make_error(Errc::bad_name, fmt::format("no {}", what),
                      "say which it is, in letters, digits, and . _ + - behind the first");
  }
  return make_error(Errc::bad_name, fmt::format("{} \"{}\"", what, shortened(name)),
                    "use letters, digits, and . _ + - behind the first");
}

Error contradiction(std::string_view what, std::string_view file, std::string_view wanted) {
  return make_error(
      Errc::mismatch,
      fmt::format("{} {} in the file, {} wanted", what, shortened(file), shortened(wanted)),
      "check that it is the file of this build");
}

/// SWUpdate refuses an archive for other hardware; so does this, before a device is offered it.
Result<void> check_hardware(const std::vector<std::string>& wanted,
                            const image::SwuArchive& archive) {
  std::vector<std::string> known = archive.boards;
  known.insert(known.end(), archive.hardware.begin(), archive.hardware.end());
  for (const std::string& hardware : wanted) {
    if (image::is_for(archive, hardware)) continue;
    return contradiction("hardware", fmt::format("{}", fmt::join(known, ", ")), hardware);
  }
  return {};
}

/// What the file says, with what the request adds; an error where they disagree.
Result<tuf::Artifact> describe_file(const AddRequest& request, ByteSpan data) {
  AIOT_TRY(const FirmwareFacts facts, read_facts(data));
  tuf::Artifact artifact{.product = request.product,
                         .version = request.version,
                         .hardware = request.hardware,
                         .format = facts.format,
                         .chip = facts.chip,
                         .project = facts.project,
                         .delta = std::nullopt};
  if (artifact.version.empty()) artifact.version = facts.version;
  if (artifact.version.empty()) {
    return make_error(Errc::no_version, {}, "say which version it is");
  }
  if (!facts.version.empty() && tuf::compare_versions(facts.version, artifact.version) != 0) {
    return contradiction("version", facts.version, artifact.version);
  }
  if (!request.chip.empty()) {
    const image::EspChip* chip = image::find_chip(request.chip);
    artifact.chip = chip != nullptr ? std::string(chip->name) : request.chip;
    if (!facts.chip.empty() && facts.chip != artifact.chip) {
      return contradiction("chip", facts.chip, artifact.chip);
    }
  }
  std::ranges::sort(artifact.hardware);
  artifact.hardware.erase(std::unique(artifact.hardware.begin(), artifact.hardware.end()),
                          artifact.hardware.end());
  AIOT_CHECK(check_name("product", artifact.product));
  AIOT_CHECK(check_name("version", artifact.version));
  for (const std::string& hardware : artifact.hardware) {
    AIOT_CHECK(check_name("hardware", hardware));
  }
  if (artifact.hardware.empty()) {
    return make_error(Errc::bad_name, "hardware", "say which hardware it is for");
  }
  if (facts.archive) {
    AIOT_CHECK(check_hardware(artifact.hardware, *facts.archive));
  }
  return artifact;
}

bool share_hardware(const tuf::Artifact& a, const tuf::Artifact& b) {
  return std::ranges::any_of(a.hardware, [&](const std::string& hardware) {
    return std::ranges::find(b.hardware, hardware) != b.hardware.end();
  });
}

/// The new artifact beside those that the repository has: a hardware keeps its chip, and has one
/// image of each version.
Result<void> check_beside(const tuf::Targets& targets, const std::string& path,
                          const tuf::Artifact& artifact, const crypto::Sha256& sha256) {
  for (const auto& [other_path, target] : targets.targets) {
    const auto other = tuf::read_custom(target.custom);
    if (other_path == path && target.sha256 != sha256) {
      return make_error(Errc::version_exists, path,
                        "add it under a new version, or under another file name");
    }
    if (!other || other->delta || other->product != artifact.product ||
        !share_hardware(*other, artifact)) {
      continue;
    }
    if (tuf::compare_versions(other->version, artifact.version) == 0 && target.sha256 != sha256) {
      return make_error(Errc::version_exists, other_path,
                        "add it under a new version: devices have the old one already");
    }
    if (!other->chip.empty() && !artifact.chip.empty() && other->chip != artifact.chip) {
      return contradiction("chip", artifact.chip,
                           fmt::format("{} (as {})", other->chip, other_path));
    }
  }
  return {};
}

}  // namespace

TargetInfo target_info(const std::string& path, const tuf::Target& target) {
  const tuf::Artifact artifact = tuf::read_custom(target.custom).value_or(tuf::Artifact());
  TargetInfo info{.path = path,
                  .product = artifact.product,
                  .version = artifact.version,
                  .hardware = artifact.hardware,
                  .format = artifact.format,
                  .chip = artifact.chip,
                  .project = artifact.project,
                  .size_bytes = target.length_bytes,
                  .sha256 = to_hex(target.sha256),
                  .delta_from = {}};
  if (artifact.delta) info.delta_from = to_hex(artifact.delta->from);
  return info;
}

Result<AddResult> add_artifact(const AddRequest& request, tuf::Time now) {
  AIOT_TRY(const KeyRing ring, KeyRing::load(request.signing));
  AIOT_TRY(const Bytes data, image::read_file(request.file, most_target_bytes));
  if (data.empty()) {
    return make_error(Errc::mismatch, request.file + ": empty", "name the file that was built");
  }
  auto described = describe_file(request, data);
  if (!described) return std::move(described).error().with(request.file);
  const tuf::Artifact& artifact = *described;
  const std::string name = std::filesystem::path(request.file).filename().string();
  AIOT_CHECK(check_name("file name", name));
  const std::string path = fmt::format("{}/{}/{}", artifact.product, artifact.version, name);

  AIOT_TRY(Repository repository, Repository::open(request.folder, now));
  const tuf::Target target{data.size(), crypto::sha256(data), tuf::to_custom(artifact)};
  AIOT_CHECK(check_beside(repository.targets, path, artifact, target.sha256));
  AddResult result;
  result.target = target_info(path, target);
  auto& targets = repository.targets.targets;
  const auto known = targets.find(path);
  result.already = known != targets.end() && known->second.custom == target.custom;
  if (result.already) {
    if (repository.problem_of(path, target)) {
      AIOT_CHECK(repository.store(path, target, data));
      result.restored = true;
    }
  } else {
    for (const tuf::Role role : {tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp}) {
      const tuf::Root& root = repository.root;
      if (!ring.can_sign(root.role(role))) return missing_key(role, root, ring);
    }
    AIOT_CHECK(repository.store(path, target, data));
    targets[path] = target;
  }
  AIOT_TRY(result.deltas, add_deltas(repository, path, artifact, data, request.deltas));
  const bool has_new_delta = std::ranges::any_of(
      result.deltas, [](const DeltaResult& delta) { return !delta.path.empty(); });
  if (!result.already || has_new_delta) {
    AIOT_CHECK(repository.publish({tuf::Role::targets}, ring));
  }
  result.repository = repository.result();
  return result;
}

}  // namespace aiot::ota
