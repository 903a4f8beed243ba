#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/listen.hpp"
#include "filter/filter.hpp"

namespace aiot::listen {

/// What a message means for the whole job.
enum class Match {
  none,
  filtered,  ///< the filter does not want it
  expected,  ///< Request::expect was found in it
  failure,   ///< Request::fail_on was found in it
  last,      ///< the last of Request::count
};

/// The conditions of a request that single messages meet. No I/O.
class Conditions {
 public:
  /// filter::Errc::bad_filter and bad_pattern.
  static Result<Conditions> make(const Request& request);

  /// A failure wins over what is expected in the same message.
  Match check(const Message& message);

 private:
  Conditions() = default;

  std::optional<filter::Filter> filter_;
  std::optional<filter::Pattern> expect_;
  std::optional<filter::Pattern> fail_on_;
  std::uint64_t left_ = 0;  // messages until the last, 0: no limit
};

}  // namespace aiot::listen
