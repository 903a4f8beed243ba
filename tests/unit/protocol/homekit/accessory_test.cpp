#include "protocol/homekit/accessory.hpp"

#include "show.hpp"

using namespace aiot;
using namespace aiot::homekit;
using namespace std::chrono_literals;
using provisioning::Fault;
using provisioning::FaultKind;
using provisioning::Stage;

namespace {

/// What the vectors were made with, in the order in which it is asked for.
int asked = 0;
Bytes vector_random(std::size_t count) {
  const Bytes numbers[] = {counting(0x40), Bytes(16, 0),
                           hex("00000000000000000000000000000000dbc790e8e909a64aee3afae7d07b43e7"),
                           counting(0xc0)};
  const Bytes& out = numbers[asked++ % 4];
  REQUIRE(out.size() == count);
  return out;
}

AccessoryOptions options() {
  asked = 0;
  AccessoryOptions out;
  out.code = "123-45-678";
  out.random = vector_random;
  return out;
}

struct Wire {
  explicit Wire(Accessory& accessory) : connection(accessory) {}
  AccessoryConnection connection;
  net::TimePoint now{1h};

  /// The answer to what is sent; "" for none.
  std::string ask(const Bytes& bytes) {
    connection.on_bytes(now, bytes);
    return to_string(connection.take_output(now));
  }
};

std::string text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("the accessory's side of a whole conversation") {
  Accessory accessory(options());
  Wire wire(accessory);
  CHECK(wire.ask(post("/pair-setup", vectors::m1)) == text(ok(vectors::m2)));
  CHECK(wire.ask(post("/pair-setup", vectors::m3)) == text(ok(vectors::m4)));
  CHECK(!accessory.is_paired());
  CHECK(wire.ask(post("/pair-setup", vectors::m5)) == text(ok(vectors::m6)));
  CHECK(accessory.is_paired());
  CHECK(wire.ask(post("/pair-verify", vectors::v1)) == text(ok(vectors::v2)));
  CHECK(wire.ask(post("/pair-verify", vectors::v3)) == text(ok(vectors::v4)));
  CHECK(wire.ask(hex(vectors::remove)) == text(hex(vectors::removed)));
  CHECK(!accessory.is_paired());
  CHECK(!wire.connection.link_up());
}

TEST_CASE("requests are taken in pieces of one byte") {
  Accessory accessory(options());
  Wire wire(accessory);
  std::string answer;
  for (const std::uint8_t byte : post("/pair-setup", vectors::m1)) answer += wire.ask(Bytes{byte});
  CHECK(answer == text(ok(vectors::m2)));
}

TEST_CASE("messages out of their order are refused") {
  Accessory accessory(options());
  Wire wire(accessory);
  CHECK(wire.ask(post("/pair-setup", vectors::m3)).starts_with("HTTP/1.1 400"));
  CHECK(wire.ask(post("/pair-verify", vectors::v3)).starts_with("HTTP/1.1 400"));
  CHECK(wire.ask(post("/pair-setup", vectors::m1)) == text(ok(vectors::m2)));
  CHECK(wire.ask(post("/pair-setup", vectors::m5)).starts_with("HTTP/1.1 400"));
  CHECK(wire.ask(post("/pair-setup", vectors::m3)).starts_with("HTTP/1.1 400"));
  CHECK(!accessory.is_paired());
}

TEST_CASE("what needs a session is not given without one") {
  Accessory accessory(options());
  Wire wire(accessory);
  CHECK(wire.ask(post("/pairings", "060101000105")).starts_with("HTTP/1.1 470"));
  const std::string get = "GET /accessories HTTP/1.1\r\nHost: lamp\r\n\r\n";
  CHECK(wire.ask(Bytes(get.begin(), get.end())).starts_with("HTTP/1.1 470"));
  CHECK(wire.ask(post("/nothing", "060101")).starts_with("HTTP/1.1 404"));
  CHECK(wire.ask(post("/pair-setup", "0601")).starts_with("HTTP/1.1 400"));
}

TEST_CASE("one that is not paired identifies itself to anybody") {
  Accessory accessory(options());
  Wire wire(accessory);
  const std::string identify = "POST /identify HTTP/1.1\r\nHost: lamp\r\nContent-Length: 0\r\n\r\n";
  CHECK(wire.ask(Bytes(identify.begin(), identify.end())).starts_with("HTTP/1.1 204"));
}

TEST_CASE("what is no HTTP, or too long, ends the connection") {
  for (const std::string& bad :
       {std::string("\x16\x03\x01 hello \r\n\r\n"),
        std::string("POST /pair-setup HTTP/1.1\r\nContent-Length: 5000\r\n\r\n") +
            std::string(5000, 'x')}) {
    Accessory accessory(options());
    Wire wire(accessory);
    CHECK(wire.ask(Bytes(bad.begin(), bad.end())).empty());
    CHECK(!wire.connection.link_up());
    CHECK(wire.ask(post("/pair-setup", vectors::m1)).empty());
  }
}

TEST_CASE("plain text behind the message that begins a session ends the connection") {
  Accessory accessory(options());
  Wire wire(accessory);
  for (const auto& message : {vectors::m1, vectors::m3, vectors::m5})
    wire.ask(post("/pair-setup", message));
  wire.ask(post("/pair-verify", vectors::v1));
  Bytes both = post("/pair-verify", vectors::v3);
  append(both, post("/pairings", "060101000105"));
  CHECK(wire.ask(both) == text(ok(vectors::v4)));
  CHECK(!wire.connection.link_up());
}

TEST_CASE("one pairing at a time; its end, or 30 seconds, let another begin") {
  AccessoryOptions calm = options();
  calm.random = crypto::random_bytes;
  Accessory accessory(calm);
  Wire second(accessory);
  {
    Wire first(accessory);
    CHECK(first.ask(post("/pair-setup", vectors::m1)).starts_with("HTTP/1.1 200"));
    CHECK(second.ask(post("/pair-setup", vectors::m1)) == text(ok("060102070107")));
    CHECK(first.ask(post("/pair-setup", vectors::m1)).size() > 400);
  }
  CHECK(second.ask(post("/pair-setup", vectors::m1)).size() > 400);
  Wire third(accessory);
  CHECK(third.ask(post("/pair-setup", vectors::m1)) == text(ok("060102070107")));
  third.now += 30s;
  CHECK(third.ask(post("/pair-setup", vectors::m1)).size() > 400);
}

TEST_CASE("wrong codes: a pause after each, and an end") {
  AccessoryOptions strict = options();
  strict.random = crypto::random_bytes;
  strict.backoff = 10s;
  strict.most_tries = 2;
  Accessory accessory(strict);
  Wire wire(accessory);
  CHECK(wire.ask(post("/pair-setup", vectors::m1)).size() > 400);
  CHECK(wire.ask(post("/pair-setup", vectors::m3)) == text(ok("060104070102")));
  CHECK(wire.ask(post("/pair-setup", vectors::m1)) == text(ok("06010207010308040a000000")));
  wire.now += 10s;
  CHECK(wire.ask(post("/pair-setup", vectors::m1)).size() > 400);
  CHECK(wire.ask(post("/pair-setup", vectors::m3)) == text(ok("060104070102")));
  wire.now += 10s;
  CHECK(wire.ask(post("/pair-setup", vectors::m1)) == text(ok("060102070105")));
}

TEST_CASE("faults strike at their stage") {
  const auto answer = [](Fault fault) {
    AccessoryOptions faulty = options();
    faulty.faults = {fault};
    Accessory accessory(faulty);
    Wire wire(accessory);
    const std::string out = wire.ask(post("/pair-setup", vectors::m1));
    return wire.connection.link_up() ? out : "dropped";
  };
  CHECK(answer({FaultKind::wrong_state}) == text(ok("060102070106")));
  CHECK(answer({FaultKind::silent, Stage::authenticated}).empty());
  CHECK(answer({FaultKind::silent, Stage::connected}).empty());
  CHECK(answer({FaultKind::silent, Stage::joined}) == text(ok(vectors::m2)));
  CHECK(answer({FaultKind::drop, Stage::authenticated}) == "dropped");
  CHECK(answer({FaultKind::garbage, Stage::authenticated}) == text(ok("05ff00")));
}
