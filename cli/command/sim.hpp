#pragma once

#include <functional>
#include <iosfwd>

#include "aiot/sim.hpp"
#include "command/numbers.hpp"
#include "context.hpp"
#include "option.hpp"

/// What `sim` and its verbs share.
namespace aiot::cli::command {

using SimReady = std::function<void(const sim::Ready&)>;
using SimJob = std::function<Result<sim::Report>(const SimReady& ready, EventSink& sink)>;

/// Runs `job`, with a JSON line for each device, until it is stopped.
int serve(Context& context, const SimJob& job);

void print_choices(std::ostream& out, const char* title, const std::vector<sim::Choice>& choices);

int list_kinds(Context& context, const sim::ProvisionCatalog& catalog);

Command sim_provision();
Command sim_ota();

}  // namespace aiot::cli::command
