#include "protocol/tuf/artifact.hpp"

#include <doctest/doctest.h>

#include "support/show.hpp"

using namespace aiot;
using namespace aiot::tuf;

TEST_CASE("the order of versions") {
  // Semantic Versioning 2.0.0, 11, and MCUboot's build number.
  const char* ordered[] = {"0.9",        "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                           "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                           "1.0.0",      "1.0.0+1",      "1.0.0+12",      "1.0.1",
                           "v1.2.0",     "1.9.2",        "1.10.0",        "1.10.0.1",
                           "2024.11",    "2025.1"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      INFO(std::string(ordered[i]), " and ", std::string(ordered[j]));
      CHECK((compare_versions(ordered[i], ordered[j]) < 0) == (i < j));
      CHECK((compare_versions(ordered[i], ordered[j]) == 0) == (i == j));
    }
  }
  CHECK(compare_versions("v1.0", "1.0.0") == 0);
  CHECK(compare_versions("", "1") < 0);
}

TEST_CASE("what targets say of themselves") {
  Targets targets;
  const auto add = [&](const char* path, const Artifact& artifact) {
    targets.targets[path].custom = to_custom(artifact);
  };
  Artifact artifact{"lamp", "1.9.0", {"rev-a", "rev-b"}, "esp-image", "esp32c3", "lamp-fw", {}};
  add("lamp/1.9.0/a.bin", artifact);
  const auto read = read_custom(targets.targets.at("lamp/1.9.0/a.bin").custom);
  REQUIRE(read.has_value());
  CHECK(read->product == "lamp");
  CHECK(read->hardware == artifact.hardware);
  CHECK(read->chip == "esp32c3");
  CHECK(read->project == "lamp-fw");
  CHECK_FALSE(read->delta);

  artifact.version = "1.10.0";
  artifact.hardware = {"rev-b"};
  add("lamp/1.10.0/a.bin", artifact);
  const crypto::Sha256 from = crypto::sha256(as_bytes("old")), to = crypto::sha256(as_bytes("new"));
  artifact.delta = DeltaInfo{std::string(delta_format), from, to, 3};
  artifact.version = "1.11.0";
  add("lamp/1.11.0/a.delta", artifact);
  targets.targets["foreign"].custom = {{"version", "9.0.0"}};

  CHECK(newest_artifact(targets, "lamp", "rev-a")->path == "lamp/1.9.0/a.bin");
  CHECK(newest_artifact(targets, "lamp", "rev-b")->path == "lamp/1.10.0/a.bin");
  CHECK_FALSE(newest_artifact(targets, "lamp", "rev-c"));
  CHECK_FALSE(newest_artifact(targets, "fan", "rev-a"));
  const auto delta = find_delta(targets, from, to);
  REQUIRE(delta.has_value());
  CHECK(delta->path == "lamp/1.11.0/a.delta");
  CHECK(delta->artifact.delta->to_bytes == 3);
  CHECK_FALSE(find_delta(targets, to, from));
}
