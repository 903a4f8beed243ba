#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>
#include <set>

#include "aiot/units.hpp"
#include "command/bench.hpp"
#include "command/numbers.hpp"
#include "command/output_file.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "option.hpp"
#include "render/bench_text.hpp"
#include "render/envelope.hpp"
#include "render/report/report.hpp"

namespace aiot::cli::command {
Result<std::vector<unsigned>> parse_cpus(const std::string& text) {
  constexpr unsigned most = 8192;
  const auto bad = [&] {
    return make_error(Errc::bad_value, fmt::format("--pin {}", text),
                      "write CPUs by their numbers: 0 or 0,2 or 0-3");
  };
  std::set<unsigned> cpus;
  std::string_view rest = text;
  for (;;) {
    const auto comma = rest.find(',');
    const auto part = rest.substr(0, comma);
    const auto dash = part.find('-');
    const auto first = read_number<unsigned>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : read_number<unsigned>(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= most) return bad();
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return std::vector<unsigned>(cpus.begin(), cpus.end());
}

Result<double> parse_share(const std::string& flag, const std::string& text, double most) {
  std::string_view digits = text;
  const bool percent = digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  const auto value = read_number<double>(digits);
  // Who writes 5 means 5 %, not five times as much: a limit is never guessed, and never so wide.
  if (value && !percent && *value >= 1 && most > 1) {
    return make_error(Errc::bad_value, fmt::format("{} {}", flag, text),
                      fmt::format("write a percentage: {}%", digits));
  }
  const double share = value ? *value / (percent ? 100 : 1) : -1;
  if (share >= 0 && share <= most) return share;
  return make_error(Errc::bad_value, fmt::format("{} {}", flag, text),
                    most > 1
                        ? fmt::format("write a percentage up to {:g}%, such as 5%", most * 100)
                        : fmt::format("write a share from 0 to {:g}, or a percentage: 5%", most));
}

namespace {

Result<std::chrono::milliseconds> duration_option(const Arguments& args, const std::string& name,
                                                  std::chrono::milliseconds otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  return parse_duration(*text).with(name);
}

std::vector<Choice> choices_of(const std::vector<bench::Choice>& choices) {
  std::vector<Choice> out;
  for (const auto& choice : choices) out.push_back({choice.name, choice.description});
  return out;
}

bench::DataType data_type_of(const std::string& word) {
  if (word == "int8") return bench::DataType::int8;
  if (word == "uint8") return bench::DataType::uint8;
  return word == "float32" ? bench::DataType::float32 : bench::DataType::automatic;
}

Result<bench::Data> data_of(const Arguments& args) {
  bench::Data data;
  data.folder = args.get("--data").value_or("");
  data.labels_file = args.get("--labels").value_or("");
  // MLPerf Tiny's data sets have their labels beside the files.
  if (data.labels_file.empty() && !data.folder.empty()) {
    data.labels_file = data.folder + "/y_labels.csv";
  }
  for (const char* flag : {"--labels", "--min-accuracy", "--data-type", "--workers"}) {
    if (!data.folder.empty() || !args.has(flag)) continue;
    return make_error(Errc::missing_argument, fmt::format("{} without --data", flag),
                      "name the folder with the files: --data DIR");
  }
  data.type = data_type_of(args.get("--data-type").value_or("auto"));
  AIOT_TRY(data.workers, number_option<unsigned>(args, "--workers", 0));
  if (data.workers > 64) {
    return make_error(Errc::bad_value, "--workers", "1 to 64, or 0 for one on each CPU");
  }
  AIOT_TRY(data.min_accuracy,
           parse_share("--min-accuracy", args.get("--min-accuracy").value_or("0"), 1));
  return data;
}

std::vector<Option> setup_options() {
  return {
      {.names = "-e,--engine",
       .value = "ENGINE",
       .help = "What runs the model",
       .choices = choices_of(bench::engines())},
      {.names = "--isa",
       .value = "ISA",
       .help = "Instructions of the reference engine; the fastest that this CPU has by default",
       .choices = choices_of(bench::isas())},
      {.names = "-t,--threads", .value = "N", .help = "Threads for each run, 1 to 64 [1]"},
      {.names = "--pin", .value = "CPUS", .help = "Hold it to these CPUs: 0 or 0,2 or 0-3"},
  };
}

Result<bench::Setup> setup_of(const Arguments& args) {
  bench::Setup setup;
  setup.engine = args.get("--engine").value_or(setup.engine);
  setup.isa = args.get("--isa").value_or("");
  AIOT_TRY(setup.threads, number_option<unsigned>(args, "--threads", 1));
  if (setup.threads < 1 || setup.threads > 64) {
    return make_error(Errc::bad_value, fmt::format("--threads {}", setup.threads), "1 to 64");
  }
  if (const auto cpus = args.get("--pin")) {
    AIOT_TRY(setup.cpus, parse_cpus(*cpus));
  }
  return setup;
}

std::vector<Option> run_options() {
  return {
      {.names = "-d,--duration", .value = "TIME", .help = "Measure each model for this long [2s]"},
      {.names = "--runs", .value = "N", .help = "Measure exactly N runs instead"},
      {.names = "--stream",
       .value = "N",
       .help = "Feed a model that keeps state with N inputs, one after another, from fresh state"},
      {.names = "--period",
       .value = "TIME",
       .help = "With --stream: an input comes so often, such as 20ms; does the model keep up?"},
      {.names = "--fresh-state", .help = "Forget what the model keeps before each run"},
      {.names = "--warm-up",
       .value = "TIME",
       .help = "Warm up for at most this long; it ends when the median settles [1s]"},
      {.names = "--no-profile", .help = "Leave out the times of single operators"},
      {.names = "--no-peak", .help = "Do not measure what this CPU could do at best"},
      {.names = "--data",
       .value = "DIR",
       .help = "Measure accuracy with the files in DIR",
       .complete = Complete::folder},
      {.names = "--labels",
       .value = "FILE",
       .help = "What they are: y_labels.csv of MLPerf Tiny [DIR/y_labels.csv]",
       .complete = Complete::file},
      {.names = "--data-type",
       .value = "TYPE",
       .help = "What the files hold",
       .choices = {{"auto", "float32 by their size, pixels for images, else as the input is"},
                   {"int8", "the input's own bytes"},
                   {"uint8", "pixels, less 128 for an int8 input"},
                   {"float32", "real values, quantised by the input's scale"}}},
      {.names = "--workers", .value = "N", .help = "Files at once; one on each CPU by default"},
      {.names = "--min-accuracy",
       .value = "SHARE",
       .help = "End with exit 9 below this, such as 90%; of the AUC for sliding windows"},
      {.names = "--baseline",
       .value = "FILE",
       .help = "Compare with what an earlier `bench run --json` printed",
       .complete = Complete::file},
      {.names = "--max-regression",
       .value = "SHARE",
       .help = "With --baseline: end with exit 9 when it is slower or larger by more than this "
               "percentage [5%]"},
      {.names = "--force", .help = "Compare also with another model, engine or CPU"},
      {.names = "--report",
       .value = "FILE",
       .help = "Write a page with plots: FILE.html, or one picture: FILE.svg",
       .complete = Complete::file},
      {.names = "-i,--input",
       .value = "FILE",
       .help = "Run once with these bytes; once for each input, - is standard input",
       .complete = Complete::file,
       .repeatable = true},
      {.names = "-o,--output",
       .value = "FILE",
       .help = "With --input: where the output's bytes go; once for each output, - is standard "
               "output",
       .complete = Complete::file,
       .repeatable = true},
  };
}

constexpr std::uint64_t most_runs = 5'000'000;

Result<void> take_stream(const Arguments& args, bench::Request& request) {
  AIOT_TRY(request.stream, number_option<std::uint64_t>(args, "--stream", 0));
  if (args.has("--stream") && (request.stream < 1 || request.stream > most_runs)) {
    return make_error(Errc::bad_value, fmt::format("--stream {}", request.stream),
                      fmt::format("1 to {}", most_runs));
  }
  request.fresh_state = args.has("--fresh-state");
  if (!args.has("--stream")) {
    if (!args.has("--period")) return {};
    return make_error(Errc::missing_argument, "--period without --stream",
                      "say how many inputs come: --stream N");
  }
  for (const char* flag : {"--runs", "--duration", "--fresh-state"}) {
    if (!args.has(flag)) continue;
    return make_error(Errc::conflict, fmt::format("--stream and {}", flag), "choose one");
  }
  AIOT_TRY(request.period, duration_option(args, "--period", request.period));
  if (args.has("--period") && request.period.count() <= 0) {
    return make_error(Errc::bad_value, "--period 0", "longer than nothing: 10ms, 20ms");
  }
  return {};
}

Result<bench::Request> run_request(const Context& context) {
  const Arguments& args = context.args;
  bench::Request request;
  request.models = args.items;
  AIOT_TRY(request.setup, setup_of(args));
  AIOT_TRY(request.runs, number_option<std::uint64_t>(args, "--runs", 0));
  if (args.has("--runs") && (request.runs < 1 || request.runs > most_runs)) {
    return make_error(Errc::bad_value, fmt::format("--runs {}", request.runs),
                      fmt::format("1 to {}", most_runs));
  }
  if (request.runs > 0 && args.has("--duration")) {
    return make_error(Errc::conflict, "--runs and --duration", "choose one");
  }
  AIOT_CHECK(take_stream(args, request));
  AIOT_TRY(request.duration, duration_option(args, "--duration", request.duration));
  if (request.duration.count() <= 0) {
    return make_error(Errc::bad_value, "--duration 0", "longer than nothing: 500ms, 2s");
  }
  AIOT_TRY(request.warm_up, duration_option(args, "--warm-up", request.warm_up));
  request.profile = !args.has("--no-profile");
  request.peak = !args.has("--no-peak");
  AIOT_TRY(request.data, data_of(args));
  request.baseline_file = args.get("--baseline").value_or("");
  if (request.baseline_file.empty() && (args.has("--max-regression") || args.has("--force"))) {
    return make_error(Errc::missing_argument, "--baseline",
                      "name the earlier result: --baseline FILE");
  }
  AIOT_TRY(request.max_regression,
           parse_share("--max-regression", args.get("--max-regression").value_or("5%"), 100));
  request.compare_anyway = args.has("--force");
  request.timeout = context.settings.timeout;
  return request;
}

constexpr std::size_t most_bytes = 256U << 20;

Result<Bytes> read_all(std::istream& in, const std::string& name) {
  Bytes bytes;
  std::vector<char> piece(1U << 16);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + in.gcount());
    if (bytes.size() > most_bytes) {
      return make_error(Errc::input_file, fmt::format("{}: more than {} bytes", name, most_bytes),
                        "a model's input is smaller");
    }
  }
  return bytes;
}

/// "-" stands for one stream: it cannot be given twice.
Result<void> check_once(const std::vector<std::string>& files, const char* flag) {
  if (std::count(files.begin(), files.end(), "-") < 2) return {};
  return make_error(Errc::conflict, fmt::format("{} - twice", flag), "name files for the others");
}

/// The bytes of files; "-" is standard input, once. Each at most 256 MiB.
Result<std::vector<Bytes>> read_inputs(const Context& context,
                                       const std::vector<std::string>& files) {
  AIOT_CHECK(check_once(files, "--input"));
  std::vector<Bytes> inputs;
  for (const std::string& file : files) {
    if (file == "-") {
      AIOT_TRY(inputs.emplace_back(), read_all(context.in, "standard input"));
      continue;
    }
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      return make_error(Errc::input_file,
                        fmt::format("{}: {}", file, std::generic_category().message(errno)),
                        "name a file that can be read");
    }
    AIOT_TRY(inputs.emplace_back(), read_all(in, file));
  }
  return inputs;
}

/// Writes one file for each of `outputs`; "-" is standard output, once, and not beside JSON. Fewer
/// files than outputs leave the last ones out; more are an error. Nothing in a dry run.
Result<void> write_outputs(const Context& context, const std::vector<std::string>& files,
                           const std::vector<Bytes>& outputs) {
  AIOT_CHECK(check_once(files, "--output"));
  if (files.size() > outputs.size()) {
    return make_error(Errc::too_many_arguments, fmt::format("--output {}", files.back()),
                      fmt::format("the model has {} outputs", outputs.size()));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto* data = reinterpret_cast<const char*>(outputs[i].data());
    const auto size = static_cast<std::streamsize>(outputs[i].size());
    if (files[i] == "-") {
      if (context.settings.format != Format::text) {
        return make_error(Errc::conflict, "--output - and JSON",
                          "standard output has the JSON: name a file for the bytes");
      }
      context.out.write(data, size);
      continue;
    }
    if (context.settings.dry_run) continue;
    AIOT_CHECK(write_output(files[i], {data, static_cast<std::size_t>(size)}));
  }
  return {};
}

/// With --input nothing is measured: what belongs to measuring is not taken and forgotten.
Result<void> check_once_only(const Arguments& args) {
  for (const Option& option : run_options()) {
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
  auto setup = setup_of(args);
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
  outcome.record = done->result;
  const bool taken = std::find(outputs.begin(), outputs.end(), "-") != outputs.end();
  if (taken) outcome.text = [](std::ostream&) {};
  return context.ui.finish(outcome);
}

render::Outcome run_outcome(const Context& context, const bench::Report& report) {
  render::Outcome outcome;
  outcome.record = report.result;
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
  outcome.text = [report, style](std::ostream& out) { render::print_bench(out, report, style); };
  return outcome;
}

/// Before minutes of measuring: whether the report can be written.
Result<void> check_report(const Context& context, const std::string& file) {
  if (file.empty()) return {};
  if (!file.ends_with(".html") && !file.ends_with(".svg")) {
    return make_error(Errc::bad_value, fmt::format("--report {}", file),
                      "its name ends in .html for a page, or in .svg for a picture");
  }
  if (context.settings.dry_run) return {};
  const auto checked = check_output(file);
  if (checked) return {};
  return make_error(Errc::report_unwritable, checked.error().context, checked.error().hint);
}

/// The figures are there without it: one failure more, not the end.
std::optional<bench::Failure> write_report(const std::string& file, const bench::RunResult& run) {
  const std::string page =
      file.ends_with(".svg") ? render::svg_report(run) : render::html_report(run);
  const auto written = write_output(file, page);
  if (written) return std::nullopt;
  return bench::Failure{
      "", "report", make_error(Errc::report_failed, written.error().context, written.error().hint)};
}

int run_bench(Context& context) {
  if (context.args.has("--input")) return run_once(context);
  if (context.args.has("--output")) {
    return context.fail(
        make_error(Errc::missing_argument, "--input", "name the bytes that go in: --input FILE"));
  }
  const auto request = run_request(context);
  if (!request) return context.fail(request.error());
  const std::string page = context.args.get("--report").value_or("");
  if (auto checked = check_report(context, page); !checked) return context.fail(checked.error());
  auto report = context.environment.bench_run(*request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  if (!page.empty() && !context.settings.dry_run && !report->result.models.empty()) {
    if (auto failure = write_report(page, report->result)) {
      report->failures.push_back(*std::move(failure));
    }
  }
  return context.ui.finish(run_outcome(context, *report));
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const bench::Choice& model : bench::builtin_models()) names.push_back(model.name);
  return names;
}

}  // namespace

Command bench_run() {
  std::vector<Option> options = setup_options();
  for (Option& option : run_options()) options.push_back(std::move(option));
  return {
      .name = "run",
      .summary = "measure a TensorFlow Lite model on this machine",
      .description =
          "Latency with percentiles, operators compared with this CPU's peak, memory, and accuracy "
          "over a labelled data set. Without a model: the four MLPerf Tiny models, with "
          "weights from a seeded generator.\n\n"
          "Disturbances (other processes, heat, a change of the CPU's frequency) are reported, and "
          "are part of the result. Ctrl-C ends with what was measured so far.",
      .positionals = {{.name = "MODEL",
                       .help = "a .tflite file, or kws, vww, ic, ad: built in",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::file,
                       .choices = builtin_names()}},
      .options = std::move(options),
      .common =
          "--data --min-accuracy --baseline --max-regression --report --engine --threads "
          "--pin --duration",
      .examples = {{"bench run", "The four models of MLPerf Tiny"},
                   {"bench run model.tflite --report report.html", "A page with plots"},
                   {"bench run model.tflite --data kws01 --min-accuracy 90%",
                    "Accuracy, with a limit: exit 0 or 9"},
                   {"bench run model.tflite --json > today.json", "A result to compare with"},
                   {"bench run model.tflite --baseline today.json --max-regression 5%",
                    "Slower or larger than then? exit 0 or 9"},
                   {"bench run model.tflite --input x.bin --output y.bin",
                    "Raw bytes through the model, once"}},
      .handler = run_bench,
      .lists = render::lists_of<bench::RunResult, bench::InferResult>,
  };
}

}  // namespace aiot::cli::command
