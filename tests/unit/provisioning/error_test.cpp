#include "provisioning/error.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "paths.hpp"

using namespace aiot;

TEST_CASE("every cause is in the manual, with what to do next") {
  std::ifstream in(tests::source_dir() + "/man/aiotctl-pair.1.scd");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  REQUIRE(!page.empty());
  int causes = 0;
  for (int value = 1;; ++value, ++causes) {
    const Error error(make_error_code(static_cast<provisioning::Errc>(value)));
    if (error.code.message().starts_with("unknown pair error")) break;  // not in the table
    std::string entry = "\n*";
    for (const char c : error.stable_code()) entry += c == '_' ? "\\_" : std::string(1, c);
    const std::size_t at = page.find(entry + "*\n\t");
    CAPTURE(error.stable_code());
    REQUIRE(at != std::string::npos);
    // A sentence at the least.
    const std::size_t end = page.find("\n\n", at);
    CHECK(end - at > entry.size() + 20);
  }
  CHECK(causes == 35);
}
