#include "protocol/miio/provision.hpp"

#include <doctest/doctest.h>

#include "protocol/miio/device.hpp"
#include "support/virtual_clock.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::miio;
using namespace std::chrono_literals;

namespace {

const Token token = *parse_token("00112233445566778899aabbccddeeff");

struct KeptFlow final : provisioning::Flow {
  std::string stages;
  std::string words;
  void reached(provisioning::Stage stage) override {
    if (!stages.empty()) stages += ' ';
    stages += pair::stage_names[static_cast<std::size_t>(stage)];
  }
  void log(std::string text) override { words += text; }
};

/// A device in memory, on virtual time; what is sent to it is kept.
class MemoryChannel final : public Channel {
 public:
  MemoryChannel(net::VirtualClock& clock, Device& device) : clock_(clock), device_(device) {}

  net::Clock& clock() override { return clock_; }
  net::Task<std::string> run(Call& call, net::TimePoint deadline) override {
    call.start(clock_.now());
    for (;;) {
      while (const std::optional<Bytes> out = call.take_output()) {
        sent.push_back(*out);
        net::Datagram datagram;
        datagram.payload = *out;
        if (reachable) device_.on_datagram(clock_.now(), datagram);
        while (const auto reply = device_.take_output())
          call.on_datagram(clock_.now(), reply->payload);
      }
      if (call.result()) co_return *call.result();
      const net::TimePoint until = std::min(deadline, call.next_timer().value_or(deadline));
      Result<void> slept = co_await clock_.sleep_until(until);
      AIOT_CO_CHECK(std::move(slept));
      if (clock_.now() >= deadline) co_return make_error(net::Errc::timed_out);
      call.on_timer(clock_.now());
    }
  }
  net::Task<void> find(std::uint64_t device_id, net::TimePoint deadline) override {
    searches.push_back(device_id);
    if (comes_back) {
      reachable = true;
      co_return Result<void>();
    }
    Result<void> slept = co_await clock_.sleep_until(deadline);
    AIOT_CO_CHECK(std::move(slept));
    co_return make_error(net::Errc::timed_out);
  }

  std::vector<Bytes> sent;
  std::vector<std::uint64_t> searches;
  bool reachable = true;
  bool comes_back = false;

 private:
  net::VirtualClock& clock_;
  Device& device_;
};

DeviceOptions options_with(std::string_view fault = {}) {
  DeviceOptions out;
  out.device_id = 0x01234567;
  out.token = token;
  out.wifi = {"home", "secret-pass", "", false};
  out.join_time = 2s;
  if (!fault.empty()) out.faults.push_back(*provisioning::parse_fault(fault));
  return out;
}

struct Bench {
  boost::asio::io_context context;
  net::VirtualClock clock;
  KeptFlow flow;
  Device device;
  MemoryChannel channel{clock, device};
  provisioning::WifiCredentials wifi{"home", "secret-pass", "", false};
  std::string words;

  explicit Bench(DeviceOptions options) : device(std::move(options), clock.now() - 1h) {}

  std::string run(std::optional<Token> with = std::nullopt) {
    Result<void> done = clock.run(context, [&]() -> net::Task<void> {
      Provisioner provisioner(channel, with, flow);
      Result<void> greeted = co_await provisioner.greet();
      AIOT_CO_CHECK(std::move(greeted));
      Result<Info> info = co_await provisioner.authenticate();
      if (!info) co_return std::move(info).error();
      CHECK(info->model == "chuangmi.plug.m1");
      CHECK(provisioner.token() == token);
      Result<void> joined = co_await provisioner.join(wifi);
      co_return joined;
    });
    if (done) return "ok";
    words = done.error().message() + done.error().hint + flow.words;
    return done.error().stable_code();
  }
};

}  // namespace

TEST_CASE("a device out of its box is set up with the token that it shows") {
  Bench bench(options_with());
  bench.channel.comes_back = true;
  CHECK(bench.run() == "ok");
  CHECK(bench.flow.stages == "found authenticated credentials_sent joined");
  CHECK(bench.device.ssid() == "home");
  CHECK(bench.channel.searches.empty());
}

// The frame is python3-miio 0.5.0.1's for the same device, token and stamp.
TEST_CASE("the credentials as Debian's python3-miio reads and writes them") {
  Call call("miIO.config_router", R"({"ssid":"home","passwd":"secret-pass","uid":0})", token);
  const net::TimePoint now{1h};
  call.start(now);
  CHECK(call.take_output() == hello());
  call.on_datagram(now,
                   *from_hex("21310020000000000123456700000e1000112233445566778899aabbccddeeff"));
  call.on_timer(now + 1s);  // the second try: id 2; the first is what is looked at
  const std::string first = to_hex(*call.take_output());
  CHECK(first.substr(0, 32) == "21310080000000000123456700000e10");
  // With the stamp a second later, and a NUL behind the text, it is the whole frame.
  CHECK(
      to_hex(seal(0x01234567, 3601,
                  R"({"id":1,"method":"miIO.config_router","params":{"ssid":"home",)"
                  R"("passwd":"secret-pass","uid":0}})" +
                      std::string(1, '\0'),
                  token)) ==
      "21310080000000000123456700000e11bd1c2e758b044f5d7dcababb367ae432a5516ec6151955dc2bb2d43e7c84"
      "c1833c332ce03e540b208a6d4a09b6ea6ac21c632a9506f486ddbe50116fe664cee845a2ddf169a96fad775e4ab8"
      "7f987f4e86cb826cfae99875913bf69704f8659db3dd15d34831eaf6aaad6592c83a5fe1");
}

TEST_CASE("each fault has its cause") {
  struct Case {
    const char* fault;
    const char* code;
    const char* stage;  ///< the last that is reached
  };
  for (const Case& one : {
           Case{"wrong-state", "pair.missing_secret", "found"},
           {"silent@found", "pair.not_found", ""},
           {"silent@authenticated", "pair.no_reply", "found"},
           {"silent@credentials_sent", "pair.no_reply", "authenticated"},
           {"silent@joined", "pair.no_reply", "credentials_sent"},
           {"drop@joined", "pair.no_reply", "credentials_sent"},
           {"garbage@found", "pair.not_found", ""},
           {"garbage@authenticated", "pair.protocol_violated", "found"},
           {"garbage@credentials_sent", "pair.protocol_violated", "authenticated"},
           {"garbage@joined", "pair.protocol_violated", "credentials_sent"},
           {"refuse-password", "pair.network_refused", "credentials_sent"},
           {"no-network", "pair.network_not_found", "credentials_sent"},
           {"no-address", "pair.no_address", "credentials_sent"},
       }) {
    CAPTURE(one.fault);
    Bench bench(options_with(one.fault));
    CHECK(bench.run() == one.code);
    CHECK(bench.flow.stages.ends_with(one.stage));
    CHECK(bench.clock.elapsed() <= 1min);
    CHECK(bench.words.find("secret-pass") == std::string::npos);
    CHECK(bench.words.find(to_hex(token)) == std::string::npos);
  }
}

TEST_CASE("tokens: one that is given is for a device that hides its own") {
  DeviceOptions options = options_with();
  options.provisioned = true;
  SUBCASE("the right one") {
    Bench bench(options);
    bench.channel.comes_back = true;
    CHECK(bench.run(token) == "ok");
  }
  SUBCASE("a wrong one is answered with silence") {
    Bench bench(options);
    CHECK(bench.run(parse_token("ffeeddccbbaa99887766554433221100")) == "pair.wrong_proof");
    CHECK(bench.clock.elapsed() <= 5s);
  }
}

TEST_CASE("a wrong password is distinguished from a wrong name, and corrected") {
  Bench bench(options_with());
  bench.channel.comes_back = true;
  bench.wifi.password = "secret-word";
  CHECK(bench.run() == "pair.network_refused");
  bench.wifi = {"hime", "secret-pass", "", false};
  CHECK(bench.run() == "pair.network_not_found");
  bench.wifi.ssid = "home";
  CHECK(bench.run() == "ok");
}

TEST_CASE("a device that has left its access point is found on the network") {
  // It answers nothing from the credentials on, until it was looked for.
  Bench bench(options_with());
  Result<void> done = bench.clock.run(bench.context, [&]() -> net::Task<void> {
    Provisioner provisioner(bench.channel, std::nullopt, bench.flow);
    Result<void> greeted = co_await provisioner.greet();
    AIOT_CO_CHECK(std::move(greeted));
    Result<Info> info = co_await provisioner.authenticate();
    if (!info) co_return std::move(info).error();
    boost::asio::co_spawn(
        bench.context,
        [&]() -> boost::asio::awaitable<void> {
          const auto slept = co_await bench.clock.sleep_for(500ms);
          bench.channel.reachable = !slept.has_value();
          bench.channel.comes_back = true;
        },
        [](std::exception_ptr) {});
    co_return co_await provisioner.join(bench.wifi);
  });
  CHECK(done);
  CHECK(bench.channel.searches.size() == 1);
  CHECK(bench.flow.stages.ends_with("joined"));
}
