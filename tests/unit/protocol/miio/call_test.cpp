#include "protocol/miio/session.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::miio;
using namespace std::chrono_literals;

namespace {

const Token token = *parse_token("00112233445566778899aabbccddeeff");

struct Bench {
  net::TimePoint now{std::chrono::hours(1)};
  Call call;

  explicit Bench(std::optional<Token> with) : call("get_prop", R"(["power"])", with) {
    call.start(now);
  }
  Bytes sent() { return call.take_output().value_or(Bytes()); }
  std::string text_sent() {
    const Result<std::string> text = open(sent(), token);
    return text ? *text : "none";
  }
  void answer(std::string_view text, const Token& with = token) {
    call.on_datagram(now, seal(0x0BADF00D, 1001, text, with));
  }
  void wait() {
    now = *call.next_timer();
    call.on_timer(now);
  }
  std::string result() {
    if (!call.result()) return "nothing";
    return *call.result() ? **call.result() : call.result()->error().stable_code();
  }
};

}  // namespace

// The request is the Python client's: see packet_test.cpp.
TEST_CASE("hello, the command with the device's stamp, the answer") {
  Bench bench(token);
  CHECK(bench.sent() == hello());
  bench.call.on_datagram(bench.now, hello_reply(0x0BADF00D, 1000, {}));
  CHECK(
      to_hex(bench.sent()) ==
      "21310050000000000badf00d000003e8a3da2f4c3dd8ac1fb4ec2eee2859c42ea5516ec6151955dc2bb2d43e7c84"
      "c1833ad6abd2560c09de4318b095b7713e230bbed4ee40764c0304f323716693cc0a");
  bench.answer(R"({"id":1,"result":["on"]})");
  CHECK(bench.result() == R"(["on"])");
  CHECK(!bench.call.next_timer());
}

TEST_CASE("a token that the device tells is used; one that it hides is missed") {
  Bench told(std::nullopt);
  told.sent();
  told.call.on_datagram(told.now, hello_reply(1, 1000, token));
  CHECK(told.text_sent() == R"({"id":1,"method":"get_prop","params":["power"]})");
  Bench hidden(std::nullopt);
  hidden.call.on_datagram(hidden.now, hello_reply(1, 1000, {}));
  CHECK(hidden.result() == "miio.token_hidden");
}

TEST_CASE("what is lost is sent again, a second later, under a new id and with a new stamp") {
  Bench bench(token);
  CHECK(bench.sent() == hello());
  bench.wait();
  CHECK(bench.sent() == hello());
  bench.call.on_datagram(bench.now, hello_reply(0x0BADF00D, 1000, {}));
  CHECK(bench.text_sent().starts_with(R"({"id":1,)"));
  bench.wait();
  const Bytes second = bench.sent();
  CHECK(open(second, token)->starts_with(R"({"id":2,)"));
  CHECK(decode_header(second)->stamp_s == 1001);
  SUBCASE("a late answer to the first will do") {
    bench.answer(R"({"id":1,"result":["on"]})");
    CHECK(bench.result() == R"(["on"])");
  }
  SUBCASE("until patience ends") {
    bench.wait();
    CHECK(bench.text_sent().starts_with(R"({"id":3,)"));
    bench.wait();
    CHECK(bench.result() == "miio.no_reply");
    CHECK(!bench.call.next_timer());
  }
}

TEST_CASE("a silent device") {
  Bench bench(token);
  for (int i = 0; i < Call::attempts; ++i) {
    CHECK(bench.sent() == hello());
    bench.wait();
  }
  CHECK(bench.result() == "miio.no_reply");
}

TEST_CASE("answers of all kinds") {
  Bench bench(token);
  bench.call.on_datagram(bench.now, hello_reply(0x0BADF00D, 1000, {}));
  SUBCASE("malformed, as devices write it") {
    bench.answer(R"({"id":1,,"result":[00]})");
    CHECK(bench.result() == "[0]");
  }
  SUBCASE("a refusal") {
    bench.answer(R"({"id":1,"error":{"code":-5001}})");
    CHECK(bench.result() == "miio.refused");
    CHECK(bench.call.result()->error().peer_text == R"({"code":-5001})");
  }
  SUBCASE("no JSON") {
    bench.answer("hm");
    CHECK(bench.result() == "miio.bad_reply");
  }
  SUBCASE("no result") {
    bench.answer(R"({"id":1})");
    CHECK(bench.result() == "miio.bad_reply");
  }
  SUBCASE("not for us: another id, another token, a truncated packet, noise") {
    bench.answer(R"({"id":2,"result":1})");
    bench.answer(R"({"id":0,"result":1})");
    bench.answer(R"({"id":null,"result":1})");
    bench.answer(R"({"id":1,"result":1})", *parse_token("ffeeddccbbaa99887766554433221100"));
    Bytes cut = seal(1, 1, R"({"id":1,"result":1})", token);
    cut.pop_back();
    bench.call.on_datagram(bench.now, cut);
    bench.call.on_datagram(bench.now, {});
    CHECK(bench.result() == "nothing");
  }
}
