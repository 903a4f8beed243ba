#include <doctest/doctest.h>

#include <limits>

#include "job/bench/device/window.hpp"

using namespace aiot::bench;
using namespace std::chrono_literals;

TEST_CASE("as many inferences as fill a window, and two percent") {
  CHECK(iterations_for(0.014, 10s) == 729);
  CHECK(iterations_for(20.0, 10s) == 1);
  CHECK(iterations_for(0, 10s) == 102'000'000);
  CHECK(iterations_for(1e-9, 30min) == 1'000'000'000);
}

TEST_CASE("time-outs come from what was measured") {
  CHECK(patience_for(729, 0.014) > 20s);
  CHECK(patience_for(729, 0.014) < 30s);
  CHECK(patience_for(1, 1e-6) >= 5s);
  CHECK(patience_for(1e9, 1e9) < 2h);
}

TEST_CASE("median and spread") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
  CHECK(median({}) == 0);
  CHECK(spread({10, 10, 11}) == doctest::Approx(0.1));
}

TEST_CASE("the device's clock against this machine's") {
  CHECK(*clock_error({{1, 10.5, 10.0}, {1, 10.5, 10.0}}) == doctest::Approx(0.05));
  CHECK(!clock_error({{1, 10.0, 0.001}}));
}
