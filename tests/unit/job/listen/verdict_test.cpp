#include "job/listen/verdict.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using listen::Judge;
using listen::Request;
using listen::Verdict;

namespace {

Verdict look(Judge& judge, const std::string& payload) {
  return judge.look(Object({{"payload", payload}, {"qos", 1}}), payload);
}

}  // namespace

TEST_CASE("what is expected, what must not come, and which of them wins") {
  Request request;
  request.expect = "ready";
  request.fail_on = "panic|Guru";
  Judge judge = *Judge::make(request);
  CHECK(look(judge, "booting") == Verdict::go_on);
  CHECK(look(judge, "I (300) app: ready") == Verdict::expected);
  CHECK(look(judge, "Guru Meditation") == Verdict::failure);
  CHECK(look(judge, "ready to panic") == Verdict::failure);
}

TEST_CASE("a number of messages") {
  Request request;
  request.count = 2;
  Judge judge = *Judge::make(request);
  CHECK(look(judge, "a") == Verdict::go_on);
  CHECK(look(judge, "b") == Verdict::enough);
}

TEST_CASE("what the filter does not want neither counts nor decides") {
  Request request;
  request.filter = "payload=*wanted*";
  request.expect = "go";
  request.count = 1;
  Judge judge = *Judge::make(request);
  CHECK(look(judge, "go") == Verdict::ignored);
  CHECK(look(judge, "wanted") == Verdict::enough);
  CHECK(look(judge, "wanted go") == Verdict::expected);
}

TEST_CASE("expressions that make no sense") {
  Request request;
  request.expect = "(";
  CHECK(Judge::make(request).error().condition() == Condition::usage);
  request.expect.clear();
  request.filter = "a = (";
  CHECK(Judge::make(request).error().condition() == Condition::usage);
}
