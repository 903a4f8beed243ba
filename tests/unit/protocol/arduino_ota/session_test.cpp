#include "protocol/arduino_ota/session.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "protocol/arduino_ota/device.hpp"
#include "support/scripted_link.hpp"
#include "support/virtual_clock.hpp"

using namespace aiot;
using namespace aiot::arduino;
using namespace std::chrono_literals;

namespace {

// Computed with espota.py of arduino-esp32 3.3.1 for fw.bin = e9 01 02 … 1f, device 192.0.2.9,
// password "secret".
constexpr std::string_view invitation = "0 40000 32 539900caef43a7507695dafd495ed644\n";
constexpr std::string_view nonce32 = "0123456789abcdef0123456789abcdef";
constexpr std::string_view nonce64 =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr std::string_view cnonce32 = "1a6711ae79fd80c8c8b39a54a0ce685b";
constexpr std::string_view response32 = "3b7e2891111ec63baa72e4df12be46b7";
constexpr std::string_view cnonce64 =
    "b723d7bef1d7990ca17f4e7fa34623687f469adf4b46f69f8a731ca82c5ef487";
constexpr std::string_view response64 =
    "7cf12aa831ab1b1bd1a85e5c6f3c4c52b547bc768cecbc1eaf7585ebf9e1c053";

Bytes firmware() {
  Bytes out(32);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i);
  out[0] = 0xE9;
  return out;
}

/// Datagrams by a list, and a connection by a script.
class ScriptedChannel final : public Channel {
 public:
  explicit ScriptedChannel(net::VirtualClock& clock) : clock_(clock) {}
  net::Clock& clock() override { return clock_; }
  Result<void> send(ByteSpan datagram) override {
    sent.push_back(to_string(datagram));
    if (replies.empty()) return {};
    if (!replies.front().empty()) arrived_.push_back(replies.front());
    replies.pop_front();
    return {};
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    if (arrived_.empty()) {
      AIOT_CO_CHECK(co_await clock_.sleep_until(deadline));
      co_return make_error(net::Errc::timed_out);
    }
    const std::string text = arrived_.front();
    arrived_.pop_front();
    co_return Bytes(text.begin(), text.end());
  }
  std::uint16_t port() const override { return 40000; }
  net::Task<std::unique_ptr<net::Link>> accept(net::TimePoint deadline) override {
    if (!script) {
      AIOT_CO_CHECK(co_await clock_.sleep_until(deadline));
      co_return make_error(net::Errc::timed_out);
    }
    std::unique_ptr<net::Link> link = std::make_unique<net::ScriptedLink>(clock_, *script);
    co_return link;
  }

  std::vector<std::string> sent;
  std::deque<std::string> replies;  ///< one for each datagram sent; "" for silence
  std::optional<net::Script> script;

 private:
  net::VirtualClock& clock_;
  std::deque<std::string> arrived_;
};

struct Bench {
  boost::asio::io_context context;
  net::VirtualClock clock;
  ScriptedChannel channel{clock};
  Bytes data = firmware();
  std::string password = "secret";
  std::string cnonce{cnonce64};
  std::string peer_text;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;

  Bench() { channel.script = uploaded("OK"); }
  net::Script uploaded(std::string_view end) const {
    net::Script script;
    script.expect(data, "firmware")
        .reply(as_bytes_copy("32"), "count")
        .reply(as_bytes_copy(end), "end");
    return script;
  }
  static Bytes as_bytes_copy(std::string_view text) { return {text.begin(), text.end()}; }
  std::string update() {
    Update what;
    what.firmware = data;
    what.password = password;
    what.progress = progress;
    what.random = [this](std::size_t count) {
      Bytes out = *from_hex(cnonce);
      out.resize(count);
      return out;
    };
    const Result<void> done = clock.run(context, [&] { return arduino::update(channel, what); });
    peer_text = done ? "" : done.error().peer_text;
    return done ? "done" : done.error().stable_code();
  }
};

}  // namespace

TEST_CASE("a device without a password takes what it is invited to") {
  Bench bench;
  bench.channel.replies = {"OK"};
  CHECK(bench.update() == "done");
  CHECK(bench.channel.sent == std::vector{std::string(invitation)});
}

TEST_CASE("the MD5 challenge of espota.py") {
  Bench bench;
  bench.cnonce = cnonce32;
  bench.channel.replies = {"AUTH " + std::string(nonce32), "OK"};
  CHECK(bench.update() == "done");
  REQUIRE(bench.channel.sent.size() == 2);
  CHECK(bench.channel.sent[1] ==
        "200 " + std::string(cnonce32) + " " + std::string(response32) + "\n");
}

TEST_CASE("the PBKDF2 challenge of espota.py") {
  Bench bench;
  bench.channel.replies = {"AUTH " + std::string(nonce64), "OK"};
  CHECK(bench.update() == "done");
  REQUIRE(bench.channel.sent.size() == 2);
  CHECK(bench.channel.sent[1] ==
        "200 " + std::string(cnonce64) + " " + std::string(response64) + "\n");
}

TEST_CASE("a password that was set as an MD5 hash is tried second") {
  Bench bench;
  const std::string challenge = "AUTH " + std::string(nonce64);
  bench.channel.replies = {challenge, "Authentication Failed", challenge, "OK"};
  CHECK(bench.update() == "done");
  REQUIRE(bench.channel.sent.size() == 4);
  CHECK(bench.channel.sent[2] == invitation);
  CHECK(bench.channel.sent[3] != bench.channel.sent[1]);
}

TEST_CASE("each way to fail before the connection has its name") {
  Bench bench;
  CHECK(bench.update() == "arduino_ota.no_reply");
  CHECK(bench.channel.sent.size() == 10);
  bench.channel.replies = {"HTTP/1.1 400"};
  CHECK(bench.update() == "arduino_ota.bad_reply");
  bench.channel.replies = {"AUTH " + std::string(nonce32), "Authentication Failed"};
  CHECK(bench.update() == "arduino_ota.wrong_password");
  CHECK(bench.peer_text == "Authentication Failed");
  bench.channel.replies = {"AUTH " + std::string(nonce32)};
  CHECK(bench.update() == "arduino_ota.no_reply");
  bench.password.clear();
  bench.channel.replies = {"AUTH " + std::string(nonce32)};
  CHECK(bench.update() == "arduino_ota.needs_password");
  bench.channel.replies = {"OK"};
  bench.channel.script.reset();
  CHECK(bench.update() == "arduino_ota.not_connected");
}

TEST_CASE("a lost invitation is sent again") {
  Bench bench;
  bench.channel.replies = {"", "", "OK"};
  CHECK(bench.update() == "done");
  CHECK(bench.channel.sent.size() == 3);
}

TEST_CASE("counts may come glued to the last word, or to each other") {
  Bench bench;
  net::Script script;
  script.expect(bench.data).reply(Bench::as_bytes_copy("1616OK"));
  bench.channel.script = script;
  bench.channel.replies = {"OK"};
  CHECK(bench.update() == "done");
}

TEST_CASE("eight chunks are under way before they are acknowledged, and no more") {
  Bench bench;
  bench.data = Bytes(14 * 1024, 7);
  const ByteSpan data = bench.data;
  const auto part = [&](std::size_t kib, std::size_t count) {
    const ByteSpan bytes = data.subspan(kib * 1024, count * 1024);
    return Bytes(bytes.begin(), bytes.end());
  };
  net::Script script;
  script.expect(part(0, 8))
      .reply(Bench::as_bytes_copy("1024"))  // one for one
      .expect(part(8, 1))
      .reply(Bench::as_bytes_copy("10241024"))  // glued: two
      .expect(part(9, 2))
      .reply(Bench::as_bytes_copy("3072"))  // one for three
      .expect(part(11, 3))
      .reply(Bench::as_bytes_copy("1460"))
      .reply(Bench::as_bytes_copy("6732OK"));
  bench.channel.script = script;
  bench.channel.replies = {"OK"};
  std::vector<std::uint64_t> progress;
  bench.progress = [&](std::uint64_t done, std::uint64_t) { progress.push_back(done); };
  CHECK(bench.update() == "done");
  REQUIRE(progress.size() == 5);
  CHECK(progress[0] == 1024);
  CHECK(progress[1] == 3072);
  CHECK(progress[2] == 6144);
  CHECK(progress[3] == 6144 + 1460);
  CHECK(progress[4] == 14336);
}

TEST_CASE(
    "a device that acknowledges less than it got is sent more, one chunk for each of its words") {
  Bench bench;
  bench.data = Bytes(10 * 1024, 7);
  net::Script script;
  script.expect(Bytes(8192, 7))
      .reply(Bench::as_bytes_copy("1"))
      .expect(Bytes(1024, 7))
      .reply(Bench::as_bytes_copy("1"))
      .expect(Bytes(1024, 7))
      .reply(Bench::as_bytes_copy("OK"));
  bench.channel.script = script;
  bench.channel.replies = {"OK"};
  CHECK(bench.update() == "done");
}

TEST_CASE("the device's error is reported") {
  Bench bench;
  bench.channel.script = bench.uploaded("MD5 Check Failed\r\n");
  bench.channel.replies = {"OK"};
  CHECK(bench.update() == "arduino_ota.refused");
  CHECK(bench.peer_text == "MD5 Check Failed\r\n");
}

TEST_CASE("a fault at each step of the upload ends in an error") {
  for (const net::Script::Faulty& faulty : Bench().uploaded("OK").with_each_fault()) {
    CAPTURE(faulty.what);
    Bench bench;
    bench.channel.script = faulty.script;
    bench.channel.replies = {"OK"};
    const std::string outcome = bench.update();
    CHECK((outcome == "arduino_ota.stalled" || outcome == "arduino_ota.no_reply" ||
           outcome == "link.lost"));
  }
}

TEST_CASE("the device side answers as the library does") {
  DeviceOptions options;
  options.password = "secret";
  options.random = [](std::size_t count) {
    Bytes out = *from_hex(nonce64);
    out.resize(count);
    return out;
  };
  const std::string good = "200 " + std::string(cnonce64) + " " + std::string(response64) + "\n";
  Device device(options);
  CHECK(device.on_datagram(invitation) == "AUTH " + std::string(nonce64));
  CHECK(!device.take_connection());
  CHECK(device.on_datagram(good) == "OK");
  CHECK(device.take_connection() == 40000);
  const Bytes data = firmware();
  CHECK(device.on_data(ByteSpan(data).first(20)) == "20");
  CHECK(device.on_data(ByteSpan(data).subspan(20)) == "12OK");
  CHECK(device.firmware() == data);
  CHECK(device.wants_close());

  CHECK(device.on_datagram(invitation) == "AUTH " + std::string(nonce64));
  std::string bad = good;
  bad[bad.size() - 2] = 'f';
  CHECK(device.on_datagram(bad) == "Authentication Failed");
  // What is no response ends the challenge, silently.
  CHECK(device.on_datagram(invitation).has_value());
  CHECK(!device.on_datagram(invitation));
  CHECK(device.on_datagram(invitation).has_value());
  for (const std::string_view text :
       {"", "0", "1 40000 32 539900caef43a7507695dafd495ed644\n",
        "0 70000 32 539900caef43a7507695dafd495ed644\n", "0 40000 32 53\n",
        "0 0 32 539900caef43a7507695dafd495ed644"}) {
    CHECK(!parse_invitation(text));
  }
}

TEST_CASE("a damaged upload is refused by the device") {
  DeviceOptions options;
  options.corrupt_at = 3;
  Device device(options);
  CHECK(device.on_datagram(invitation) == "OK");
  CHECK(device.take_connection() == 40000);
  CHECK(device.on_data(firmware()) == "32MD5 Check Failed\r\n");
  CHECK(device.firmware().empty());
}
