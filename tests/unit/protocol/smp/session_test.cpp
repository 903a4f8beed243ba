#include "protocol/smp/session.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "crypto/digest.hpp"
#include "protocol/smp/device.hpp"
#include "protocol/smp/error.hpp"
#include "support/scripted_link.hpp"
#include "support/virtual_clock.hpp"
#include "unit/protocol/smp/direct.hpp"

using namespace aiot;
using namespace aiot::smp;
using namespace std::chrono_literals;

namespace {

Bytes image_of(std::size_t size, std::uint8_t seed) {
  Bytes image(size);
  for (std::size_t i = 0; i < size; ++i) image[i] = static_cast<std::uint8_t>(i * 31 + seed);
  return image;
}
Bytes hash_of(ByteSpan image) {
  const crypto::Sha256 sha = crypto::sha256(image);
  return {sha.begin(), sha.end()};
}

struct Bench {
  boost::asio::io_context context;
  net::VirtualClock clock;
  Device device;
  Direct transport;
  Session session;

  explicit Bench(DeviceOptions options = {})
      : device(with_reader(std::move(options)),
               {image_of(64, 0), "1.0.0", hash_of(image_of(64, 0))}),
        transport(clock, device),
        session(transport) {}
  static DeviceOptions with_reader(DeviceOptions options) {
    options.read_image = [](ByteSpan bytes) {
      return std::optional(ImageFacts{"2.0.0", hash_of(bytes)});
    };
    return options;
  }
  template <class Work>
  auto run(Work work) {
    return clock.run(context, std::move(work));
  }
  std::string upload(const Bytes& image) {
    const Result<void> done = run([&] { return session.upload(image, 0, nullptr); });
    return done ? "done" : done.error().stable_code();
  }
};

}  // namespace

TEST_CASE("an image is uploaded, tested, booted and confirmed") {
  Bench bench;
  const Bytes image = image_of(20000, 1);
  CHECK(bench.upload(image) == "done");
  CHECK(bench.session.packet_bytes() == 512);
  CHECK(bench.session.in_flight() == 8);
  CHECK(bench.transport.most_waiting == 8);
  CHECK(bench.device.other().bytes == image);
  const Bytes hash = hash_of(image);
  const auto slots = bench.run([&] { return bench.session.test(hash); });
  REQUIRE(slots.has_value());
  REQUIRE(slots->size() == 2);
  CHECK((*slots)[1].pending);
  CHECK((*slots)[0].active);
  CHECK(bench.run([&] { return bench.session.reset(); }).has_value());
  CHECK(bench.device.running().hash == hash);
  CHECK(!bench.device.running().confirmed);
  const auto kept = bench.run([&] { return bench.session.confirm({}); });
  REQUIRE(kept.has_value());
  CHECK((*kept)[0].confirmed);
  CHECK((*kept)[0].version == "2.0.0");
}

TEST_CASE("an image that is not confirmed is gone after the next boot") {
  Bench bench;
  const Bytes image = image_of(500, 1);
  CHECK(bench.upload(image) == "done");
  const Bytes hash = hash_of(image);
  CHECK(bench.run([&] { return bench.session.test(hash); }).has_value());
  CHECK(bench.run([&] { return bench.session.reset(); }).has_value());
  CHECK(bench.run([&] { return bench.session.reset(); }).has_value());
  CHECK(bench.device.running().version == "1.0.0");
}

TEST_CASE("an upload goes on where an earlier one of the same bytes ended") {
  Bench bench;
  const Bytes image = image_of(9000, 2);
  {
    DeviceOptions cut;
    cut.dead_after = 4000;
    Bench first(cut);
    CHECK(first.upload(image) == "smp.upload_stalled");
  }
  // A second session with the device that has the first part.
  Object body{{"len", image.size()},
              {"off", 0U},
              {"sha", hash_of(image)},
              {"data", Bytes(image.begin(), image.begin() + 4096)}};
  const Packet packet{1, Op::write, Group::image, 0, 1, body};
  CHECK(bench.device.on_packet(encode(packet)).has_value());
  const std::size_t before = bench.transport.sent;
  CHECK(bench.upload(image) == "done");
  CHECK(bench.device.other().bytes == image);
  CHECK(bench.transport.sent - before < 16);
}

TEST_CASE("lost packets are sent again") {
  DeviceOptions lossy;
  lossy.drop_every = 5;
  Bench bench(lossy);
  const Bytes image = image_of(20000, 3);
  CHECK(bench.upload(image) == "done");
  CHECK(bench.device.other().bytes == image);
}

TEST_CASE("a bit that flips on the way is found by the server's hash") {
  DeviceOptions options;
  options.corrupt_at = 3000;
  Bench bench(options);
  CHECK(bench.upload(image_of(5000, 4)) == "smp.hash_mismatch");
}

TEST_CASE("an image that is too large, a hash that no slot has, a group that is missing") {
  DeviceOptions small;
  small.slot_bytes = 4096;
  Bench bench(small);
  CHECK(bench.upload(image_of(5000, 5)) == "smp.no_space");
  const Bytes hash(32, 0x11);
  const auto tested = bench.run([&] { return bench.session.test(hash); });
  CHECK(tested.error().stable_code() == "smp.unknown_image");
  const auto missing =
      bench.run([&] { return bench.session.request(Op::write, Group::settings, 0, Object()); });
  CHECK(missing.error().stable_code() == "smp.unsupported");
}

TEST_CASE("a server without parameters gets small packets, one at a time") {
  DeviceOptions recovery;
  recovery.knows_limits = false;
  Bench bench(recovery);
  CHECK(bench.upload(image_of(2000, 6)) == "done");
  CHECK(bench.session.packet_bytes() == 256);
  CHECK(bench.transport.most_waiting == 1);
}

TEST_CASE("silence ends in an error, within its time") {
  DeviceOptions dead;
  dead.dead_after = 1;
  Bench bench(dead);
  CHECK(bench.upload(image_of(2000, 7)) == "smp.no_reply");
  CHECK(bench.clock.elapsed() <= 3 * Session::erase_patience);
  const auto list = bench.run([&] { return bench.session.images(); });
  CHECK(list.error().stable_code() == "smp.no_reply");
}

TEST_CASE("a console: each reply missing, cut off, or the link lost") {
  net::Script echo;
  const auto line = [](std::string_view text) {
    return Bytes(as_bytes(text).begin(), as_bytes(text).end());
  };
  echo.expect(line("\x06\x09"
                   "ABAKAAAGAAAAAKFhZGJoaeJ8\n"),
              "echo")
      .reply(line("\x06\x09"
                  "ABELAAAHAAAAAL9hcmJoaf/eOQ==\n"),
             "echo");
  const auto run = [](net::Script with) {
    boost::asio::io_context context;
    net::VirtualClock clock;
    const std::unique_ptr<Transport> transport =
        over_console(std::make_unique<net::ScriptedLink>(clock, std::move(with)));
    Session session(*transport);
    const Result<std::string> said = clock.run(context, [&] { return session.echo("hi"); });
    CHECK(clock.elapsed() <= 3 * 2s);
    return said ? *said : said.error().stable_code();
  };
  CHECK(run(echo) == "hi");
  for (net::Script::Faulty& faulty : echo.with_each_fault()) {
    CAPTURE(faulty.what);
    const std::string outcome = run(std::move(faulty.script));
    CHECK((outcome == "smp.no_reply" || outcome == "link.lost"));
  }
}
