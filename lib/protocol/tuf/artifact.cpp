#include "protocol/tuf/artifact.hpp"

#include <algorithm>
#include <charconv>

namespace aiot::tuf {
namespace json = boost::json;
namespace {

std::string text_of(const json::object& object, std::string_view field) {
  const json::value* found = object.if_contains(field);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::optional<crypto::Sha256> hash_of(const json::object& object, std::string_view field) {
  const auto bytes = from_hex(text_of(object, field));
  crypto::Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

std::optional<DeltaInfo> read_delta(const json::object& object) {
  const auto from = hash_of(object, "from"), to = hash_of(object, "to");
  const json::value* length = object.if_contains("to_length");
  boost::system::error_code error;
  if (!from || !to || length == nullptr) return std::nullopt;
  const auto bytes = length->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  return DeltaInfo{text_of(object, "format"), *from, *to, bytes};
}

/// The part of `text` before `separator`, which is cut off with it.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What stands for a part that one of the two does not have: 0 in a version, less than anything
/// else in what follows it.
enum class Absent { zero, least };

std::strong_ordering compare_dotted(std::string_view a, std::string_view b, Absent absent) {
  while (!a.empty() || !b.empty()) {
    if (absent == Absent::least && a.empty() != b.empty()) return b.empty() <=> a.empty();
    const std::string_view x = a.empty() ? "0" : next_part(a, '.');
    const std::string_view y = b.empty() ? "0" : next_part(b, '.');
    const auto m = number_of(x), n = number_of(y);
    if (m && n) {
      if (*m != *n) return *m <=> *n;
    } else if (x != y) {
      if (m.has_value() != n.has_value()) return n.has_value() <=> m.has_value();
      return x <=> y;
    }
  }
  return std::strong_ordering::equal;
}

}  // namespace

json::object to_custom(const Artifact& artifact) {
  json::object out{{"format", artifact.format},
                   {"hardware", json::array(artifact.hardware.begin(), artifact.hardware.end())},
                   {"product", artifact.product},
                   {"version", artifact.version}};
  if (!artifact.chip.empty()) out["chip"] = artifact.chip;
  if (!artifact.project.empty()) out["project"] = artifact.project;
  if (artifact.delta) {
    out["delta"] = json::object{{"format", artifact.delta->format},
                                {"from", to_hex(artifact.delta->from)},
                                {"to", to_hex(artifact.delta->to)},
                                {"to_length", artifact.delta->to_bytes}};
  }
  return out;
}

std::optional<Artifact> read_custom(const json::object& custom) {
  Artifact artifact{.product = text_of(custom, "product"),
                    .version = text_of(custom, "version"),
                    .hardware = {},
                    .format = text_of(custom, "format"),
                    .chip = text_of(custom, "chip"),
                    .project = text_of(custom, "project"),
                    .delta = std::nullopt};
  const json::value* hardware = custom.if_contains("hardware");
  if (artifact.product.empty() || artifact.version.empty() || hardware == nullptr ||
      !hardware->is_array()) {
    return std::nullopt;
  }
  for (const json::value& each : hardware->get_array()) {
    if (!each.is_string()) return std::nullopt;
    artifact.hardware.emplace_back(each.get_string());
  }
  if (const json::value* delta = custom.if_contains("delta")) {
    if (!delta->is_object()) return std::nullopt;
    artifact.delta = read_delta(delta->get_object());
    if (!artifact.delta) return std::nullopt;
  }
  return artifact;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto strip = [](std::string_view& text) {
    if (text.starts_with('v')) text.remove_prefix(1);
  };
  strip(a);
  strip(b);
  const std::string_view main_a = next_part(a, '+'), main_b = next_part(b, '+');
  std::string_view early_a = main_a, early_b = main_b;
  const std::string_view core_a = next_part(early_a, '-'), core_b = next_part(early_b, '-');
  if (const auto order = compare_dotted(core_a, core_b, Absent::zero); order != 0) return order;
  if (early_a.empty() != early_b.empty()) return early_a.empty() <=> early_b.empty();
  if (const auto order = compare_dotted(early_a, early_b, Absent::least); order != 0) return order;
  return compare_dotted(a, b, Absent::least);
}

std::optional<NamedArtifact> newest_artifact(const Targets& targets, std::string_view product,
                                             std::string_view hardware) {
  std::optional<NamedArtifact> newest;
  for (const auto& [path, target] : targets.targets) {
    auto artifact = read_custom(target.custom);
    if (!artifact || artifact->delta || artifact->product != product ||
        std::ranges::find(artifact->hardware, hardware) == artifact->hardware.end()) {
      continue;
    }
    if (!newest || compare_versions(artifact->version, newest->artifact.version) > 0) {
      newest = {path, *std::move(artifact)};
    }
  }
  return newest;
}

std::optional<NamedArtifact> find_delta(const Targets& targets, const crypto::Sha256& from,
                                        const crypto::Sha256& to) {
  for (const auto& [path, target] : targets.targets) {
    auto artifact = read_custom(target.custom);
    if (artifact && artifact->delta && artifact->delta->from == from && artifact->delta->to == to) {
      return NamedArtifact{path, *std::move(artifact)};
    }
  }
  return std::nullopt;
}

}  // namespace aiot::tuf
