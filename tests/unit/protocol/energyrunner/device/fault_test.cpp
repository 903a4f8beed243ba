#include "protocol/energyrunner/device/fault.hpp"

#include <doctest/doctest.h>

#include "show.hpp"

using namespace aiot::energyrunner;
using namespace std::chrono_literals;

TEST_CASE("faults as they are written") {
  const auto fault = parse_fault("lose@data/3:4:always");
  REQUIRE(fault);
  CHECK(fault->kind == FaultKind::lose);
  CHECK(fault->stage == "data");
  CHECK(fault->count == 3);
  CHECK(fault->amount == 4);
  CHECK(fault->always);
  CHECK(parse_fault("stall@infer:7s")->time == 7s);
  CHECK(parse_fault("clock-wrap")->time == 20s);
  CHECK(parse_fault("wrong-output:3")->amount == 3);
  CHECK(is_fault("reboot@infer"));
  CHECK(!is_fault("secure-boot"));
}

TEST_CASE("what is no fault says what would be") {
  for (const char* text : {"", "lost", "lose@dat", "lose@data/0", "lose@data/x", "echo@name",
                           "echo:3", "stall:soon", "slow:-1", "slow:nan", "reboot:always:x"}) {
    const auto fault = parse_fault(text);
    REQUIRE_MESSAGE(!fault, text);
    CHECK_MESSAGE(!fault.error().hint.empty(), text);
  }
}

TEST_CASE("a fault strikes once, at its command, or from there on") {
  Faults faults({*parse_fault("lose@data/2"), *parse_fault("garbage@data/2:always")});
  CHECK(faults.at_command("db load 10").empty());
  CHECK(faults.at_command("db 00").empty());
  CHECK(faults.at_command("db 01").size() == 2);
  CHECK(faults.at_command("db 02").size() == 1);
}

TEST_CASE("every command has its stage") {
  CHECK(stage_of("name") == "name");
  CHECK(stage_of("db load 12") == "load");
  CHECK(stage_of("db 0011") == "data");
  CHECK(stage_of("db print") == "print");
  CHECK(stage_of("infer 1 0") == "infer");
  CHECK(stage_of("nonsense").empty());
}
