#include "protocol/protocomm/security.hpp"

#include <doctest/doctest.h>

#include "support/show.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::protocomm;
using provisioning::Errc;

namespace {

struct Pair {
  std::unique_ptr<Cipher> host;
  std::unique_ptr<DeviceHandshake> device;
};

/// Both ends, after their handshake.
Pair established(const Credentials& credentials, const Random& host_random,
                 const Random& device_random) {
  Pair out;
  out.device = std::make_unique<DeviceHandshake>(credentials, device_random);
  HostHandshake host(credentials, host_random);
  const auto response0 = out.device->on_request(host.command0());
  REQUIRE(response0);
  const Result<std::optional<Bytes>> command1 = host.command1(*response0);
  REQUIRE(command1);
  Bytes response1;
  if (*command1) {
    const auto answered = out.device->on_request(**command1);
    REQUIRE(answered);
    response1 = *answered;
  }
  Result<std::unique_ptr<Cipher>> cipher = host.finish(response1);
  REQUIRE(cipher);
  out.host = *std::move(cipher);
  REQUIRE(out.device->cipher() != nullptr);
  return out;
}

Random device_random() {
  return in_order({counting(0x10, 16), counting(0x60, 32), counting(0xd0, 8)});
}

}  // namespace

TEST_CASE("sessions with literal numbers, both ends") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.name);
    Pair pair = established(vector.credentials, in_order(vector.host_random),
                            in_order(vector.device_random));
    Cipher* sender = pair.host.get();
    Cipher* receiver = pair.device->cipher();
    for (const auto& [plain, sealed] : vector.bodies) {
      const Result<Bytes> out = sender->seal(hex(plain));
      REQUIRE(out);
      CHECK(to_hex(*out) == sealed);
      const Result<Bytes> in = receiver->open(hex(sealed));
      REQUIRE(in);
      CHECK(to_hex(*in) == plain);
      std::swap(sender, receiver);
    }
  }
}

TEST_CASE("the frames of sec1-A") {
  const Vector& vector = vectors()[0];
  const std::string host_key = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
  const std::string device_key = "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a";
  HostHandshake host(vector.credentials, in_order(vector.host_random));
  DeviceHandshake device(vector.credentials, in_order(vector.device_random));
  CHECK(to_hex(host.command0()) == "10015a25a201220a20" + host_key);
  const auto response0 = device.on_request(host.command0());
  REQUIRE(response0);
  CHECK(to_hex(*response0) ==
        "10015a390801aa01341220" + device_key + "1a10" + to_hex(counting(0xa0, 16)));
  const auto command1 = host.command1(*response0);
  REQUIRE(command1);
  CHECK(to_hex(command1->value()) ==
        "10015a270802b2012212"
        "20778c8a76b7e555ec25bb7a07ce50393f22b9ee8f765e4cf8ce49569766464784");
}

TEST_CASE("the verification of sec1-B, the first frame and proofs of sec2-A") {
  const Vector& open = vectors()[1];
  HostHandshake without_proof(open.credentials, in_order(open.host_random));
  DeviceHandshake its_device(open.credentials, in_order(open.device_random));
  const auto answer = its_device.on_request(without_proof.command0());
  REQUIRE(answer);
  CHECK(to_hex(without_proof.command1(*answer)->value()) ==
        "10015a270802b2012212"
        "20b10ef17200e42d4ead1d6956c89d4c4feef5955742c01ed05701676820c2af12");

  const Vector& vector = vectors()[2];
  HostHandshake host(vector.credentials, in_order(vector.host_random));
  DeviceHandshake device(vector.credentials, in_order(vector.device_random));
  const Bytes command0 = host.command0();
  CHECK(to_hex(ByteSpan(command0).first(22)) ==
        "1002629103a2018d030a08" + to_hex(as_bytes("wifiprov")) + "128003");
  CHECK(command0.size() == 22 + 384);
  const auto response0 = device.on_request(command0);
  REQUIRE(response0);
  const auto command1 = host.command1(*response0);
  REQUIRE(command1);
  CHECK(to_hex(command1->value())
            .ends_with("d01e79914ffbb74faa53980070d36ab89fc4561494f1922ad5b6315f96ab2580"
                       "1bcddb8b1d228e54cde01b5469f03b7847e4f927814fdb4c2df62642cc67a30b"));
  const auto response1 = device.on_request(command1->value());
  REQUIRE(response1);
  CHECK(to_hex(*response1)
            .find("c705dcc7b5a24df8875e2da4e325f90894327bcf60ea747dd3ee6fec92323094"
                  "4f588a7b0ec3f4a2aae2eb746e7ef3a8fb14c9f9c0a1ad7b914eb66f7b78f40b") !=
        std::string::npos);
}

// security0.c: an empty command, an empty answer.
TEST_CASE("security 0 only says hello") {
  const Credentials none;
  HostHandshake host(none, in_order({}));
  CHECK(to_hex(host.command0()) == "5203a20100");
  Pair pair = established(none, in_order({}), in_order({}));
  CHECK(to_hex(*pair.host->seal(hex("5200"))) == "5200");
}

TEST_CASE("a wrong proof is dropped by the device, and found by the host") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.name);
    Credentials wrong = vector.credentials;
    wrong.proof += "5";
    HostHandshake host(wrong, in_order(vector.host_random));
    DeviceHandshake device(vector.credentials, in_order(vector.device_random));
    const auto response0 = device.on_request(host.command0());
    REQUIRE(response0);
    const auto command1 = host.command1(*response0);
    REQUIRE(command1);
    CHECK_FALSE(device.on_request(command1->value()));
    CHECK(device.cipher() == nullptr);

    // A device that says yes to everybody does not know the proof either.
    HostHandshake careful(vector.credentials, in_order(vector.host_random));
    DeviceHandshake again(vector.credentials, in_order(vector.device_random));
    REQUIRE(careful.command1(*again.on_request(careful.command0())));
    SessionMessage liar;
    liar.security = vector.credentials.security;
    liar.step = SessionMessage::Step::response1;
    liar.proof = Bytes(vector.credentials.security == 1 ? 32 : 64, 7);
    liar.random = Bytes(12, 1);
    const auto finished = careful.finish(encode(liar));
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code == Errc::wrong_proof);
  }
}

TEST_CASE("the counter of security 2 covers both directions, and is never 0") {
  const Credentials credentials{2, 1, "u", "p"};
  Pair pair = established(credentials, in_order({counting(0x80, 32)}), device_random());
  const Bytes text = hex("5200");
  const Bytes first = *pair.host->seal(text);
  CHECK(*pair.host->seal(text) != first);
  CHECK(pair.device->cipher()->open(first));
  const Result<Bytes> twice = pair.device->cipher()->open(first);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Errc::protocol_violated);
  // What cannot be opened is not counted.
  CHECK(pair.device->cipher()
            ->open(*established(credentials, in_order({counting(0x80, 32)}), device_random())
                        .host->seal(text))
            .has_value() == false);

  HostHandshake host(credentials, in_order({counting(0x80, 32)}));
  DeviceHandshake device(credentials, device_random());
  const auto command1 = host.command1(*device.on_request(host.command0()));
  Result<SessionMessage> response1 = decode_session(*device.on_request(command1->value()));
  REQUIRE(response1);
  std::fill(response1->random.begin() + 8, response1->random.end(), std::uint8_t{0xFF});
  auto last = host.finish(encode(*response1));
  REQUIRE(last);
  CHECK((*last)->seal(text));  // counter ffffffff, the last one
  CHECK_FALSE((*last)->seal(text));
  CHECK_FALSE((*last)->open(text));
}

TEST_CASE("patch 0 keeps its nonce") {
  Pair pair = established({2, 0, "u", "p"}, in_order({counting(0x80, 32)}),
                          in_order({counting(0x10, 16), counting(0x60, 32), counting(0xd0, 12)}));
  const Bytes text = hex("5200");
  const Bytes sealed = *pair.host->seal(text);
  CHECK(*pair.host->seal(text) == sealed);
  CHECK(pair.device->cipher()->open(sealed));
  CHECK(pair.device->cipher()->open(sealed));
  CHECK_FALSE(pair.device->cipher()->open(ByteSpan(sealed).first(sealed.size() - 1)));
}

TEST_CASE("a device's refusals have their cause") {
  const auto cause = [](unsigned security, Status status) {
    HostHandshake host({security, 1, "u", "p"}, in_order({counting(0, 32)}));
    SessionMessage response;
    response.security = security;
    response.step = SessionMessage::Step::response0;
    response.status = status;
    const auto next = host.command1(encode(response));
    REQUIRE_FALSE(next);
    return next.error().code;
  };
  for (const unsigned security : {1U, 2U}) {
    CHECK(cause(security, Status::bad_scheme) == Errc::unsupported_version);
    CHECK(cause(security, Status::too_many_sessions) == Errc::busy);
    CHECK(cause(security, Status::internal) == Errc::device_refused);
    CHECK(cause(security, Status::success) == Errc::protocol_violated);  // no key in it
  }
}

TEST_CASE("another scheme, another step, an empty name: the device drops the request") {
  DeviceHandshake device({2, 1, "u", "p"}, device_random());
  HostHandshake other({1, 0, "", "p"}, in_order({counting(0, 32)}));
  CHECK_FALSE(device.on_request(other.command0()));
  HostHandshake nobody({2, 1, "", "p"}, in_order({counting(0, 32)}));
  CHECK_FALSE(device.on_request(nobody.command0()));
  SessionMessage early;
  early.security = 2;
  early.step = SessionMessage::Step::command1;
  early.proof = Bytes(64);
  CHECK_FALSE(device.on_request(encode(early)));
  CHECK_FALSE(device.on_request(hex("ff")));
  CHECK_FALSE(device.on_request({}));
}
