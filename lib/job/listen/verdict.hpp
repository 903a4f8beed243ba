#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/listen.hpp"
#include "filter/filter.hpp"

namespace aiot::listen {

/// What a message means for the whole job.
enum class Verdict {
  go_on,
  ignored,   ///< the filter does not want it
  expected,  ///< what was waited for
  failure,   ///< what must not come
  enough,    ///< the last of as many as were asked for
};

/// Looks at each message. No I/O.
class Judge {
 public:
  /// filter::Errc::bad_filter and bad_pattern.
  static Result<Judge> make(const Request& request);

  /// A failure wins over what is expected in the same message.
  Verdict look(const Object& fields, std::string_view payload);

 private:
  Judge() = default;

  std::optional<filter::Filter> filter_;
  std::optional<filter::Pattern> expect_;
  std::optional<filter::Pattern> fail_on_;
  std::uint64_t left_ = 0;  // messages until it is enough, 0: never
};

}  // namespace aiot::listen
