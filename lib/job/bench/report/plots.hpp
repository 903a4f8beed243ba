#pragma once

#include <string>

#include "job/bench/report/svg.hpp"
#include "job/bench/result.hpp"

/// One picture each. Style classes: "mark" and "mark2" … are data, "axis", "grid", "label" the
/// rest.
namespace aiot::bench {

/// How often which latency came, with the percentiles marked; the last bar is all of the slow tail.
svg::Canvas plot_latency(const ModelResult& model);

/// A bar for each operator, in the order they run. At most 120 of them.
svg::Canvas plot_operators(const RunResult& run, const ModelResult& model);

/// Each operator by how many MACs it makes of a byte and how many a second, below the measured
/// roofs of memory and arithmetic. Needs RunResult::peak.
svg::Canvas plot_roofline(const RunResult& run, const ModelResult& model);

/// Truth in rows, what it was taken for in columns.
svg::Canvas plot_confusion(const ConfusionMatrix& matrix);

/// "mark" to "mark6": a colour for each kind of operator, in the order of first mention.
std::string operator_style(const ModelResult& model, std::string_view name);

/// "32.8 µs", "1.24 ms": three digits that matter.
std::string time_words(double us);

}  // namespace aiot::bench
