#include "protocol/homekit/frames.hpp"

#include "provisioning/error.hpp"
#include "show.hpp"
#include "support/scripted_link.hpp"

using namespace aiot;
using namespace aiot::homekit;
using namespace std::chrono_literals;

namespace {

SessionKeys controller_keys() { return {hex(vectors::write_key), hex(vectors::read_key)}; }
SessionKeys accessory_keys() { return {hex(vectors::read_key), hex(vectors::write_key)}; }

}  // namespace

TEST_CASE("text is cut into frames of at most 1,024 bytes, which are counted") {
  FrameCipher controller(controller_keys());
  const Bytes text(1025, 'a');
  const Bytes sealed = controller.seal(text);
  REQUIRE(sealed.size() == 2 + 1024 + 16 + 2 + 1 + 16);
  CHECK(to_hex(ByteSpan(sealed).first(2)) == "0004");
  CHECK(to_hex(ByteSpan(sealed).last(19)) == vectors::second_frame);
  FrameCipher accessory(accessory_keys());
  CHECK(*accessory.open(sealed) == text);
  CHECK(controller.seal({}).empty());
}

TEST_CASE("frames are opened whatever pieces they come in") {
  FrameCipher controller(controller_keys());
  const Bytes sealed = controller.seal(Bytes(1500, 'b'));
  FrameCipher accessory(accessory_keys());
  Bytes text;
  for (const std::uint8_t byte : sealed) {
    const Result<Bytes> opened = accessory.open(ByteSpan(&byte, 1));
    REQUIRE(opened);
    append(text, *opened);
  }
  CHECK(text == Bytes(1500, 'b'));
}

TEST_CASE("a frame that was changed, came twice, or is too long is refused") {
  FrameCipher controller(controller_keys());
  const Bytes sealed = controller.seal(as_bytes("hello"));
  for (std::size_t i = 2; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    FrameCipher accessory(accessory_keys());
    CHECK(accessory.open(changed).error().code == provisioning::Errc::protocol_violated);
  }
  FrameCipher accessory(accessory_keys());
  CHECK(accessory.open(sealed));
  CHECK(!accessory.open(sealed));
  FrameCipher third(accessory_keys());
  CHECK(!third.open(hex("0104")));
}

TEST_CASE("a secure link carries text, and ends at its deadline though bytes keep coming") {
  net::asio::io_context context;
  net::VirtualClock clock;
  FrameCipher accessory(accessory_keys());
  net::Script script;
  FrameCipher sender(controller_keys());
  script.expect(sender.seal(as_bytes("question")));
  const Bytes answer = accessory.seal(as_bytes("answer"));
  script.reply(Bytes(answer.begin(), answer.begin() + 5));
  script.reply(Bytes(answer.begin() + 5, answer.end()));
  script.after(1s).reply(hex("0004"));  // a frame that goes on for ever
  for (int i = 0; i < 100; ++i) script.after(100ms).reply(hex("00"));
  script.silence();
  net::ScriptedLink wire(clock, script);
  SecureLink link(wire, controller_keys());
  const Result<std::string> got = clock.run(context, [&]() -> net::Task<std::string> {
    AIOT_CO_CHECK(co_await link.write(as_bytes("question"), clock.now() + 1s));
    std::array<std::uint8_t, 4> buffer;
    AIOT_CO_TRY(std::size_t count, co_await link.read_some(buffer, clock.now() + 1s));
    std::string text(buffer.begin(), buffer.begin() + count);
    AIOT_CO_TRY(count, co_await link.read_some(buffer, clock.now() + 1s));
    text.append(buffer.begin(), buffer.begin() + count);
    const net::TimePoint begin = clock.now();
    Result<std::size_t> more = co_await link.read_some(buffer, begin + 5s);
    REQUIRE(!more);
    CHECK(more.error().code == net::Errc::timed_out);
    CHECK(clock.now() - begin <= 5s);
    co_return text;
  });
  REQUIRE_MESSAGE(got, got.error().message());
  CHECK(*got == "answer");
}
