#include "job/listen/conditions.hpp"

namespace aiot::listen {

Result<Conditions> Conditions::make(const Request& request) {
  Conditions conditions;
  if (!request.filter.empty()) {
    AIOT_TRY(conditions.filter_, filter::Filter::parse(request.filter));
  }
  if (!request.expect.empty()) {
    AIOT_TRY(conditions.expect_, filter::Pattern::parse(request.expect));
  }
  if (!request.fail_on.empty()) {
    AIOT_TRY(conditions.fail_on_, filter::Pattern::parse(request.fail_on));
  }
  conditions.left_ = request.count;
  return conditions;
}

Match Conditions::check(const Message& message) {
  if (filter_ && !filter_->matches(fields_of(message))) return Match::filtered;
  if (fail_on_ && fail_on_->matches(message.payload)) return Match::failure;
  if (expect_ && expect_->matches(message.payload)) return Match::expected;
  if (left_ > 0 && --left_ == 0) return Match::last;
  return Match::none;
}

}  // namespace aiot::listen
