#pragma once

#include <string>

#include "aiot/bench.hpp"

namespace aiot::cli::render {

/// One page that needs nothing else: figures, plots as SVG, tables; for light and dark screens and
/// for paper. Every text of a model is escaped.
std::string html_report(const bench::RunResult& run);

/// One picture: latency and operators of the first model.
std::string svg_report(const bench::RunResult& run);

}  // namespace aiot::cli::render
