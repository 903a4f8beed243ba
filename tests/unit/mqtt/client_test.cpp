// The client's side of a session, against a scripted broker on virtual time.
#include "mqtt/client.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <set>

#include "support/flood_link.hpp"
#include "support/scripted_link.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::mqtt;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;
using net::Task;

namespace {

// CONNECT of the client "c": an hour of session, receive maximum 1024, packets up to 16 MiB, 32
// topic aliases.
constexpr const char* connect_v5_kept =
    "10 1e 00 04 4d 51 54 54 05 00 00 1e 10 11 00 00 0e 10 21 04 00 27 01 00 00 00 22 00 20 00 01 "
    "63";
constexpr const char* connect_v3_kept = "10 0d 00 04 4d 51 54 54 04 00 00 1e 00 01 63";

constexpr std::chrono::seconds patience{15};

/// A client whose connections are scripts, one after the other.
struct Broker {
  net::asio::io_context context;
  net::VirtualClock clock;
  std::deque<ScriptedLink> links;
  std::deque<Script> scripts;
  std::vector<std::string> heard;
  std::vector<net::Duration> heard_at;
  std::unique_ptr<Client> client;

  static Options options(Version version = Version::v5) {
    Options out;
    out.host = "broker";
    out.version = version;
    out.client_id = "c";
    return out;
  }
  void make(Options with) {
    auto made = Client::make(
        std::move(with),
        [this](const Message& message) {
          heard_at.push_back(clock.elapsed());
          heard.push_back(std::string(message.topic) + " " + std::string(message.payload) +
                          (message.retained ? " retained" : ""));
        },
        [this](net::TimePoint) -> Task<std::unique_ptr<net::Link>> {
          if (scripts.empty()) co_return make_error(net::Errc::refused, "broker:1883");
          auto link = std::make_unique<ScriptedLink>(clock, std::move(scripts.front()));
          scripts.pop_front();
          std::unique_ptr<net::Link> out = std::move(link);
          co_return out;
        });
    REQUIRE(made);
    client = *std::move(made);
  }
  Result<void> connect() {
    return clock.run(context, [this] { return client->connect(clock.now() + patience); });
  }
  Result<void> run() {
    return clock.run(context, [this] { return client->run(); });
  }
  Result<void> work(net::Duration time) {
    return clock.run(context, [this, time]() -> Task<void> {
      const net::TimePoint end = clock.now() + time;
      while (clock.now() < end) {
        Result<void> turned = co_await client->work_until(end);
        AIOT_CO_CHECK(std::move(turned));
      }
      co_return Result<void>();
    });
  }
  std::string connect_code() {
    Result<void> connected = connect();
    return connected ? "ok" : connected.error().stable_code();
  }
  std::string run_code() {
    Result<void> ended = run();
    return ended ? "ok" : ended.error().stable_code();
  }
};

/// The session up to the subscription of "a/#" at QoS 2.
Script subscribed(const char* connect = connect_v5_kept, bool session = false) {
  Script script;
  script.expect(connect, "connect")
      .reply(session ? "20 03 01 00 00" : "20 03 00 00 00")
      .expect("82 09 00 01 00 00 03 61 2f 23 02", "subscribe")
      .reply("90 04 00 01 00 02");
  return script;
}

Options subscriber() {
  Options out = Broker::options();
  out.topics = {"a/#"};
  out.qos = 2;
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(Broker, "login, subscription, messages of each QoS and their answers") {
  scripts.push_back(subscribed()
                        .reply("31 08 00 03 61 2f 78 00 68 69", "QoS 0, retained")
                        .reply("32 0a 00 03 61 2f 78 00 07 00 31 31", "QoS 1")
                        .expect("40 02 00 07", "PUBACK")
                        .reply("34 0a 00 03 61 2f 78 00 08 00 32 32", "QoS 2")
                        .expect("50 02 00 08", "PUBREC")
                        .reply("3c 0a 00 03 61 2f 78 00 08 00 32 32", "again")
                        .expect("50 02 00 08", "PUBREC")
                        .reply("62 02 00 08", "PUBREL")
                        .expect("70 02 00 08", "PUBCOMP")
                        .reply("62 02 00 08", "PUBREL again")
                        .expect("70 03 00 08 92", "PUBCOMP: not found")
                        .reply("34 0a 00 03 61 2f 78 00 08 00 33 33", "the identifier anew")
                        .expect("50 02 00 08", "PUBREC")
                        .drop());
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
  CHECK(heard == std::vector<std::string>{"a/x hi retained", "a/x 11", "a/x 22", "a/x 33"});
}

TEST_CASE_FIXTURE(Broker, "packets that come in one piece, and one that comes in many") {
  Script script = subscribed();
  script.reply("30 07 00 03 61 2f 78 00 31 30 07 00 03 61 2f 78 00 32 30 07 00", "two and a half");
  script.after(10ms).reply("03 61 2f 78 00").after(10ms).reply("33");
  std::string large = "30 86 80 08 00 03 61 2f 78 00";  // 128 KiB: twice the usual buffer
  for (int i = 0; i < 128 * 1024; ++i) large += "78";
  scripts.push_back(script.reply(large).drop());
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
  REQUIRE(heard.size() == 4);
  CHECK(heard[0] == "a/x 1");
  CHECK(heard[2] == "a/x 3");
  CHECK(heard[3].size() == 4 + 128 * 1024);
}

TEST_CASE_FIXTURE(Broker, "messages that come before SUBACK are delivered") {
  Script script;
  script.expect(connect_v5_kept)
      .reply("20 03 01 00 00 30 07 00 03 61 2f 78 00 31")
      .expect("82 09 00 01 00 00 03 61 2f 23 02")
      .reply("30 07 00 03 61 2f 78 00 32 90 04 00 01 00 01");
  scripts.push_back(script);
  make(subscriber());
  CHECK(connect());
  CHECK(heard == std::vector<std::string>{"a/x 1", "a/x 2"});
}

TEST_CASE_FIXTURE(Broker, "refusals of login and subscription") {
  struct Case {
    const char* answer;
    const char* code;
    Version version = Version::v5;
  };
  const Case cases[] = {
      {"20 02 00 04", "mqtt.login", Version::v3_1_1},
      {"20 02 00 05", "mqtt.login", Version::v3_1_1},
      {"20 02 00 02", "mqtt.refused", Version::v3_1_1},
      {"20 02 00 03", "mqtt.refused", Version::v3_1_1},
      {"20 03 00 86 00", "mqtt.login"},
      {"20 03 00 87 00", "mqtt.login"},
      {"20 03 00 89 00", "mqtt.refused"},
      {"20 02 00 01", "mqtt.refused"},
      {"20 03 01 00 00", "mqtt.unexpected"},  // a session that was not kept
      {"d0 00", "mqtt.unexpected"},
      {"30 04 00 01 61 00", "mqtt.unexpected"},
      {"48 54 54 50 2f 31 2e 31 20 34 30 30", "mqtt.protocol"},  // HTTP/1.1 400
      {"53 53 48 2d 32 2e 30 2d", "mqtt.protocol"},              // SSH-2.0-
      {"15 03 01 00 02 02 46", "mqtt.protocol"},                 // an alert of TLS
      {"32 32 30 20 72 65 61 64 79 0d 0a", "link.timeout"},      // an FTP server's "220 ready"
      {"20 06 00 00 03 41 00 00", "mqtt.property"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.answer));
    Options with = options(one.version);
    with.client_id = "";
    with.largest_packet_bytes = 1024;
    // A made-up client id is in CONNECT: any will do.
    Script script;
    script.reply(one.answer);
    scripts = {script.silence()};
    make(std::move(with));
    CHECK(connect_code() == one.code);
  }
  Script refused;
  refused.expect(connect_v5_kept)
      .reply("20 03 00 00 00")
      .expect("82 09 00 01 00 00 03 61 2f 23 02")
      .reply("90 04 00 01 00 87");
  scripts = {refused};
  make(subscriber());
  Result<void> result = connect();
  REQUIRE(!result);
  CHECK(result.error().stable_code() == "mqtt.subscription");
  CHECK(result.error().message().find("a/#") != std::string::npos);
  CHECK(result.error().message().find("Not authorized") != std::string::npos);
}

TEST_CASE_FIXTURE(Broker, "login and subscription end by their deadline") {
  Script silent;
  scripts.push_back(silent.silence());
  make(options());
  CHECK(connect_code() == "link.timeout");
  CHECK(clock.elapsed() == patience);
  Script subscribing;
  subscribing.expect(connect_v5_kept).reply("20 03 00 00 00");
  scripts.push_back(subscribing.silence());
  make(subscriber());
  CHECK(connect_code() == "link.timeout");
  CHECK(clock.elapsed() == 2 * patience);
}

TEST_CASE_FIXTURE(Broker, "a broker that sends without end does not delay the deadline") {
  Script script;
  script.expect(connect_v5_kept).reply("20 03 00 00 00").expect("82 09 00 01 00 00 03 61 2f 23 02");
  for (int i = 0; i < 2000; ++i) script.after(10ms).reply("30 06 00 03 61 2f 78 00");
  scripts.push_back(script);
  make(subscriber());
  const net::TimePoint begin = clock.now();
  CHECK(connect_code() == "link.timeout");
  CHECK(clock.now() - begin <= patience + 20ms);
}

TEST_CASE_FIXTURE(Broker, "each wrong packet in a session ends it with its name and DISCONNECT") {
  struct Case {
    const char* packet;
    const char* code;
    const char* disconnect;
  };
  const Case cases[] = {
      {"30 06 00 01 61 02 41 00", "mqtt.property", "e0 01 81"},
      {"36 06 00 01 61 00 01 00", "mqtt.packet-qos", "e0 01 81"},
      {"00 00", "mqtt.packet-type", "e0 01 81"},
      {"30 ff ff ff 7f", "mqtt.packet-too-large", "e0 01 95"},
      {"30 04 00 01 2b 00", "mqtt.packet-topic", "e0 01 90"},
      {"20 03 00 00 00", "mqtt.unexpected", "e0 01 82"},
      {"90 04 00 01 00 00", "mqtt.unexpected", "e0 01 82"},
      {"b0 04 00 01 00 00", "mqtt.unexpected", "e0 01 82"},
      {"f0 08 18 06 15 00 03 47 53 53", "mqtt.unexpected", "e0 01 82"},
      {"30 06 00 00 03 23 00 01", "mqtt.topic-alias", "e0 01 94"},
      {"30 07 00 01 61 03 23 00 21", "mqtt.topic-alias", "e0 01 94"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.packet));
    scripts = {subscribed().reply(one.packet).expect(one.disconnect, "disconnect").silence()};
    make(subscriber());
    REQUIRE(connect());
    CHECK(run_code() == one.code);
  }
  CHECK(heard.empty());
}

TEST_CASE_FIXTURE(Broker, "a length of 256 MB reserves nothing") {
  Options with = subscriber();
  with.largest_packet_bytes = 5 + 268'435'455;
  Script script;
  script
      .expect(
          "10 1e 00 04 4d 51 54 54 05 00 00 1e 10 11 00 00 0e 10 21 04 00 27 10 00 00 04 22 00 "
          "20 00 01 63")
      .reply("20 03 00 00 00")
      .expect("82 09 00 01 00 00 03 61 2f 23 02")
      .reply("90 04 00 01 00 02")
      .reply("30 ff ff ff 7f 00 03 61 2f 78 00 31")
      .drop();
  scripts.push_back(script);
  make(std::move(with));
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
}

TEST_CASE_FIXTURE(Broker, "topic aliases, in this connection alone") {
  scripts.push_back(subscribed()
                        .reply("30 0a 00 03 61 2f 78 03 23 00 20 31", "alias 32 is a/x")
                        .reply("30 07 00 00 03 23 00 20 32", "by alias")
                        .reply("30 0a 00 03 61 2f 79 03 23 00 20 33", "it is a/y now")
                        .reply("30 07 00 00 03 23 00 20 34", "by alias")
                        .drop());
  Script second;
  second.expect(connect_v5_kept)
      .reply("20 03 01 00 00")
      .expect("82 09 00 02 00 00 03 61 2f 23 02")
      .reply("90 04 00 02 00 02")
      .reply("30 07 00 00 03 23 00 20 35")
      .expect("e0 01 94");
  scripts.push_back(second);
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
  CHECK(heard == std::vector<std::string>{"a/x 1", "a/x 2", "a/y 3", "a/y 4"});
  REQUIRE(connect());
  CHECK(run_code() == "mqtt.topic-alias");
}

TEST_CASE_FIXTURE(Broker, "more messages of QoS 2 under way than was agreed") {
  Script script = subscribed();
  for (int i = 1; i <= 1024; ++i) {
    Bytes publish = {0x34, 0x09, 0, 3, 'a', '/', 'x', 0, 0, 0, '1'};
    publish[7] = static_cast<std::uint8_t>(i >> 8);
    publish[8] = static_cast<std::uint8_t>(i);
    Bytes pubrec = {0x50, 2, publish[7], publish[8]};
    script.reply(publish).expect(pubrec);
  }
  script.reply("34 09 00 03 61 2f 78 10 00 00 31").expect("e0 01 93").silence();
  scripts.push_back(script);
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "mqtt.receive-maximum");
  CHECK(heard.size() == 1024);
}

TEST_CASE_FIXTURE(Broker, "a quiet connection is pinged; a broker without an answer is lost") {
  Script script = subscribed();
  script.expect("c0 00", "ping").after(100ms).reply("d0 00").expect("c0 00", "ping").silence();
  scripts.push_back(script);
  make(subscriber());
  REQUIRE(connect());
  const net::TimePoint begin = clock.now();
  Result<void> ended = run();
  REQUIRE(!ended);
  CHECK(ended.error().stable_code() == "link.lost");
  CHECK(ended.error().message().find("ping") != std::string::npos);
  CHECK(clock.now() - begin == 22500ms + 22500ms + 15s);
}

TEST_CASE_FIXTURE(Broker, "the broker's keep-alive time replaces ours") {
  Script script;
  script.expect(connect_v5_kept)
      .reply("20 06 00 00 03 13 00 04")
      .expect("82 09 00 01 00 00 03 61 2f 23 02")
      .reply("90 04 00 01 00 02")
      .expect("c0 00", "ping")
      .drop();
  scripts.push_back(script);
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
  CHECK(clock.elapsed() == 3s);
}

TEST_CASE_FIXTURE(Broker, "only what is published does not hide that the broker is silent") {
  scripts.push_back(Script().expect(connect_v5_kept).reply("20 03 00 00 00"));
  for (int i = 0; i < 23; ++i) scripts.back().expect("30 05 00 01 74 00 31");
  scripts.back().expect("c0 00", "ping").silence();
  make(options());
  REQUIRE(connect());
  Result<void> worked;
  while (worked && clock.elapsed() < 60s) {
    CHECK(client->publish({"t", "1"}));
    worked = work(1s);
  }
  REQUIRE(!worked);
  CHECK(worked.error().stable_code() == "link.lost");
  CHECK(clock.elapsed() < 40s);
}

TEST_CASE_FIXTURE(Broker, "DISCONNECT of the broker: its reason, and no fight for a session") {
  scripts = {subscribed().reply("e0 01 8b")};
  make(subscriber());
  REQUIRE(connect());
  Result<void> ended = run();
  REQUIRE(!ended);
  CHECK(ended.error().stable_code() == "link.lost");
  CHECK(ended.error().message().find("Server shutting down") != std::string::npos);
  scripts = {subscribed().reply("e0 01 8e")};
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "mqtt.taken-over");
}

TEST_CASE_FIXTURE(Broker, "published at QoS 1 and 2: kept until acknowledged, across connections") {
  Options with = options(Version::v3_1_1);
  Script first;
  first.expect(connect_v3_kept)
      .reply("20 02 00 00")
      .expect("32 06 00 01 74 00 01 31", "1")
      .expect("32 06 00 01 74 00 02 32", "2")
      .expect("34 06 00 01 74 00 03 33", "3")
      .expect("34 06 00 01 74 00 04 34", "4")
      .reply("40 02 00 01", "PUBACK 1")
      .reply("50 02 00 04", "PUBREC 4")
      .expect("62 02 00 04", "PUBREL 4")
      .drop();
  Script second;  // the session is there
  second.expect(connect_v3_kept)
      .reply("20 02 01 00")
      .expect("62 02 00 04", "PUBREL 4")
      .expect("3a 06 00 01 74 00 02 32", "2 again")
      .expect("3c 06 00 01 74 00 03 33", "3 again")
      .reply("70 02 00 04", "PUBCOMP 4")
      .drop();
  Script third;  // the session is gone
  third.expect(connect_v3_kept)
      .reply("20 02 00 00")
      .expect("32 06 00 01 74 00 02 32", "2")
      .expect("34 06 00 01 74 00 03 33", "3")
      .reply("40 02 00 02", "PUBACK 2")
      .reply("50 02 00 03", "PUBREC 3")
      .expect("62 02 00 03", "PUBREL 3")
      .reply("70 02 00 03", "PUBCOMP 3")
      .reply("40 02 00 63", "PUBACK of nothing")
      .drop();
  Script fourth;
  fourth.expect(connect_v3_kept).reply("20 02 01 00").drop();
  scripts = {first, second, third, fourth};
  make(std::move(with));
  CHECK(client->publish({"t", "0"}).error().code == net::Errc::link_lost);
  REQUIRE(connect());
  for (const auto& [payload, qos] : {std::pair{"1", 1}, {"2", 1}, {"3", 2}, {"4", 2}}) {
    REQUIRE(client->publish({"t", payload, qos, false}));
  }
  CHECK(run_code() == "link.lost");
  for (int i = 0; i < 3; ++i) {
    REQUIRE(connect());
    CHECK(run_code() == "link.lost");
  }
}

TEST_CASE_FIXTURE(Broker, "what the broker said of itself is kept to") {
  Script script;
  script
      .expect(connect_v5_kept)
      // Receive maximum 1, maximum QoS 1, no retained messages, packets up to 40 bytes.
      .reply("20 0f 00 00 0c 21 00 01 24 01 25 00 27 00 00 00 28")
      .expect("32 07 00 01 74 00 01 00 31", "1")
      .reply("40 02 00 01")
      .expect("32 07 00 01 74 00 02 00 32", "2")
      .reply("40 03 00 02 87", "not authorized: not sent again")
      .drop();
  scripts.push_back(script);
  make(options());
  REQUIRE(connect());
  CHECK(client->publish({"t", "x", 0, true}).error().code == Errc::refused);
  CHECK(client->publish({"t", "x", 2, false}).error().code == Errc::refused);
  CHECK(client->publish({"t", std::string(40, 'x')}).error().code == Errc::too_large_to_send);
  CHECK(client->publish({"t/+", "x"}).error().code == Errc::bad_topic);
  REQUIRE(client->publish({"t", "1", 1, false}));
  REQUIRE(client->publish({"t", "2", 1, false}));
  CHECK(run_code() == "link.lost");
}

TEST_CASE_FIXTURE(Broker, "what waits to be sent is bounded") {
  scripts.push_back(Script().expect(connect_v5_kept).reply("20 03 00 00 00").silence());
  make(options());
  REQUIRE(connect());
  const Publication large{"t", std::string(100'000, 'x')};
  CHECK_FALSE(client->is_congested());
  int taken = 0;
  while (client->publish(large)) ++taken;
  CHECK(client->is_congested());
  CHECK(taken == 167);  // 16 MiB
  CHECK(client->publish(large).error().code == Errc::too_large_to_send);
}

TEST_CASE_FIXTURE(Broker, "disconnect() says goodbye") {
  Options with = options();
  with.will = Publication{"w", "gone", 1, true};
  scripts.push_back(Script()
                        .expect("10 28 00 04 4d 51 54 54 05 2c 00 1e 10 11 00 00 0e 10 21 04 00 27 "
                                "01 00 00 00 22 00 20 00 01 63 00 00 01 77 00 04 67 6f 6e 65")
                        .reply("20 03 00 00 00")
                        .expect("33 07 00 01 77 00 01 00 62", "what waited")
                        .expect("e0 00", "DISCONNECT"));
  make(std::move(with));
  REQUIRE(connect());
  CHECK(client->publish({"w", "b", 1, true}));
  CHECK(clock.run(context, [this] { return client->disconnect(clock.now() + 1s); }));
  CHECK(run_code() == "link.lost");  // it is closed
  CHECK(clock.run(context, [this] { return client->disconnect(clock.now() + 1s); }));
}

TEST_CASE_FIXTURE(Broker, "come_back() waits longer and longer, and stops at a refusal") {
  make(subscriber());
  Script refused;
  refused.expect(connect_v5_kept).reply("20 03 00 86 00");
  // Three connections are refused, the fourth is answered.
  int tries = 0;
  auto made = Client::make(
      subscriber(), [](const Message&) {},
      [&](net::TimePoint) -> Task<std::unique_ptr<net::Link>> {
        if (++tries < 4) co_return make_error(net::Errc::refused, "broker:1883");
        std::unique_ptr<net::Link> out = std::make_unique<ScriptedLink>(clock, refused);
        co_return out;
      });
  REQUIRE(made);
  client = *std::move(made);
  Result<void> back = clock.run(context, [this] { return client->come_back(clock); });
  REQUIRE(!back);
  CHECK(back.error().stable_code() == "mqtt.login");
  CHECK(tries == 4);
  CHECK(clock.elapsed() == 250ms + 500ms + 1s + 2s);
}

TEST_CASE_FIXTURE(Broker, "a session with a fault in each answer ends, with an error") {
  const Script script =
      subscribed().reply("32 0a 00 03 61 2f 78 00 07 00 31 31").expect("40 02 00 07");
  for (const Script::Faulty& faulty : script.with_each_fault()) {
    CAPTURE(faulty.what);
    scripts = {faulty.script};
    make(subscriber());
    Result<void> ended = connect();
    if (ended) ended = run();
    REQUIRE(!ended);
    const std::string code = ended.error().stable_code();
    CHECK((code == "link.timeout" || code == "link.lost"));
  }
}

TEST_CASE_FIXTURE(Broker, "a hostile broker: 3,000 random answers, each ends with a named error") {
  const std::vector<std::string> good = {
      "31 08 00 03 61 2f 78 00 68 69",
      "34 0a 00 03 61 2f 78 00 08 00 32 32",
      "62 02 00 08",
      "90 04 00 01 00 02",
      "d0 00",
      "e0 01 8b",
      "30 0a 00 03 61 2f 78 03 23 00 20 31",
  };
  std::mt19937 random(20260201);
  const auto below = [&](std::size_t count) { return random() % count; };
  for (int i = 0; i < 3000; ++i) {
    Bytes answer = *from_hex("20 03 00 00 00 90 04 00 01 00 02");
    if (below(4) == 0) answer.clear();
    for (std::size_t packets = 1 + below(4); packets > 0; --packets) {
      append(answer, *from_hex(good[below(good.size())]));
    }
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      answer[below(answer.size())] = static_cast<std::uint8_t>(random());
    }
    CAPTURE(to_hex(answer, " "));
    // It takes what is written, and answers without a question.
    Options with = subscriber();
    auto made = Client::make(
        std::move(with), [](const Message&) {},
        [&](net::TimePoint) -> Task<std::unique_ptr<net::Link>> {
          Script script;
          script.reply(answer).silence();
          std::unique_ptr<net::Link> out = std::make_unique<ScriptedLink>(clock, script);
          co_return out;
        });
    REQUIRE(made);
    client = *std::move(made);
    Result<void> ended = connect();
    if (ended) ended = run();
    REQUIRE(!ended);
    const std::string code = ended.error().stable_code();
    CHECK((code.starts_with("mqtt.") || code.starts_with("link.")));
  }
}

TEST_CASE("options that make no sense") {
  Options options = Broker::options();
  options.topics = {"a/#/b"};
  CHECK(Client::make(options, nullptr).error().stable_code() == "mqtt.topic");
  options.topics = {"a"};
  options.will = Publication{"a/+", ""};
  CHECK(Client::make(options, nullptr).error().stable_code() == "mqtt.topic");
  options.will.reset();
  options.tls = true;
  options.ca_file = "/nowhere/ca.pem";
  Result<std::unique_ptr<Client>> refused = Client::make(options, nullptr);
  REQUIRE(!refused);
  CHECK(refused.error().stable_code() == "mqtt.certificate");
  CHECK(refused.error().condition() == Condition::invalid_input);
}

TEST_CASE_FIXTURE(Broker, "a flood of small messages is read in larger pieces") {
  Script script = subscribed();
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) script.after(50us).reply("30 07 00 03 61 2f 78 00 31");
  scripts.push_back(script.drop());
  make(subscriber());
  REQUIRE(connect());
  CHECK(run_code() == "link.lost");
  CHECK(heard.size() == count);
  const std::set<net::Duration> reads(heard_at.begin(), heard_at.end());
  CHECK(reads.size() <= 2 * (count * 50us / 1ms));  // each ms: one after a pause, one without
}

TEST_CASE_FIXTURE(
    Broker, "messages with time between them, and those that are acknowledged, come at once") {
  Script script = subscribed();
  for (int i = 0; i < 3; ++i) script.after(2ms).reply("30 07 00 03 61 2f 78 00 31");
  for (int i = 0; i < 3; ++i) {
    script.after(100us)
        .reply("32 0a 00 03 61 2f 78 00 07 00 31 31")
        .expect("40 02 00 07", "PUBACK");
  }
  scripts.push_back(script.drop());
  make(subscriber());
  REQUIRE(connect());
  const net::Duration begin = clock.elapsed();
  CHECK(run_code() == "link.lost");
  for (net::Duration& at : heard_at) at -= begin;
  CHECK(heard_at == std::vector<net::Duration>{2ms, 4ms, 6ms, 6100us, 6200us, 6300us});
}

TEST_CASE("a broker that talks without end before the login is refused in time") {
  for (const Bytes& flood : net::floods()) {
    CAPTURE(to_hex(flood));
    net::asio::io_context context;
    net::VirtualClock clock;
    auto made = Client::make(
        Broker::options(), [](const Message&) {},
        [&](net::TimePoint) -> Task<std::unique_ptr<net::Link>> {
          std::unique_ptr<net::Link> link = std::make_unique<net::FloodLink>(clock, flood);
          co_return link;
        });
    REQUIRE(made);
    Result<void> connected =
        clock.run(context, [&] { return (*made)->connect(clock.now() + patience); });
    CHECK(!connected);
    CHECK(clock.elapsed() <= patience + 2s);
  }
}
