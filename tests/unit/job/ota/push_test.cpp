#include "job/ota/push.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "aiot/document.hpp"
#include "crypto/digest.hpp"
#include "image/mcuboot.hpp"
#include "unit/protocol/smp/direct.hpp"

using namespace aiot;
using namespace aiot::ota;
using namespace std::chrono_literals;

namespace {

/// An image of MCUboot without a signature: header, payload, hash.
Bytes image_of(std::uint8_t major, std::size_t payload) {
  Bytes image = *from_hex(
      "3db8f396000000002000000000000000000000000000000000000000"
      "00000000");
  store_le32(&image[12], static_cast<std::uint32_t>(payload));
  image[20] = major;
  for (std::size_t i = 0; i < payload; ++i) image.push_back(static_cast<std::uint8_t>(i * major));
  const crypto::Sha256 hash = crypto::sha256(image);
  append(image, *from_hex("0769280010002000"));
  append(image, hash);
  return image;
}

struct Nothing final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* step = std::get_if<event::Step>(&event)) steps += step->name + " ";
  }
  std::string steps;
};

std::optional<smp::ImageFacts> facts_of(ByteSpan bytes) {
  const Result<image::McubootImage> parsed = image::parse_mcuboot(bytes);
  if (!parsed) return std::nullopt;
  return smp::ImageFacts{parsed->version, parsed->hash};
}

struct Bench {
  explicit Bench(smp::DeviceOptions options = {})
      : device(complete(std::move(options)), running()) {
    environment.clock = &clock;
    environment.open = [this](fleet::DeviceRun&) -> net::Task<std::unique_ptr<smp::Transport>> {
      co_return std::make_unique<smp::Direct>(clock, device);
    };
  }
  static smp::DeviceOptions complete(smp::DeviceOptions options) {
    options.read_image = facts_of;
    return options;
  }
  static smp::DeviceImage running() {
    Bytes bytes = image_of(1, 100);
    std::optional<smp::ImageFacts> facts = facts_of(bytes);
    return {bytes, facts->version, facts->hash};
  }
  std::string push() {
    const PushImage image{bytes, "2.0.0", facts_of(bytes)->hash};
    const Address address = *parse_address("udp://192.0.2.1");
    fleet::Batch batch;
    batch.clock = &clock;
    fleet::DeviceRun run(address, 1, batch, sink);
    result = {};
    const Result<void> done =
        clock.run(context, [&] { return push_device(run, result, image, request, environment); });
    return done ? "done" : done.error().stable_code();
  }

  boost::asio::io_context context;
  net::VirtualClock clock;
  smp::Device device;
  Environment environment;
  Bytes bytes = image_of(2, 30000);
  PushRequest request;
  PushResult result;
  Nothing sink;
};

}  // namespace

TEST_CASE("push: an image is sent, booted, confirmed") {
  Bench bench;
  CHECK(bench.push() == "done");
  CHECK(bench.result.booted);
  CHECK(bench.result.confirmed);
  CHECK(bench.result.version_before == "1.0.0");
  CHECK(bench.result.version_after == "2.0.0");
  CHECK(bench.result.sent_bytes == bench.bytes.size());
  CHECK(bench.device.running().bytes == bench.bytes);
  CHECK(bench.device.running().confirmed);
  CHECK(bench.sink.steps == "open connect upload activate reboot confirm ");
}

TEST_CASE("push: a device that runs the image is left alone") {
  Bench bench;
  CHECK(bench.push() == "done");
  const unsigned boots = bench.device.boots();
  CHECK(bench.push() == "done");
  CHECK(bench.result.up_to_date);
  CHECK(bench.result.sent_bytes == 0);
  CHECK(bench.result.confirmed);
  CHECK(bench.device.boots() == boots);
}

TEST_CASE("push: an image that is in the other slot is booted without being sent") {
  Bench bench;
  CHECK(bench.push() == "done");
  bench.bytes = image_of(1, 100);
  CHECK(bench.push() == "done");
  CHECK(bench.result.sent_bytes == 0);
  CHECK(bench.device.running().version == "1.0.0");
}

TEST_CASE(
    "push: without confirmation the image is on probation; without waiting nothing is claimed") {
  Bench bench;
  bench.request.confirm = false;
  CHECK(bench.push() == "done");
  CHECK(bench.result.booted);
  CHECK(!bench.result.confirmed);
  Bench hasty;
  hasty.request.wait = false;
  CHECK(hasty.push() == "done");
  CHECK(!hasty.result.booted);
  CHECK(!hasty.result.confirmed);
}

TEST_CASE("push: success is what the device reports, not what was sent") {
  smp::DeviceOptions reverts;
  reverts.reverts = true;
  Bench bench(reverts);
  CHECK(bench.push() == "ota.not_booted");
  CHECK(bench.result.version_after == "1.0.0");
  CHECK(!bench.result.booted);

  smp::DeviceOptions silent;
  silent.never_returns = true;
  Bench gone(silent);
  CHECK(gone.push() == "ota.not_back");
  CHECK(gone.clock.elapsed() < usual_boot_time + 2min);
}

TEST_CASE("push: an upload that is cut off goes on in a second run") {
  smp::DeviceOptions cut;
  cut.drop_every = 7;
  Bench bench(cut);
  CHECK(bench.push() == "done");
  smp::DeviceOptions dead;
  dead.dead_after = 10000;
  Bench other(dead);
  CHECK(other.push() == "smp.upload_stalled");
  CHECK(other.sink.steps == "open connect upload ");
}

TEST_CASE("push: files that are no whole images are refused before a device is touched") {
  const std::string path =
      (std::filesystem::temp_directory_path() / "aiot-ota-push-test.bin").string();
  const auto load = [&](const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    Result<PushImage> image = load_image(path, ImageFormat::mcuboot);
    return image ? "version " + image->version : image.error().stable_code();
  };
  Bytes image = image_of(2, 500);
  CHECK(load(image) == "version 2.0.0");
  Bytes padded = image;
  padded.resize(4096, 0xFF);
  CHECK(load(padded) == "version 2.0.0");
  CHECK(load_image(path, ImageFormat::mcuboot)->bytes == image);
  image[100] ^= 1;
  CHECK(load(image) == "ota.bad_image");
  CHECK(load(Bytes(100, 0xE9)) == "ota.unsigned_image");
  std::filesystem::remove(path);
  CHECK(load_image(path, ImageFormat::mcuboot).error().stable_code() == "image.unreadable");
}
