#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bench.hpp"
#include "render/report/svg.hpp"

/// One picture each. Style classes: "mark" and "mark2" … are data, "axis", "grid", "label" the
/// rest.
namespace aiot::cli::render {

/// How often which latency came, with the percentiles marked; the last bar is all of the slow tail.
svg::Canvas plot_latency(const bench::ModelResult& model);

/// A bar for each operator, in the order they run. At most 120 of them.
svg::Canvas plot_operators(const bench::ModelResult& model);

/// Each operator by how many MACs it makes of a byte and how many a second, below the measured
/// roofs of memory and arithmetic. Needs bench::RunResult::peak.
svg::Canvas plot_roofline(const bench::RunResult& run, const bench::ModelResult& model);

/// Truth in rows, what it was taken for in columns.
svg::Canvas plot_confusion(const std::vector<std::vector<std::uint64_t>>& matrix);

/// "mark" to "mark6": a colour for each kind of operator, in the order of first mention.
std::string operator_style(const bench::ModelResult& model, std::string_view name);

}  // namespace aiot::cli::render
