#include "job/listen/verdict.hpp"

namespace aiot::listen {

Result<Judge> Judge::make(const Request& request) {
  Judge judge;
  if (!request.filter.empty()) {
    AIOT_TRY(judge.filter_, filter::Filter::parse(request.filter));
  }
  if (!request.expect.empty()) {
    AIOT_TRY(judge.expect_, filter::Pattern::parse(request.expect));
  }
  if (!request.fail_on.empty()) {
    AIOT_TRY(judge.fail_on_, filter::Pattern::parse(request.fail_on));
  }
  judge.left_ = request.count;
  return judge;
}

Verdict Judge::look(const Object& fields, std::string_view payload) {
  if (filter_ && !filter_->matches(fields)) return Verdict::ignored;
  if (fail_on_ && fail_on_->matches(payload)) return Verdict::failure;
  if (expect_ && expect_->matches(payload)) return Verdict::expected;
  if (left_ > 0 && --left_ == 0) return Verdict::enough;
  return Verdict::go_on;
}

}  // namespace aiot::listen
