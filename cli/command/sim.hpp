#pragma once

#include <charconv>
#include <functional>
#include <iosfwd>

#include "aiot/sim.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "option.hpp"

/// What `sim` and its verbs share.
namespace aiot::cli::command {

template <class Number>
Result<Number> number_option(const Arguments& args, const std::string& name, Number otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  Number number = 0;
  const char* last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, number);
  if (error != std::errc() || end != last) {
    return make_error(Errc::bad_value, name + " " + *text, "write a whole number");
  }
  return number;
}

using SimReady = std::function<void(const sim::Ready&)>;
using SimJob = std::function<Result<sim::Report>(const SimReady& ready, EventSink& sink)>;

/// Runs `job`, with a JSON line for each device, until it is stopped.
int serve(Context& context, const SimJob& job);

void print_choices(std::ostream& out, const char* title, const std::vector<sim::Choice>& choices);

int list_kinds(Context& context, const sim::ProvisionCatalog& catalog);

Command sim_provision();
Command sim_ota();

}  // namespace aiot::cli::command
