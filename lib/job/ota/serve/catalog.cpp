#include "job/ota/serve/catalog.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "config/yaml.hpp"
#include "job/ota/error.hpp"
#include "job/ota/repository.hpp"
#include "protocol/tuf/artifact.hpp"

namespace aiot::ota {
namespace {

Error bad_artifacts(std::string what) {
  return make_error(Errc::artifacts, std::move(what),
                    "an artifact has file, product, version, and hardware or devices");
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(", "), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

/// The file's size and digests; those of a file that was read before come from the cache.
Result<void> measure(const ServedFolder& folder, DigestCache& cache, Artifact& artifact) {
  const std::shared_ptr<file::Descriptor> file = folder.find(artifact.path);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return bad_artifacts(artifact.path + ": no such file below the folder");
  }
  artifact.bytes = static_cast<std::uint64_t>(info.st_size);
  const std::string key = fmt::format("{} {} {} {} {}", info.st_dev, info.st_ino, info.st_size,
                                      info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (const auto known = cache.find(key); known != cache.end()) {
    artifact.digests = known->second;
    return {};
  }
  crypto::DigestSet digests;
  Bytes buffer(256 * 1024);
  for (;;) {
    const ssize_t got = ::read(file->get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bad_artifacts(artifact.path + ": " + file::last_error().message());
    if (got == 0) break;
    digests.update(ByteSpan(buffer).first(static_cast<std::size_t>(got)));
  }
  artifact.digests = cache[key] = digests.finish();
  return {};
}

/// A file of metadata, which is at most as long as its role may be; nullopt when it is not there.
Result<std::optional<tuf::Document>> read_metadata(const ServedFolder& folder,
                                                   const std::string& name, tuf::Role role) {
  const std::shared_ptr<file::Descriptor> file = folder.find("metadata/" + name);
  if (!file) return std::optional<tuf::Document>();
  const auto bytes = file::read_all(file->get(), tuf::limit_bytes(role));
  if (!bytes) return bad_artifacts("metadata/" + name + ": " + bytes.error().message());
  AIOT_TRY(tuf::Document document, tuf::parse_document(*bytes).with("metadata/" + name));
  return std::optional(std::move(document));
}

/// The targets that the timestamp leads to. Devices verify signatures themselves.
Result<std::optional<tuf::Targets>> read_targets(const ServedFolder& folder) {
  const std::optional<tuf::Targets> none;
  AIOT_TRY(const auto timestamp_file,
           read_metadata(folder, "timestamp.json", tuf::Role::timestamp));
  if (!timestamp_file) return none;
  AIOT_TRY(const tuf::Timestamp timestamp, tuf::parse_timestamp(*timestamp_file));
  AIOT_TRY(const auto snapshot_file,
           read_metadata(folder, tuf::file_name(tuf::Role::snapshot, timestamp.snapshot.version),
                         tuf::Role::snapshot));
  if (!snapshot_file) return none;
  AIOT_TRY(const tuf::Snapshot snapshot, tuf::parse_snapshot(*snapshot_file));
  AIOT_TRY(const auto targets_file,
           read_metadata(folder,
                         tuf::file_name(tuf::Role::targets,
                                        snapshot.meta.find("targets.json")->second.version),
                         tuf::Role::targets));
  if (!targets_file) return none;
  AIOT_TRY(tuf::Targets targets, tuf::parse_targets(*targets_file));
  return std::optional(std::move(targets));
}

}  // namespace

Result<Catalog> Catalog::read(const ServedFolder& folder, const std::string& list_file,
                              DigestCache& cache) {
  Catalog out;
  AIOT_TRY(const std::optional<tuf::Targets> targets, read_targets(folder));
  if (targets) {
    for (const auto& [path, target] : targets->targets) {
      const auto custom = tuf::read_custom(target.custom);
      if (!custom || custom->delta) continue;
      Artifact artifact;
      artifact.product = custom->product;
      artifact.version = custom->version;
      artifact.hardware = custom->hardware;
      artifact.path = "targets/" + tuf::target_file_name(path, target, true);
      if (!folder.find(artifact.path)) artifact.path = "targets/" + path;
      artifact.file_name = path.substr(path.rfind('/') + 1);
      // One release that was deleted keeps no device from another.
      const bool found = measure(folder, cache, artifact).has_value();
      if (found && artifact.digests.sha256 == target.sha256) {
        out.artifacts_.push_back(std::move(artifact));
      } else {
        out.faults_.push_back(fmt::format(
            "{}: {}", path, fault_name(found ? TargetFault::damaged : TargetFault::missing)));
      }
    }
  }
  if (list_file.empty()) return out;
  AIOT_TRY(const auto text, config::read_file(list_file, config::Trust::named));
  AIOT_TRY(const auto entries, config::parse_yaml(*text, list_file));
  std::map<std::string, Artifact> listed;
  for (const config::Entry& entry : entries) {
    const std::size_t dot = entry.key.rfind('.');
    if (dot == std::string::npos) {
      return bad_artifacts(fmt::format("{}:{}: not in a section", list_file, entry.line));
    }
    Artifact& artifact = listed[entry.key.substr(0, dot)];
    const std::string_view name = std::string_view(entry.key).substr(dot + 1);
    if (name == "file") {
      const auto path = safe_path("/" + entry.value);
      if (!path) return bad_artifacts(fmt::format("{}:{}: file", list_file, entry.line));
      artifact.path = *path;
      artifact.file_name = path->substr(path->rfind('/') + 1);
    } else if (name == "product") {
      artifact.product = entry.value;
    } else if (name == "version") {
      artifact.version = entry.value;
    } else if (name == "hardware") {
      artifact.hardware = words_of(entry.value);
    } else if (name == "devices") {
      artifact.devices = words_of(entry.value);
    } else {
      return bad_artifacts(fmt::format("{}:{}: {}", list_file, entry.line, name));
    }
  }
  for (auto& [name, artifact] : listed) {
    if (artifact.path.empty() || artifact.product.empty() || artifact.version.empty() ||
        (artifact.hardware.empty() && artifact.devices.empty())) {
      return bad_artifacts(list_file + ": " + name);
    }
    AIOT_CHECK(measure(folder, cache, artifact));
    out.artifacts_.push_back(std::move(artifact));
  }
  return out;
}

const Artifact* Catalog::newest(std::string_view product, std::string_view hardware) const {
  const Artifact* best = nullptr;
  for (const Artifact& one : artifacts_) {
    const bool fits =
        one.product == product && !one.hardware.empty() &&
        (hardware.empty() || std::ranges::find(one.hardware, hardware) != one.hardware.end());
    if (fits && (best == nullptr || tuf::compare_versions(one.version, best->version) > 0)) {
      best = &one;
    }
  }
  return best;
}

const Artifact* Catalog::wanted(const std::string& device,
                                const ddi::Attributes& attributes) const {
  const Artifact* named = nullptr;
  for (const Artifact& one : artifacts_) {
    if (std::ranges::find(one.devices, device) == one.devices.end()) continue;
    if (named == nullptr || tuf::compare_versions(one.version, named->version) > 0) named = &one;
  }
  if (named != nullptr) return named;
  const auto product = attributes.find("product");
  const auto hardware = attributes.find("hardware");
  if (product == attributes.end() || hardware == attributes.end() || hardware->second.empty()) {
    return nullptr;
  }
  return newest(product->second, hardware->second);
}

}  // namespace aiot::ota
