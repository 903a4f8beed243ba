#pragma once

#include "aiot/sim.hpp"

namespace aiot::sim::bench {

/// The kind of virtual device that a request with a model asks for.
constexpr std::string_view kind = "dut";

/// sim::run() for devices under test.
Result<Report> run(const Request& request, const std::function<void(const Ready&)>& ready,
                   EventSink& sink, std::stop_token stop);

}  // namespace aiot::sim::bench
