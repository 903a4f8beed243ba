#include "image/delta.hpp"
#include "job/ota/error.hpp"
#include "protocol/tuf/artifact.hpp"
#include "repository_maker.hpp"

using namespace aiot;
using namespace aiot::ota;
namespace fs = std::filesystem;

TEST_CASE("a delta from the version before leads a client to the new image") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  tuf::Stored stored = maker.first_trust();
  std::string content(6000, ' ');
  std::uint32_t state = 1;
  for (char& c : content) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  std::vector<std::string> images;
  for (const char* version : {"1.9.0", "1.10.0", "1.11.0"}) {
    content.insert(1000, "a line more");
    images.push_back(content);
    AddRequest request = maker.request("lamp.bin", content, version);
    request.deltas = 1;
    REQUIRE(add_artifact(request, maker.now).has_value());
  }
  // Without deltas.
  REQUIRE(add_artifact(maker.request("lamp.bin", content + "!", "2.0.0"), maker.now).has_value());

  const auto updater = maker.client(stored);
  REQUIRE(updater.has_value());
  const auto hash = [&](std::size_t i) { return crypto::sha256(as_bytes(images[i])); };
  CHECK(updater->targets()->targets.size() == 4 + 2);
  CHECK_FALSE(tuf::find_delta(*updater->targets(), hash(0), hash(2)).has_value());
  const auto newest = tuf::newest_artifact(*updater->targets(), "lamp", "rev-a");
  REQUIRE(newest.has_value());
  CHECK(newest->path == "lamp/2.0.0/lamp.bin");
  for (std::size_t i = 1; i < images.size(); ++i) {
    const auto delta = tuf::find_delta(*updater->targets(), hash(i - 1), hash(i));
    REQUIRE(delta.has_value());
    const auto found = updater->find(delta->path);
    REQUIRE(found.has_value());
    const Bytes file = read_bytes(maker.repository() + "/targets/" + found->file_name);
    CHECK(tuf::check_target(*found, file.size(), crypto::sha256(file)).has_value());
    CHECK(file.size() < 400);
    image::MemorySource from(file), old(as_bytes(images[i - 1]));
    Bytes result;
    image::MemorySink sink(result);
    REQUIRE(image::apply_delta(from, old, sink).has_value());
    CHECK(to_string(result) == images[i]);
  }
}

TEST_CASE("a delta that does not pay is left out, one from a changed file is an error") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  REQUIRE(add_artifact(maker.request("lamp.bin", std::string(600, 'a'), "1.0.0"), maker.now)
              .has_value());
  AddRequest request = maker.request("lamp.bin", "short", "1.1.0");
  request.deltas = 5;
  REQUIRE(add_artifact(request, maker.now).has_value());
  tuf::Stored stored = maker.first_trust();
  const auto updater = maker.client(stored);
  REQUIRE(updater.has_value());
  CHECK(updater->targets()->targets.size() == 2);

  const auto found = updater->find("lamp/1.0.0/lamp.bin");
  REQUIRE(found.has_value());
  maker.folder.write("repository/targets/" + found->file_name, std::string(600, 'b'));
  request = maker.request("lamp.bin", std::string(700, 'a'), "1.2.0");
  request.deltas = 2;
  check_code(add_artifact(request, maker.now), make_error_code(ota::Errc::target_file));
}

TEST_CASE("a version that was deleted gets no delta, and stops none") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  std::string text;
  for (int i = 0; i < 4000; ++i) text += static_cast<char>(i * i % 251);
  const auto first = add_artifact(maker.request("lamp.bin", text, "1.0.0"), maker.now);
  REQUIRE(first.has_value());
  const auto second = add_artifact(maker.request("lamp.bin", text + "b", "1.1.0"), maker.now);
  REQUIRE(second.has_value());
  const std::filesystem::path targets = maker.repository() + "/targets";
  REQUIRE(std::filesystem::remove(targets / "lamp/1.1.0" / (second->target.sha256 + ".lamp.bin")));
  AddRequest request = maker.request("lamp.bin", text + "c", "1.2.0");
  request.deltas = 1;
  const auto third = add_artifact(request, maker.now);
  REQUIRE(third.has_value());
  REQUIRE(third->deltas.size() == 1);
  CHECK(third->deltas[0].from_version == "1.0.0");
  const auto status = repository_status(maker.repository(), maker.now);
  REQUIRE(status.has_value());
  CHECK_FALSE(status->ok());
  REQUIRE(status->faults.size() == 1);
  CHECK(status->faults[0].path == "lamp/1.1.0/lamp.bin");
}

TEST_CASE("deltas from the last versions, when they pay") {
  Maker maker;
  REQUIRE(maker.init().has_value());
  // Bytes without a pattern, of which each version changes a few.
  Bytes image(20000);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : image) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  std::map<std::string, Bytes> versions;
  for (const char* version : {"1.9.0", "1.10.0", "1.11.0"}) {
    image[100] = static_cast<std::uint8_t>(image[100] + 1);
    versions[version] = image;
    REQUIRE(
        add_artifact(maker.request("lamp.bin", to_string(image), version), maker.now).has_value());
  }
  image[10000] = static_cast<std::uint8_t>(image[10000] + 1);
  AddRequest request = maker.request("lamp.bin", to_string(image), "2.0.0");
  request.deltas = 2;
  const auto added = add_artifact(request, maker.now);
  REQUIRE(added.has_value());
  REQUIRE(added->deltas.size() == 2);
  CHECK(added->deltas[0].from_version == "1.11.0");
  CHECK(added->deltas[1].from_version == "1.10.0");

  // A client finds the delta from what it has, and it makes the image.
  tuf::Stored stored = maker.first_trust();
  const auto updater = maker.client(stored);
  REQUIRE(updater.has_value());
  const crypto::Sha256 to = crypto::sha256(image);
  for (const char* version : {"1.10.0", "1.11.0"}) {
    const Bytes& before = versions.at(version);
    const auto delta = tuf::find_delta(*updater->targets(), crypto::sha256(before), to);
    REQUIRE(delta.has_value());
    CHECK(delta->artifact.hardware == std::vector<std::string>{"rev-a"});
    const auto found = updater->find(delta->path);
    const Bytes file = read_bytes(maker.repository() + "/targets/" + found->file_name);
    CHECK(tuf::check_target(*found, file.size(), crypto::sha256(file)).has_value());
    CHECK(file.size() < 1000);
    image::MemorySource patch(file), source(before);
    Bytes made;
    image::MemorySink sink(made);
    REQUIRE(image::apply_delta(patch, source, sink).has_value());
    CHECK(made == image);
  }
  CHECK_FALSE(tuf::find_delta(*updater->targets(), crypto::sha256(versions.at("1.9.0")), to));
  CHECK(tuf::newest_artifact(*updater->targets(), "lamp", "rev-a")->path == "lamp/2.0.0/lamp.bin");

  // Again with more: only the one that is missing is made. One that is no smaller is not kept.
  request.deltas = 9;
  const auto more = add_artifact(request, maker.now);
  REQUIRE(more.has_value());
  CHECK(more->already);
  REQUIRE(more->deltas.size() == 1);
  CHECK(more->deltas[0].from_version == "1.9.0");
  for (std::uint8_t& byte : image)
    byte = static_cast<std::uint8_t>(byte ^ (state = state * 69069 + 5) >> 24);
  request = maker.request("lamp.bin", to_string(image), "3.0.0");
  request.deltas = 1;
  const auto other = add_artifact(request, maker.now);
  REQUIRE(other.has_value());
  REQUIRE(other->deltas.size() == 1);
  CHECK(other->deltas[0].path.empty());
}
