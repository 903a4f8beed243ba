#pragma once

#include <algorithm>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net {

/// What another try a moment later may mend: the other end is not there yet, or has just gone.
inline bool may_come_back(const Error& error) {
  return error.code == make_error_code(Errc::refused) ||
         error.code == make_error_code(Errc::not_found) ||
         error.code == make_error_code(Errc::link_lost);
}

/// Tries the whole of `attempt` (a callable that returns Task<void>) until it succeeds or there is
/// no time left for another try, with a pause between two. Gives what the last try said, which
/// tells more than that time ran out.
template <class Attempt>
Task<void> patiently(Clock& clock, TimePoint deadline, Attempt attempt) {
  constexpr std::chrono::milliseconds pause(100);
  for (;;) {
    Result<void> done = co_await attempt();
    if (done || !may_come_back(done.error()) || clock.now() + pause >= deadline) co_return done;
    Result<void> slept = co_await clock.sleep_for(pause);
    if (!slept) co_return slept;
  }
}

}  // namespace aiot::net
