#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

#include "command/bench_bytes.hpp"
#include "command/bench_options.hpp"
#include "command/bench_verbs.hpp"
#include "errors.hpp"
#include "render/bench_text.hpp"

namespace aiot::cli::command {
namespace {

/// With --input nothing is measured: what belongs to measuring is not taken and forgotten.
Result<void> check_once_only(const Arguments& args) {
  for (const Option& option : bench_run_options()) {
    const std::string name = option.long_name();
    if (name == "--input" || name == "--output" || !args.has(name)) continue;
    return make_error(Errc::conflict, "--input and " + name,
                      "with --input the model runs once, and nothing is measured: leave one out");
  }
  return {};
}

/// Bytes through the model, once: `--input`.
int run_once(Context& context) {
  const Arguments& args = context.args;
  if (auto once = check_once_only(args); !once) return context.fail(once.error());
  if (args.items.size() != 1) {
    return context.fail(make_error(Errc::missing_argument, "bench run --input: MODEL",
                                   "name one model that the bytes are for"));
  }
  bench::InferRequest request;
  request.model = args.items.front();
  auto setup = bench_setup(args);
  if (!setup) return context.fail(setup.error());
  request.setup = *std::move(setup);
  auto inputs = read_inputs(context, args.all("--input"));
  if (!inputs) return context.fail(inputs.error());
  request.inputs = *std::move(inputs);
  const auto done = context.environment.bench_infer(request);
  if (!done) return context.fail(done.error());
  const auto outputs = args.all("--output");
  render::Outcome outcome;
  if (auto written = write_outputs(context, outputs, done->outputs); !written) {
    if (written.error().code != Errc::output_file) return context.fail(written.error());
    outcome.failures.push_back({"", "output", written.error()});
  }
  outcome.record = done->record;
  const bool taken = std::find(outputs.begin(), outputs.end(), "-") != outputs.end();
  if (taken) outcome.text = [](std::ostream&) {};
  return context.ui.finish(outcome);
}

render::Outcome outcome_of(const Context& context, const bench::Report& report) {
  render::Outcome outcome;
  outcome.record = report.record;
  for (const bench::Failure& failure : report.failures) {
    outcome.failures.push_back({failure.model, failure.step, failure.error});
  }
  // A limit that failed, the end of the time, or a report that could not be written is what the
  // exit code says, also when other models are within theirs.
  const bool limits =
      std::all_of(report.failures.begin(), report.failures.end(), [](const auto& failure) {
        const Condition condition = failure.error.condition();
        return condition == Condition::mismatch || condition == Condition::timeout ||
               condition == Condition::not_recorded;
      });
  outcome.devices = report.models;
  outcome.noun = "model";
  outcome.failures_decide = limits;
  const Terminal& terminal = context.environment.terminal;
  const render::BenchStyle style{.width = terminal.out && terminal.columns ? terminal.columns() : 0,
                                 .verbose = context.settings.verbosity > 0,
                                 .color = context.settings.color_out};
  outcome.text = [record = report.record, style](std::ostream& out) {
    render::print_bench(out, record.fields, style);
  };
  return outcome;
}

int run_bench(Context& context) {
  if (context.args.has("--input")) return run_once(context);
  if (context.args.has("--output")) {
    return context.fail(
        make_error(Errc::missing_argument, "--input", "name the bytes that go in: --input FILE"));
  }
  const auto request = bench_request(context);
  if (!request) return context.fail(request.error());
  const auto report = context.environment.bench_run(*request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  return context.ui.finish(outcome_of(context, *report));
}

}  // namespace

namespace {

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const bench::Choice& model : bench::builtin_models()) names.push_back(model.name);
  return names;
}

}  // namespace

Command bench_run() {
  std::vector<Option> options = bench_setup_options();
  for (Option& option : bench_run_options()) options.push_back(std::move(option));
  return {
      .name = "run",
      .summary = "measure a TensorFlow Lite model on this machine",
      .description =
          "Latency with its percentiles, operators beside what this CPU can do at best, memory, "
          "and "
          "accuracy over a labelled data set. Without a model: the four MLPerf Tiny models, with "
          "weights from a seeded generator.\n\n"
          "What disturbs a measurement (other processes, heat, a changing frequency) is reported, "
          "and is part of the result. Ctrl-C ends with what was measured so far.",
      .positionals = {{.name = "MODEL",
                       .help = "a .tflite file, or kws, vww, ic, ad: built in",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::file,
                       .choices = builtin_names()}},
      .options = std::move(options),
      .examples = {{"bench run", "The four networks of MLPerf Tiny, on a fresh machine"},
                   {"bench run model.tflite --report report.html", "A page with plots"},
                   {"bench run model.tflite --data kws01 --min-accuracy 90%",
                    "Accuracy, with a limit: exit 0 or 9"},
                   {"bench run model.tflite --json > today.json", "A result to compare with"},
                   {"bench run model.tflite --baseline today.json --max-regression 5%",
                    "Slower or larger than then? exit 0 or 9"},
                   {"bench run model.tflite --input x.bin --output y.bin",
                    "Raw bytes through the model, once"}},
      .handler = run_bench,
  };
}

}  // namespace aiot::cli::command
