#include "protocol/smp/ble.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "crypto/digest.hpp"
#include "protocol/smp/device.hpp"
#include "protocol/smp/packet.hpp"
#include "protocol/smp/session.hpp"
#include "support/virtual_clock.hpp"

using namespace aiot;
using namespace aiot::smp;

namespace {

// A Zephyr 4.4 server's answers: to params, to echo.
const Bytes params =
    *from_hex("0900001900000206bf686275665f73697a65190800696275665f636f756e7402ff");
const Bytes echo = *from_hex("0b00000700000000bf6172626869ff");

Bytes hash_of(ByteSpan image) {
  const crypto::Sha256 sha = crypto::sha256(image);
  return {sha.begin(), sha.end()};
}

/// A characteristic between a host and a virtual device, without a radio.
class Values final : public Transport {
 public:
  Values(net::VirtualClock& clock, Device& device, std::size_t mtu, bool joins)
      : clock_(clock), device_(device), mtu_(mtu), joins_(joins) {}

  net::Clock& clock() override { return clock_; }
  net::Task<void> send(ByteSpan packet, net::TimePoint) override {
    for (const Bytes& value : to_values(packet, value_bytes(mtu_))) {
      longest = std::max(longest, value.size());
      if (joins_) {
        at_device_.feed(value);
        while (const std::optional<Bytes> whole = at_device_.next()) answer(*whole);
      } else {
        answer(value);
      }
    }
    co_return Result<void>();
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    if (lost) co_return make_error(net::Errc::link_lost);
    if (std::optional<Bytes> packet = at_host_.next()) co_return *std::move(packet);
    at_host_.drop_partial();
    AIOT_CO_CHECK(co_await clock_.sleep_until(deadline));
    co_return make_error(net::Errc::timed_out);
  }
  net::Task<void> reopen(net::TimePoint) override { co_return Result<void>(); }
  std::size_t least_packet_bytes() const override { return most_whole_bytes(); }
  std::size_t most_packet_bytes() const override { return 4096; }
  std::size_t most_whole_bytes() const override { return value_bytes(mtu_); }

  std::size_t longest = 0;
  bool lost = false;

 private:
  void answer(ByteSpan packet) {
    const std::optional<Bytes> reply = device_.on_packet(packet);
    if (!reply) return;
    for (const Bytes& value : to_values(*reply, value_bytes(mtu_))) at_host_.feed(value);
  }

  net::VirtualClock& clock_;
  Device& device_;
  std::size_t mtu_;
  bool joins_;
  PacketReader at_device_;
  PacketReader at_host_;
};

struct Bench {
  Bench(std::size_t mtu, bool joins) : transport(clock, device, mtu, joins) {}
  static DeviceOptions options() {
    DeviceOptions out;
    out.read_image = [](ByteSpan bytes) {
      return std::optional(ImageFacts{"2.0.0", hash_of(bytes)});
    };
    return out;
  }

  boost::asio::io_context context;
  net::VirtualClock clock;
  Device device{options(), {Bytes(64, 1), "1.0.0", hash_of(Bytes(64, 1))}};
  Values transport;
  Session session{transport};
};

}  // namespace

TEST_CASE("ble: what a value holds") {
  CHECK(value_bytes(23) == 20);
  CHECK(value_bytes(247) == 244);
  CHECK(value_bytes(0) == 20);
  CHECK(value_bytes(517) == 495);  // what BlueZ agrees on
}

TEST_CASE("ble: a packet goes out in values") {
  const std::vector<Bytes> values = to_values(params, 20);
  REQUIRE(values.size() == 2);
  CHECK(values[0] == from_hex("0900001900000206bf686275665f73697a651908"));
  CHECK(values[1] == from_hex("00696275665f636f756e7402ff"));
  CHECK(to_values(echo, 20) == std::vector<Bytes>{echo});
}

TEST_CASE("ble: a packet is put together, however it was split") {
  for (std::size_t size = 1; size <= params.size(); ++size) {
    PacketReader reader;
    for (const Bytes& value : to_values(params, size)) {
      CHECK(!reader.next());
      reader.feed(value);
    }
    CHECK(reader.next() == params);
    CHECK(!reader.next());
    reader.feed(echo);
    CHECK(reader.next() == echo);
  }
}

TEST_CASE("ble: a packet that does not end is dropped, the next one is not") {
  PacketReader reader;
  reader.feed(ByteSpan(params).first(20));
  reader.drop_partial();
  reader.feed(echo);
  CHECK(reader.next() == echo);
}

TEST_CASE("ble: a length that no server sends takes no memory") {
  PacketReader reader;
  reader.feed(*from_hex("0b00ffff00000000bf6172"));
  reader.feed(echo);
  CHECK(reader.next() == echo);
  for (int i = 0; i < 1000; ++i) reader.feed(echo);
  int count = 0;
  while (reader.next()) ++count;
  CHECK(count == 64);
}

TEST_CASE("ble: an upload in packets as long as the server's buffers") {
  Bench bench(65, true);
  const Bytes image(20000, 7);
  const Result<void> sent =
      bench.clock.run(bench.context, [&] { return bench.session.upload(image, 0, nullptr); });
  REQUIRE(sent.has_value());
  CHECK(bench.device.other().bytes == image);
  CHECK(bench.session.packet_bytes() == 2048);
  CHECK(bench.transport.longest == 62);
}

TEST_CASE("ble: a server that does not put values together gets packets of one value") {
  Bench bench(247, false);
  const Bytes image(20000, 7);
  const Result<void> sent =
      bench.clock.run(bench.context, [&] { return bench.session.upload(image, 0, nullptr); });
  REQUIRE(sent.has_value());
  CHECK(bench.device.other().bytes == image);
  CHECK(bench.session.packet_bytes() == 244);
}

TEST_CASE(
    "ble: a link that is lost with the reset is no failure of it, one that is lost before is") {
  Bench bench(247, true);
  bench.transport.lost = true;
  CHECK(bench.clock.run(bench.context, [&] { return bench.session.reset(); }).has_value());
  CHECK(bench.device.boots() == 1);
  const auto images = bench.clock.run(bench.context, [&] { return bench.session.images(); });
  REQUIRE(!images.has_value());
  CHECK(images.error().stable_code() == "link.lost");
}
