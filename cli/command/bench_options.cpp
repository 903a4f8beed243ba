#include "command/bench_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "aiot/units.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return value;
}

template <class Number>
Result<Number> number_option(const Arguments& args, const std::string& name, Number otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  const auto value = number<Number>(*text);
  if (value) return *value;
  return make_error(Errc::bad_value, fmt::format("{} {}", name, *text), "write a whole number");
}

Result<std::chrono::milliseconds> duration_option(const Arguments& args, const std::string& name,
                                                  std::chrono::milliseconds otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  return parse_duration(*text).with(name);
}

std::vector<Choice> words(const std::vector<bench::Choice>& choices) {
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

}  // namespace

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
    const auto first = number<unsigned>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : number<unsigned>(part.substr(dash + 1));
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
  const auto value = number<double>(digits);
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

std::vector<Option> bench_setup_options() {
  return {
      {.names = "-e,--engine",
       .value = "ENGINE",
       .help = "What runs the model",
       .choices = words(bench::engines())},
      {.names = "--isa",
       .value = "ISA",
       .help = "Instructions of the reference engine; the fastest that this CPU has by default",
       .choices = words(bench::isas())},
      {.names = "-t,--threads", .value = "N", .help = "Threads for each run, 1 to 64 [1]"},
      {.names = "--pin", .value = "CPUS", .help = "Hold it to these CPUs: 0 or 0,2 or 0-3"},
  };
}

Result<bench::Setup> bench_setup(const Arguments& args) {
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

std::vector<Option> bench_run_options() {
  return {
      {.names = "-d,--duration", .value = "TIME", .help = "Measure each model for this long [2s]"},
      {.names = "--runs", .value = "N", .help = "Measure exactly N runs instead"},
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

Result<bench::Request> bench_request(const Context& context) {
  const Arguments& args = context.args;
  bench::Request request;
  request.models = args.items;
  AIOT_TRY(request.setup, bench_setup(args));
  AIOT_TRY(request.runs, number_option<std::uint64_t>(args, "--runs", 0));
  constexpr std::uint64_t most_runs = 5'000'000;
  if (args.has("--runs") && (request.runs < 1 || request.runs > most_runs)) {
    return make_error(Errc::bad_value, fmt::format("--runs {}", request.runs),
                      fmt::format("1 to {}", most_runs));
  }
  if (request.runs > 0 && args.has("--duration")) {
    return make_error(Errc::conflict, "--runs and --duration", "choose one");
  }
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
  if (!context.settings.dry_run) request.report_file = args.get("--report").value_or("");
  return request;
}

}  // namespace aiot::cli::command
