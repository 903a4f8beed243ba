#include "job/listen/conditions.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using listen::Conditions;
using listen::Match;
using listen::Request;

namespace {

Match check(Conditions& conditions, const std::string& payload) {
  listen::Message message{.payload = payload};
  message.qos = 1;
  return conditions.check(message);
}

}  // namespace

TEST_CASE("what is expected, what must not come, and which of them wins") {
  Request request;
  request.expect = "ready";
  request.fail_on = "panic|Guru";
  Conditions conditions = *Conditions::make(request);
  CHECK(check(conditions, "booting") == Match::none);
  CHECK(check(conditions, "I (300) app: ready") == Match::expected);
  CHECK(check(conditions, "Guru Meditation") == Match::failure);
  CHECK(check(conditions, "ready to panic") == Match::failure);
}

TEST_CASE("a number of messages") {
  Request request;
  request.count = 2;
  Conditions conditions = *Conditions::make(request);
  CHECK(check(conditions, "a") == Match::none);
  CHECK(check(conditions, "b") == Match::last);
}

TEST_CASE("what the filter does not want neither counts nor decides") {
  Request request;
  request.filter = "payload=*wanted*";
  request.expect = "go";
  request.count = 1;
  Conditions conditions = *Conditions::make(request);
  CHECK(check(conditions, "go") == Match::filtered);
  CHECK(check(conditions, "wanted") == Match::last);
  CHECK(check(conditions, "wanted go") == Match::expected);
}

TEST_CASE("expressions that make no sense") {
  Request request;
  request.expect = "(";
  CHECK(Conditions::make(request).error().condition() == Condition::usage);
  request.expect.clear();
  request.filter = "a = (";
  CHECK(Conditions::make(request).error().condition() == Condition::usage);
}
