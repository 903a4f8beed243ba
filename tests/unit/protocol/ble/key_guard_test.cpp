#include "protocol/ble/sensor.hpp"

#include <doctest/doctest.h>

#include "protocol/ble/bthome.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::ble;

namespace {

/// A guard that is shown BTHome service data, as a receiver with a key sees it.
struct Receiver {
  KeyGuard guard;
  Security see(std::string_view hex) {
    const Bytes data = *from_hex(hex);
    const auto frame = bthome::parse_frame(Uuid::of(0xFCD2), data);
    REQUIRE(frame.has_value());
    if (!frame->encrypted) return guard.on_plain();
    const bool opened = bthome::open(*frame, {0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5},
                                     test::key_of("231d39c1d7cc1ab1aee224cd096db932"))
                            .has_value();
    return guard.on_sealed(opened, frame->counter(), 32, data);
  }
};

}  // namespace

// The adverts are those of bthome-ble, tests/test_parser_v2.py.
TEST_CASE("a counter that goes up, stands still, and falls") {
  Receiver receiver;
  CHECK(receiver.see("41e445f3c9962b332211006c7c4519") == Security::opened);
  CHECK(receiver.see("41e445f3c9962b332211006c7c4519") == Security::opened);  // sent once more
  CHECK(receiver.see("413e932cc7175f34221100553876af") == Security::opened);
  CHECK(receiver.see("41e445f3c9962b332211006c7c4519") == Security::replayed);
  CHECK(receiver.see("41723d3035fb88322211009e7414c0") == Security::replayed);
  CHECK(receiver.see("413e932cc7175f34221100553876af") == Security::opened);
}

TEST_CASE("a counter that comes to its end begins again") {
  Receiver receiver;
  CHECK(receiver.see("41ba0db07aeef6ffffffff21fd4600") == Security::opened);
  CHECK(receiver.see("41de40b50e676600000000d7cb95de") == Security::wrapped);
  CHECK(receiver.see("41e445f3c9962b332211006c7c4519") == Security::opened);
  CHECK(receiver.see("41de40b50e676600000000d7cb95de") == Security::restarted);
}

TEST_CASE("a wrong key and a downgrade are told at once, and change nothing") {
  Receiver receiver;
  CHECK(receiver.see("41d2fcefe52eb212d600112233bc38c966") == Security::wrong_key);
  CHECK(receiver.see("4004138a01") == Security::downgraded);
  CHECK(receiver.see("41e445f3c9962b332211006c7c4519") == Security::opened);
  // Anyone can send a high counter; only a tag that fits moves the window.
  CHECK(receiver.see("41ffffffffffffffffffff00000000") == Security::wrong_key);
  CHECK(receiver.see("413e932cc7175f34221100553876af") == Security::opened);
}

TEST_CASE("the same counter for something else is a replay") {
  KeyGuard guard;
  const Bytes one = {1};
  const Bytes two = {2};
  CHECK(guard.on_sealed(true, 500, 32, one) == Security::opened);
  CHECK(guard.on_sealed(true, 500, 32, two) == Security::replayed);
  CHECK(guard.on_sealed(true, 501, 32, two) == Security::opened);
}

TEST_CASE("a counter of one byte wraps in its own range") {
  KeyGuard guard;
  const Bytes content = {1};
  CHECK(guard.on_sealed(true, 0xF8, 8, content) == Security::opened);
  CHECK(guard.on_sealed(true, 0x02, 8, content) == Security::wrapped);
  CHECK(guard.on_sealed(true, 0x90, 8, content) == Security::opened);
  CHECK(guard.on_sealed(true, 0x80, 8, content) == Security::replayed);
  CHECK(guard.on_sealed(true, 0xFA, 8, content) == Security::opened);
  CHECK(guard.on_sealed(true, 0x79, 8, content) == Security::wrapped);  // some were not heard
}

TEST_CASE("what may be told") {
  for (const Security s : {Security::plain, Security::opened, Security::unverified,
                           Security::wrapped, Security::restarted}) {
    CHECK(is_trusted(s));
    CHECK_FALSE(security_text(s).empty());
  }
  for (const Security s :
       {Security::needs_key, Security::wrong_key, Security::replayed, Security::downgraded}) {
    CHECK_FALSE(is_trusted(s));
    CHECK_FALSE(security_text(s).empty());
  }
}

TEST_CASE("without a tag a counter that falls is told, and cannot be held high for long") {
  KeyGuard guard;
  const auto see = [&](std::uint32_t counter) {
    const Bytes content = {static_cast<std::uint8_t>(counter)};
    return guard.on_untagged(counter, 32, content);
  };
  CHECK(see(0x1000) == Security::unverified);
  CHECK(see(0x1000) == Security::unverified);  // sent once more
  CHECK(see(0x1001) == Security::unverified);
  CHECK(see(0x0F00) == Security::replayed);
  CHECK(see(0x0F00) == Security::replayed);
  CHECK(see(0x0F00) == Security::replayed);  // the same again is no device that counts
  CHECK(see(0x1002) == Security::unverified);
  // Somebody's high counter; the device goes on, and is believed again at its third advert.
  CHECK(see(0x80000000) == Security::unverified);
  CHECK(see(0x1003) == Security::replayed);
  CHECK(see(0x1004) == Security::replayed);
  CHECK(see(0x1005) == Security::restarted);
  CHECK(see(0x1006) == Security::unverified);
  // Adverts far apart, as of a recording played in any order, are no such run.
  CHECK(see(0x0200) == Security::replayed);
  CHECK(see(0x0300) == Security::replayed);
  CHECK(see(0x0400) == Security::replayed);
  CHECK(see(0x0008) == Security::restarted);  // new batteries
  CHECK(see(0x0009) == Security::unverified);
}
