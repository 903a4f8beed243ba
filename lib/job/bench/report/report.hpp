#pragma once

#include <string>
#include <string_view>

#include "job/bench/result.hpp"

namespace aiot::bench {

/// One page that needs nothing else: figures, plots as SVG, tables; for light and dark screens and
/// for paper. Every text of a model is escaped.
std::string html_report(const RunResult& run);

/// One picture: latency and operators of the first model.
std::string svg_report(const RunResult& run);

/// Colours and type of both.
std::string_view plot_style();
std::string_view page_style();

}  // namespace aiot::bench
