#include "crypto/random.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

TEST_CASE("random bytes are as many as asked for, and differ") {
  CHECK(random_bytes(0).empty());
  CHECK(random_bytes(32).size() == 32);
  CHECK(random_bytes(32) != random_bytes(32));
}
