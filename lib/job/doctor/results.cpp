#include <algorithm>

#include "aiot/doctor.hpp"

namespace aiot::doctor {

bool Report::ok() const {
  return std::ranges::none_of(checks, [](const Check& c) { return c.state == State::fault; });
}

static void describe(FieldVisitor& v, Check& check) {
  v.one_of("name", check.name, check_names, "of the check");
  v.choice("state", check.state, state_names, "ok, or how severe it is");
  v.text("detail", check.detail, "what was found");
  v.text("fix", check.fix, "a shell command that mends it", Presence::if_set);
}

SchemaInfo schema_of(const Report&) { return {"aiot.doctor/1", "Result of `aiotctl doctor`"}; }

void describe(FieldVisitor& v, Report& report) {
  v("checks", report.checks, "one of each name, in a fixed order");
}

}  // namespace aiot::doctor
