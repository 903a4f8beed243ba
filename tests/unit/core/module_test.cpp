#include "core/module.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

extern "C" int aiot_in_no_library(int);

using namespace aiot;

namespace {

struct Arithmetic : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(absolute, abs);
};

struct Newer : Arithmetic {
  using Arithmetic::Arithmetic;
  AIOT_FUNCTION(added_later, aiot_in_no_library);
};

}  // namespace

TEST_CASE("a library is opened, and its functions are found by name") {
  const auto library = load_functions<Arithmetic>("libc.so.6", "libc6", "libc6 2.0");
  REQUIRE(library.has_value());
  CHECK(library->absolute(-7) == 7);
}

TEST_CASE("a library that is older than what is used names the function and the remedy") {
  const auto library = load_functions<Newer>("libc.so.6", "libc6", "libc6 99");
  REQUIRE_FALSE(library.has_value());
  CHECK(library.error().stable_code() == "system.library");
  CHECK(library.error().condition() == Condition::resource);
  CHECK(library.error().message().find("libc.so.6 has no aiot_in_no_library") != std::string::npos);
  CHECK(library.error().hint == "install libc6 99 or later");
}

TEST_CASE("a library that is not installed names its package") {
  const auto library = load_functions<Arithmetic>("libaiot-none.so.1", "none1", "none1 2");
  REQUIRE_FALSE(library.has_value());
  CHECK(library.error().stable_code() == "system.library");
  CHECK(library.error().hint.find("none1") != std::string::npos);
}
