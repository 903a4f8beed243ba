#include "job/ota/repository_deltas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "image/delta.hpp"
#include "image/files.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

/// A delta of more than three quarters of the image saves a device little, and costs it the work.
bool pays(std::uint64_t delta_bytes, std::uint64_t image_bytes) {
  return delta_bytes < image_bytes - image_bytes / 4;
}

struct OlderImage {
  std::string path;
  tuf::Target target;
  tuf::Artifact artifact;
};

std::vector<std::string> shared_hardware(const tuf::Artifact& a, const tuf::Artifact& b) {
  std::vector<std::string> shared;
  std::ranges::set_intersection(a.hardware, b.hardware, std::back_inserter(shared));
  return shared;
}

/// Newest first.
std::vector<OlderImage> older_images(const tuf::Targets& targets, const tuf::Artifact& than) {
  std::vector<OlderImage> found;
  for (const auto& [path, target] : targets.targets) {
    auto artifact = tuf::read_custom(target.custom);
    if (!artifact || artifact->delta || artifact->product != than.product ||
        artifact->format != than.format || shared_hardware(*artifact, than).empty() ||
        tuf::compare_versions(artifact->version, than.version) >= 0) {
      continue;
    }
    found.push_back({path, target, *std::move(artifact)});
  }
  std::ranges::sort(found, [](const OlderImage& a, const OlderImage& b) {
    return tuf::compare_versions(a.artifact.version, b.artifact.version) > 0;
  });
  return found;
}

}  // namespace

Result<std::vector<DeltaResult>> add_deltas(Repository& repository, const std::string& path,
                                            const tuf::Artifact& artifact, ByteSpan data,
                                            unsigned count) {
  std::vector<DeltaResult> results;
  const crypto::Sha256 sha256 = crypto::sha256(data);
  std::vector<OlderImage> older = older_images(repository.targets, artifact);
  // A release that was deleted keeps no new one from being added; the status reports it.
  std::erase_if(older, [&](const OlderImage& from) {
    std::error_code unknown;
    return !std::filesystem::exists(repository.stored_path(from.path, from.target), unknown);
  });
  if (older.size() > count) older.resize(count);
  for (const OlderImage& from : older) {
    const std::string hash = to_hex(from.target.sha256);
    const std::string delta_path = fmt::format("{}.from-{}.delta", path, hash.substr(0, 16));
    if (repository.targets.targets.contains(delta_path)) continue;
    const std::string stored = repository.stored_path(from.path, from.target);
    if (const auto problem = repository.problem_of(from.path, from.target)) {
      return unusable_target(stored, *problem);
    }
    AIOT_TRY(const Bytes source, image::read_file(stored));
    AIOT_TRY(const image::Delta delta, image::make_delta(source, data));
    DeltaResult& result = results.emplace_back();
    result.from_version = from.artifact.version;
    result.from_sha256 = hash;
    result.size_bytes = delta.file.size();
    if (!pays(delta.file.size(), data.size())) continue;
    tuf::Artifact about = artifact;
    about.hardware = shared_hardware(from.artifact, artifact);
    about.delta =
        tuf::DeltaInfo{std::string(tuf::delta_format), from.target.sha256, sha256, data.size()};
    const tuf::Target target{delta.file.size(), crypto::sha256(delta.file), tuf::to_custom(about)};
    AIOT_CHECK(repository.store(delta_path, target, delta.file));
    repository.targets.targets[delta_path] = target;
    result.path = delta_path;
  }
  return results;
}

}  // namespace aiot::ota
