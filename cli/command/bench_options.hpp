#pragma once

#include <vector>

#include "aiot/bench.hpp"
#include "context.hpp"
#include "option.hpp"

namespace aiot::cli::command {

/// How a model is run: --engine, --isa, --threads, --pin.
std::vector<Option> bench_setup_options();
Result<bench::Setup> bench_setup(const Arguments& args);

/// What `bench run` measures, and what it holds it to.
std::vector<Option> bench_run_options();
Result<bench::Request> bench_request(const Context& context);

/// "0", "0,2", "0-3": CPUs by their numbers, each once, sorted.
Result<std::vector<unsigned>> parse_cpus(const std::string& text);
/// "5%" and "0.05" are 0.05. From 0 to `most`. Where that is above 1, what is not a fraction takes
/// its percent sign: "5" is refused.
Result<double> parse_share(const std::string& flag, const std::string& text, double most);

}  // namespace aiot::cli::command
