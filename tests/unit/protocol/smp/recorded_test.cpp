#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "protocol/smp/cbor.hpp"
#include "protocol/smp/device.hpp"
#include "protocol/smp/error.hpp"
#include "protocol/smp/management.hpp"
#include "support/virtual_clock.hpp"
#include "unit/protocol/smp/direct.hpp"

// Bodies recorded between smpclient and a Zephyr 4.4 server (intercreate/smpclient,
// tests/fixtures/smp-server): its maps are indefinite.
using namespace aiot;
using namespace aiot::smp;

namespace {

/// Answers each request with the next literal body, under the request's header.
class Recorded final : public Transport {
 public:
  explicit Recorded(net::VirtualClock& clock) : clock_(clock) {}
  net::Clock& clock() override { return clock_; }
  net::Task<void> send(ByteSpan packet, net::TimePoint) override {
    sent.emplace_back(packet.begin() + header_bytes, packet.end());
    if (!bodies.empty()) {
      const Bytes body = *from_hex(bodies.front());
      bodies.pop_front();
      Bytes reply(packet.begin(), packet.begin() + header_bytes);
      reply[0] |= 1;
      reply[2] = static_cast<std::uint8_t>(body.size() >> 8);
      reply[3] = static_cast<std::uint8_t>(body.size());
      append(reply, body);
      replies_.push_back(std::move(reply));
    }
    co_return Result<void>();
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    if (replies_.empty()) {
      AIOT_CO_CHECK(co_await clock_.sleep_until(deadline));
      co_return make_error(net::Errc::timed_out);
    }
    Bytes reply = std::move(replies_.front());
    replies_.pop_front();
    co_return reply;
  }
  net::Task<void> reopen(net::TimePoint) override { co_return Result<void>(); }
  std::size_t least_packet_bytes() const override { return 256; }
  std::size_t most_packet_bytes() const override { return 512; }

  std::deque<std::string> bodies;
  std::vector<Bytes> sent;

 private:
  net::VirtualClock& clock_;
  std::deque<Bytes> replies_;
};

struct Bench {
  boost::asio::io_context context;
  net::VirtualClock clock;
  Recorded transport{clock};
  Session session{transport};

  template <class Work>
  auto run(Work work) {
    return clock.run(context, std::move(work));
  }
};

std::string bytes_as(std::size_t count, std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += hex;
  return out;
}

}  // namespace

TEST_CASE("the requests that choose an image are those of smpclient") {
  Bench bench;
  const std::string list = "bf66696d616765739fff6b73706c697453746174757300ff";
  bench.transport.bodies = {list, list};
  const Bytes hash(32, 0x11);
  CHECK(bench.run([&] { return bench.session.test(hash); }).has_value());
  CHECK(bench.run([&] { return bench.session.confirm({}); }).has_value());
  REQUIRE(bench.transport.sent.size() == 2);
  CHECK(to_hex(bench.transport.sent[0]) ==
        "a264686173685820" + bytes_as(32, "11") + "67636f6e6669726df4");
  CHECK(to_hex(bench.transport.sent[1]) == "a167636f6e6669726df5");
}

TEST_CASE("the server's errors are understood as they were recorded") {
  Bench bench;
  const auto images = [&](const std::string& body) {
    bench.transport.bodies = {body};
    const auto slots = bench.run([&] { return bench.session.images(); });
    REQUIRE(!slots.has_value());
    return slots.error();
  };
  CHECK(images("bf62726308ff").code == Errc::unsupported);
  CHECK(images("bf63657272bf6567726f75700162726317ffff").code == Errc::image_refused);
  const Error older = images("bf627263016372736e6e6d61676963206d69736d61746368ff");
  CHECK(older.code == Errc::refused);
  CHECK(older.peer_text == "magic mismatch");
  bench.transport.bodies = {"bfff"};
  CHECK(bench.run([&] { return bench.session.reset(); }).has_value());
}

TEST_CASE("the chunks of smpclient's upload are taken by the virtual device") {
  DeviceOptions options;
  Device device(options, {Bytes(64, 1), "1.0.0", Bytes(32, 2)});
  const auto answer = [&](const std::string& body) {
    Bytes packet = *from_hex("0a00000000010001");
    const Bytes bytes = *from_hex(body);
    packet[2] = static_cast<std::uint8_t>(bytes.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(bytes.size());
    append(packet, bytes);
    const std::optional<Bytes> reply = device.on_packet(packet);
    REQUIRE(reply.has_value());
    return number_of(decode(*reply)->body, "off");
  };
  const std::string sha = bytes_as(32, "22");
  const std::string data = bytes_as(128, "33");
  CHECK(answer("a565696d61676500636c656e19c21c636f666600637368615820" + sha + "64646174615880" +
               data) == 128);
  CHECK(answer("a2636f6666188064646174615880" + data) == 256);
  CHECK(device.other().bytes == Bytes(256, 0x33));
  // Zephyr's answers to these two.
  for (const auto& [body, off] :
       {std::pair{"bf636f66661880ff", 128U}, {"bf636f6666190100ff", 256U}}) {
    const Result<Value> value = decode_cbor(*from_hex(body));
    REQUIRE(value.has_value());
    CHECK(number_of(*value->object(), "off") == off);
  }
}

TEST_CASE("what the recorded server says of its buffers") {
  Bench bench;
  bench.transport.bodies = {"bf686275665f73697a65190800696275665f636f756e7402ff"};
  const Result<Limits> found = bench.run([&] { return limits(bench.session); });
  REQUIRE(found.has_value());
  CHECK(found->buffer_bytes == 2048);
  CHECK(found->buffers == 2);
}

TEST_CASE("files, statistics, information and shell of a virtual device") {
  boost::asio::io_context context;
  net::VirtualClock clock;
  DeviceOptions options;
  Device device(options, {Bytes(64, 1), "1.0.0", Bytes(32, 2)});
  Direct transport(clock, device);
  Session session(transport);
  const auto run = [&](auto work) { return clock.run(context, std::move(work)); };
  REQUIRE(run([&] { return session.learn_limits(); }).has_value());

  Bytes content(3000);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i);
  REQUIRE(run([&] { return upload_file(session, "/lfs1/a", content, nullptr); }).has_value());
  const Result<Bytes> back = run([&] { return download(session, "/lfs1/a", 4000, nullptr); });
  REQUIRE(back.has_value());
  CHECK(*back == content);
  CHECK(run([&] { return download(session, "/lfs1/a", 100, nullptr); }).error().code ==
        Errc::bad_reply);
  CHECK(!run([&] { return download(session, "/lfs1/none", 100, nullptr); }).has_value());
  REQUIRE(run([&] { return upload_file(session, "/lfs1/empty", {}, nullptr); }).has_value());
  CHECK(run([&] { return download(session, "/lfs1/empty", 100, nullptr); })->empty());

  CHECK(*run([&] { return statistics_groups(session); }) == std::vector<std::string>{"smp_server"});
  const Result<Statistics> counts = run([&] { return statistics(session, "smp_server"); });
  REQUIRE(counts.has_value());
  CHECK(counts->at(0).first == "requests");
  CHECK(counts->at(0).second > 0);
  CHECK(!run([&] { return statistics(session, "none"); }).has_value());
  CHECK(*run([&] { return os_info(session); }) == "Zephyr 1.0.0");
  const Result<ShellReply> said = run([&] { return run_shell(session, {"echo", "a", "b"}); });
  REQUIRE(said.has_value());
  CHECK(said->output == "a b\n");
  CHECK(said->status == 0);
  CHECK(run([&] { return run_shell(session, {"reboot"}); })->status == -8);
}

TEST_CASE("pieces of a file that lie are refused") {
  Bench bench;
  const auto downloaded = [&](std::deque<std::string> bodies) {
    bench.transport.bodies = std::move(bodies);
    const Result<Bytes> got = bench.run([&] { return download(bench.session, "a", 100, nullptr); });
    return got ? "done" : got.error().stable_code();
  };
  // {"off": 0, "data": h'0102', "len": 2}, and the same with another place, too much, nothing.
  CHECK(downloaded({"bf636f666600646461746142010263"
                    "6c656e02ff"}) == "done");
  CHECK(downloaded({"bf636f6666016464617461420102636c656e02ff"}) == "smp.bad_reply");
  CHECK(downloaded({"bf636f6666006464617461420102636c656e01ff"}) == "smp.bad_reply");
  CHECK(downloaded({"bf636f666600646461746140636c656e02ff"}) == "smp.bad_reply");
  CHECK(downloaded({"bf636f6666006464617461420102636c656e1a7fffffffff"}) == "smp.bad_reply");
  CHECK(downloaded({"bfff"}) == "smp.bad_reply");
}
