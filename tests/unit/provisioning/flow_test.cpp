#include "provisioning/flow.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace aiot::provisioning;

TEST_CASE("faults of virtual devices") {
  const auto silent = parse_fault("silent@joined");
  REQUIRE(silent.has_value());
  CHECK(silent->kind == FaultKind::silent);
  CHECK(silent->stage == Stage::joined);
  const auto drop = parse_fault("drop");
  REQUIRE(drop.has_value());
  CHECK(drop->stage == Stage::authenticated);
  CHECK(parse_fault("refuse-password")->kind == FaultKind::refuse_password);
  for (const char* bad : {"", "nothing", "silent@", "silent@nowhere", "no-network@joined", "drop@joined@found"}) {
    CAPTURE(bad);
    const auto fault = parse_fault(bad);
    REQUIRE(!fault.has_value());
    CHECK(fault.error().code == Errc::bad_fault);
    CHECK(fault.error().hint.find("no-address") != std::string::npos);
  }
  const std::array faults = {*silent, *parse_fault("no-network")};
  CHECK(has_fault(faults, FaultKind::silent));
  CHECK(has_fault(faults, FaultKind::silent, Stage::joined));
  CHECK(!has_fault(faults, FaultKind::silent, Stage::found));
  CHECK(has_fault(faults, FaultKind::no_network));
  CHECK(!has_fault(faults, FaultKind::drop));
}
