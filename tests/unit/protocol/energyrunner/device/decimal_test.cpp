#include "protocol/energyrunner/device/firmware.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <limits>
#include <string>

using namespace aiot::energyrunner;

namespace {

std::string three(float value) {
  std::array<char, most_digits> buffer{};
  return std::string(three_digits(value, buffer));
}

}  // namespace

TEST_CASE("results are printed as the C library prints them") {
  CHECK(three(0) == "0.000");
  CHECK(three(0.0625F) == "0.062");  // of two as near the even one
  CHECK(three(0.1875F) == "0.188");
  CHECK(three(0.99609375F) == "0.996");
  CHECK(three(-1.5F) == "-1.500");
  CHECK(three(12345.678F) == "12345.678");
  CHECK(three(std::numeric_limits<float>::quiet_NaN()) == "nan");
  CHECK(three(-std::numeric_limits<float>::infinity()) == "-inf");
  int differing = 0;
  std::array<char, 64> expected{};
  for (int i = -70'000; i < 70'000; ++i) {
    const float value = static_cast<float>(i) * 0.00390625F * (i % 3 == 0 ? 1.0F : 0.3333F);
    std::snprintf(expected.data(), expected.size(), "%0.3f", static_cast<double>(value));
    std::string text = expected.data();
    if (text == "-0.000" && value == 0) text = "0.000";
    if (three(value) != text) ++differing;
  }
  CHECK(differing == 0);
}

TEST_CASE("whole numbers") {
  std::array<char, most_digits> buffer{};
  CHECK(decimal(0, buffer) == "0");
  CHECK(decimal(4294967295U, buffer) == "4294967295");
}
