#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "job/bench/device_compare.hpp"

using namespace aiot;
using namespace aiot::bench;

TEST_CASE("results are compared as far as they are printed") {
  // Rounded as the reference's image classification, cut as its keyword spotting.
  CHECK(!first_difference({0.004, 0.996}, {0.00390625F, 0.99609375F}));
  CHECK(!first_difference({0.003, 0.996}, {0.00390625F, 0.99609375F}));
  const auto step = first_difference({0.003, 0.992}, {0.00390625F, 0.99609375F});
  REQUIRE(step);
  CHECK(step->index == 1);
  CHECK(step->device == doctest::Approx(0.992));
  CHECK(step->reference == doctest::Approx(0.99609375));
  CHECK(first_difference({std::nan("")}, {0.5F}));
  // Another number of results.
  CHECK(first_difference({0.004}, {0.00390625F, 0.99609375F})->index == 1);
  CHECK(first_difference({0.004, 0.996, 0.1}, {0.00390625F, 0.99609375F})->index == 2);
  // A large sum of squares has more digits than a float.
  CHECK(!first_difference({12345.679}, {12345.6787F}));
}
