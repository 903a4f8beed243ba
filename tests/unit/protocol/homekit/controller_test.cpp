#include "protocol/homekit/controller.hpp"

#include "provisioning/error.hpp"
#include "show.hpp"
#include "support/scripted_link.hpp"

using namespace aiot;
using namespace aiot::homekit;
using namespace std::chrono_literals;
using net::Script;
using provisioning::Errc;
using provisioning::Stage;

namespace {

/// The scripts' random numbers and the state that a session leaves.
struct Host {
  net::asio::io_context context;
  net::VirtualClock clock;
  Stages stages;
  Pairing pairing{controller_identity(), "", {}, false};

  Result<void> pair_setup(const Script& script, const std::string& code = "123-45-678") {
    net::ScriptedLink link(clock, script);
    Result<void> done = clock.run(context, [&]() -> net::Task<void> {
      Controller controller(link, "lamp:1");
      const Bytes secret = hex("356995cb1ef4acd15a91cf2e635c9171");
      Result<void> result = co_await controller.pair_setup(code, secret, pairing, stages);
      co_return result;
    });
    if (done) CHECK(link.finished());
    return done;
  }

  /// pair-verify, then removes the pairing.
  Result<void> verify_and_remove(const Script& script) {
    net::ScriptedLink link(clock, script);
    Result<void> done = clock.run(context, [&]() -> net::Task<void> {
      Controller controller(link, "lamp:1");
      const Bytes secret = counting(0x80);
      Result<void> verified = co_await controller.pair_verify(pairing, secret);
      if (!verified) co_return verified;
      Result<void> removed = co_await controller.remove_pairing(pairing.controller.id);
      co_return removed;
    });
    if (done) CHECK(link.finished());
    return done;
  }

  void is_paired() {
    pairing.accessory_id = vectors::accessory_id;
    pairing.accessory_key = hex(vectors::accessory_key);
  }
};

Script setup() {
  Script script;
  script.expect(post("/pair-setup", vectors::m1), "M1").reply(ok(vectors::m2), "M2");
  script.expect(post("/pair-setup", vectors::m3), "M3").reply(ok(vectors::m4), "M4");
  script.expect(post("/pair-setup", vectors::m5), "M5").reply(ok(vectors::m6), "M6");
  return script;
}

Script verification() {
  Script script;
  script.expect(post("/pair-verify", vectors::v1), "M1").reply(ok(vectors::v2), "M2");
  script.expect(post("/pair-verify", vectors::v3), "M3").reply(ok(vectors::v4), "M4");
  script.expect(vectors::remove, "remove").reply(vectors::removed, "removed");
  return script;
}

/// `whole` up to its answer number `number`, from 1, and `answer` in place of that.
Script ends_with(const Script& whole, int number, const Bytes& answer) {
  Script script;
  for (const Script::Step& step : whole.steps()) {
    if (const auto* expect = std::get_if<Script::Expect>(&step)) script.expect(expect->bytes);
    const auto* reply = std::get_if<Script::Reply>(&step);
    if (reply == nullptr) continue;
    if (--number == 0) return script.reply(answer).silence();
    script.reply(reply->bytes);
  }
  FAIL("there is no such answer");
  return script;
}

Error refused(const Script& script) {
  Host host;
  const Result<void> done = host.pair_setup(script);
  REQUIRE(!done);
  CHECK(host.clock.elapsed() < 1s);
  return done.error();
}

}  // namespace

TEST_CASE("pair-setup proves the code and exchanges keys") {
  Host host;
  const Result<void> done = host.pair_setup(setup());
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(host.stages.reached_stages == std::vector{Stage::authenticated, Stage::joined});
  CHECK(host.pairing.accessory_id == vectors::accessory_id);
  CHECK(to_hex(host.pairing.accessory_key) == vectors::accessory_key);
  CHECK(host.pairing.may_be_stored);
}

TEST_CASE("pair-verify begins a session, in which the pairing is removed") {
  Host host;
  host.is_paired();
  const Result<void> done = host.verify_and_remove(verification());
  CHECK_MESSAGE(done, done.error().message());
}

TEST_CASE("a pairing whose last message was lost can be removed as well") {
  Host host;
  const Result<void> done = host.verify_and_remove(verification());
  CHECK_MESSAGE(done, done.error().message());
}

TEST_CASE("an accessory that has not the key of this pairing is told apart") {
  Host host;
  host.is_paired();
  host.pairing.accessory_key.front() ^= 1;
  CHECK(host.verify_and_remove(verification()).error().code == Errc::wrong_proof);
  host.is_paired();
  host.pairing.accessory_id = "1A:2B:3C:4D:5E:70";
  CHECK(host.verify_and_remove(verification()).error().code == Errc::wrong_proof);
}

TEST_CASE("every error that an accessory gives has a cause of its own") {
  const auto setup_error = [](int number, std::string_view answer) {
    return refused(ends_with(setup(), number, ok(answer)));
  };
  CHECK(setup_error(1,
                    "060102"
                    "070106")
            .code == Errc::already_paired);
  CHECK(setup_error(1,
                    "060102"
                    "070107")
            .code == Errc::busy);
  const Error tries = setup_error(1,
                                  "060102"
                                  "070105");
  CHECK(tries.code == Errc::window_closed);
  CHECK(tries.hint == "restart the device, and try again");
  const Error backoff = setup_error(1,
                                    "060102"
                                    "070103"
                                    "08021e00");
  CHECK(backoff.code == Errc::window_closed);
  CHECK(backoff.hint == "try again in 30 s");
  CHECK(setup_error(1,
                    "060102"
                    "070103")
            .hint == "try again later");
  CHECK(setup_error(2,
                    "060104"
                    "070102")
            .code == Errc::wrong_proof);
  CHECK(setup_error(3,
                    "060106"
                    "070104")
            .code == Errc::device_refused);
  CHECK(setup_error(3,
                    "060106"
                    "070102")
            .code == Errc::device_refused);
  // As hap-nodejs does it: the state is not the one that was asked for.
  CHECK(setup_error(3,
                    "060104"
                    "070102")
            .code == Errc::device_refused);
  CHECK(setup_error(1,
                    "060102"
                    "070101")
            .message() == "pair-setup M2: error 1: the device reports a failure");
  CHECK(setup_error(1,
                    "060102"
                    "07020201")
            .code == Errc::device_refused);
}

TEST_CASE("a wrong code is told by the accessory, and never shown") {
  const Error error = refused(ends_with(setup(), 2,
                                        ok("060104"
                                           "070102")));
  CHECK(error.code == Errc::wrong_proof);
  CHECK(error.message().find("123-45-678") == std::string::npos);
  CHECK(error.hint == "check the 8 digits on the device's label");
}

TEST_CASE("an accessory that does not prove that it has the code is not trusted") {
  std::string proof(vectors::m4);
  proof.back() = proof.back() == '0' ? '1' : '0';
  CHECK(refused(ends_with(setup(), 2, ok(proof))).code == Errc::wrong_proof);
  CHECK(refused(ends_with(setup(), 2, ok("060104"))).code == Errc::wrong_proof);
}

TEST_CASE("answers that the protocol does not allow") {
  const auto violated = [](int number, const Bytes& answer) {
    return refused(ends_with(setup(), number, answer)).code == Errc::protocol_violated;
  };
  CHECK(violated(1, ok("060101")));  // another state
  CHECK(violated(1, ok("060102"
                       "0210"
                       "00000000000000000000000000000000")));  // no key
  CHECK(violated(1, ok("060102"
                       "020100"
                       "030100")));  // a key of zero
  CHECK(violated(1, ok("060102"
                       "030105")));               // no salt
  CHECK(violated(1, ok("0601")));                 // cut short
  CHECK(violated(1, hex("68656c6c6f0d0a0d0a")));  // no HTTP
  CHECK(violated(3, ok("060106"
                       "0510"
                       "00000000000000000000000000000000")));
  CHECK(violated(3, ok("060106")));
  Bytes long_answer =
      hex("485454502f312e3120323030204f4b0d0a436f6e74656e742d4c656e6774683a203939393939390d0a0d0a");
  CHECK(violated(1, long_answer));  // of 999,999 bytes
  const std::string head =
      "HTTP/1.1 470 Connection Authorization Required\r\nContent-Length: 0\r\n\r\n";
  CHECK(refused(ends_with(setup(), 1, Bytes(head.begin(), head.end()))).code ==
        Errc::device_refused);
}

TEST_CASE("a silence, half an answer or a lost link at each step ends in its own cause") {
  for (const Script::Faulty& faulty : setup().with_each_fault()) {
    CAPTURE(faulty.what);
    Host host;
    const Result<void> done = host.pair_setup(faulty.script);
    REQUIRE(!done);
    const bool lost = faulty.what.find("lost") != std::string::npos;
    CHECK(done.error().code == (lost ? Errc::link_lost : Errc::no_reply));
    CHECK(host.clock.elapsed() <= Controller::patience);
    CHECK(host.pairing.may_be_stored == (faulty.what.find("M6") != std::string::npos));
  }
  for (const Script::Faulty& faulty : verification().with_each_fault()) {
    CAPTURE(faulty.what);
    Host host;
    host.is_paired();
    const Result<void> done = host.verify_and_remove(faulty.script);
    REQUIRE(!done);
    const bool lost = faulty.what.find("lost") != std::string::npos;
    CHECK(done.error().code == (lost ? Errc::link_lost : Errc::no_reply));
    CHECK(host.clock.elapsed() <= Controller::patience);
  }
}

TEST_CASE("an answer that comes byte by byte does not hold the session beyond its deadline") {
  Script script;
  script.expect(post("/pair-setup", vectors::m1));
  const Bytes answer = ok(vectors::m2);
  for (const std::uint8_t byte : answer) script.after(1s).reply(Bytes{byte});
  Host host;
  CHECK(host.pair_setup(script).error().code == Errc::no_reply);
  CHECK(host.clock.elapsed() <= Controller::patience);
}

// Types in both of their forms, as bridges mix them (HAP specification, 6.6.1).
TEST_CASE("what an accessory is, from the list of its services") {
  const auto info = parse_accessories(R"({"accessories":[
      {"aid":2,"services":[{"type":"3E","characteristics":[{"type":"23","value":"other"}]}]},
      {"aid":1,"services":[7,{"type":"43","characteristics":[{"type":"23","value":"no"}]},
        {"type":"0000003E-0000-1000-8000-0026BB765291","characteristics":[
          {"type":"20","value":"Example"},{"type":"21","value":"VL-1"},
          {"type":"00000023-0000-1000-8000-0026BB765291","value":"Lamp"},
          {"type":"30","value":12},{"type":"52","value":"1.0.0"},null]}]}]})");
  REQUIRE(info);
  CHECK(info->name == "Lamp");
  CHECK(info->manufacturer == "Example");
  CHECK(info->model == "VL-1");
  CHECK(info->serial.empty());
  CHECK(info->firmware == "1.0.0");
  for (const auto* empty : {"{}", R"({"accessories":5})", R"({"accessories":[{"aid":1}]})"})
    CHECK(parse_accessories(empty)->name.empty());
  for (const auto* bad : {"", "[]", "{", "{\"accessories\":["})
    CHECK(parse_accessories(bad).error().code == Errc::protocol_violated);
}
