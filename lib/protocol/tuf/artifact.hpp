#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tuf/metadata.hpp"

/// What the `custom` of our targets says: see README.md, "Artifacts".
namespace aiot::tuf {

inline constexpr std::string_view delta_format = "aiot.delta/1";

/// A difference from one image to another.
struct DeltaInfo {
  std::string format;          ///< delta_format
  crypto::Sha256 from{};       ///< of the image that the device has
  crypto::Sha256 to{};         ///< of the image that it makes: a target of its own
  std::uint64_t to_bytes = 0;  ///< length of that image
};

struct Artifact {
  std::string product;
  std::string version;
  std::vector<std::string> hardware;  ///< what it runs on
  std::string format;                 ///< such as "esp-image", "mcuboot", "swu", "raw"
  std::string chip;                   ///< such as "esp32c3"; "" when the file does not say it
  std::string project;                ///< as the firmware calls itself; "" likewise
  std::optional<DeltaInfo> delta;     ///< of a target that is a delta
};

boost::json::object to_custom(const Artifact& artifact);
/// nullopt for a target that is not of this form.
std::optional<Artifact> read_custom(const boost::json::object& custom);

/// The order of versions: parts between dots, as numbers where both are; what follows a "-" comes
/// before the version without it, what follows a "+" counts last (MCUboot's build number).
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

struct NamedArtifact {
  std::string path;
  Artifact artifact;
};
/// The newest full image for a product and a hardware.
std::optional<NamedArtifact> newest_artifact(const Targets& targets, std::string_view product,
                                             std::string_view hardware);
/// The delta from the image of hash `from` to the one of hash `to`.
std::optional<NamedArtifact> find_delta(const Targets& targets, const crypto::Sha256& from,
                                        const crypto::Sha256& to);

}  // namespace aiot::tuf
