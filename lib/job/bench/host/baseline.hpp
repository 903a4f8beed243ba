#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/bench.hpp"

namespace aiot::bench {

/// Of a baseline with disturbances, everywhere.
constexpr std::string_view baseline_not_quiet =
    "the baseline was measured on a machine that was not quiet";
constexpr std::size_t most_baseline_bytes = 64U << 20;

/// Reads a document of schema "aiot.bench.run/1". Errc::bad_baseline names a figure that is
/// missing, and refuses one of a run that failed or was stopped.
Result<RunResult> parse_baseline(std::string_view json);

/// Compares one model with the baseline's of the same bytes (or, `anyway`, of the same name, else
/// with its only one). `limit` is how much worse the median time and the memory may be: 0.05 is
/// 5 %. Outputs that differ are worse, too. Errc::not_comparable says what differs;
/// Errc::bad_baseline that there is nothing to compare with.
Result<Comparison> compare(const RunResult& run, const ModelResult& model, const RunResult& baseline,
                           double limit, bool anyway);

/// Errc::worse for a comparison in which something is: what, and what to do about each. `quiet`:
/// there was no disturbance today.
Error worse_than_baseline(const Comparison& comparison, double limit, bool quiet);

}  // namespace aiot::bench
