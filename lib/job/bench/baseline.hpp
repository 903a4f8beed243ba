#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "job/bench/result.hpp"

namespace aiot::bench {

/// What an earlier result says of one model.
struct EarlierModel {
  std::string name;
  std::string sha256;
  double p50_us = 0;               ///< above 0
  std::uint64_t memory_bytes = 0;  ///< arena and weights
  std::string output_sha256;
  bool spoiled = false;  ///< something spoke against its figures
};
/// An earlier result, as far as it is compared.
struct Baseline {
  std::string engine, isa, cpu;
  std::uint64_t threads = 1;
  std::vector<EarlierModel> models;
};
/// What a comparison with a spoiled baseline says, everywhere.
constexpr std::string_view baseline_not_quiet =
    "the baseline was measured on a machine that was not quiet";
constexpr std::size_t most_baseline_bytes = 64U << 20;

/// Reads a document of schema "aiot.bench.run/1". Errc::bad_baseline names what is missing, and
/// refuses one of a run that failed or was stopped.
Result<Baseline> parse_baseline(std::string_view json);

/// Compares one model with the baseline's of the same bytes (or, `anyway`, of the same name, else
/// with its only one). `limit` is how much worse the median time and the memory may be: 0.05 is
/// 5 %. Outputs that differ are worse, too. Errc::not_comparable says what differs;
/// Errc::bad_baseline that there is nothing to compare with.
Result<Comparison> compare(const RunResult& run, const ModelResult& model, const Baseline& baseline,
                           double limit, bool anyway);

/// Errc::worse for a comparison in which something is: what, and what to do about each. `quiet`:
/// nothing spoiled today's figures.
Error worse_than_baseline(const Comparison& comparison, double limit, bool quiet);

}  // namespace aiot::bench
