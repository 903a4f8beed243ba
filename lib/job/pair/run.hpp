#pragma once

#include "job/pair/protocol.hpp"
#include "job/pair/record.hpp"

namespace aiot::pair {

/// What the job takes from outside, so that tests bring their protocols and virtual time.
struct Environment {
  std::span<const Protocol> protocols;
  net::Clock* clock = nullptr;
  TimeOfDay now = nullptr;
  /// Finds a device that has joined, from outside; Request::confirm.
  net::Task<void> (*confirm)(Attempt& attempt) = nullptr;
};

/// run() with the protocols, the clock and the confirmation of `environment`.
Result<Report> run_in(std::span<const Target> targets, const Request& request,
                      const Environment& environment, EventSink& sink, std::stop_token stop);

}  // namespace aiot::pair
