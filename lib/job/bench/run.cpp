#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "image/files.hpp"
#include "job/bench/error.hpp"
#include "job/bench/pin.hpp"
#include "job/bench/report/report.hpp"
#include "job/bench/session.hpp"

namespace aiot::bench {
namespace {

std::uint64_t preempted() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::uint64_t>(usage.ru_nivcsw) : 0;
}

Result<void> check(const Request& request, std::size_t models) {
  const auto bad = [](std::string what, std::string hint) {
    return make_error(Errc::bad_request, std::move(what), std::move(hint));
  };
  if (request.data.folder.empty() != request.data.labels_file.empty()) {
    return bad("a data set is its folder and its labels", "name both");
  }
  if (!request.data.folder.empty() && models != 1) {
    return bad(fmt::format("a data set for {} models", models), "name the model that it is for");
  }
  if (request.data.min_accuracy > 0 && request.data.folder.empty()) {
    return bad("a least accuracy without a data set", "name its folder and its labels");
  }
  if (request.runs > most_runs) {
    return bad(fmt::format("{} runs", request.runs), fmt::format("at most {}", most_runs));
  }
  const bool page = request.report_file.ends_with(".html") || request.report_file.ends_with(".svg");
  if (!request.report_file.empty() && !page) {
    return bad(fmt::format("a report as \"{}\"", request.report_file),
               "its name ends in .html for a page, or in .svg for a picture");
  }
  return {};
}

Result<std::vector<Subject>> subjects_of(const Surroundings& surroundings, const Request& request) {
  std::vector<std::string> words = request.models;
  if (words.empty()) {
    for (const Choice& model : builtin_models()) words.push_back(model.name);
  }
  std::vector<Subject> subjects;
  std::set<std::string> seen;
  std::set<std::string> names;
  for (const std::string& word : words) {
    if (!seen.insert(word).second) {
      return make_error(Errc::bad_request, fmt::format("{} is named twice", word),
                        "name each model once");
    }
    AIOT_TRY(Subject subject, surroundings.find(word));
    // Events and failures are told apart by the name.
    if (!names.insert(subject.name).second) subject.name = word;
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

Result<std::optional<Baseline>> baseline_of(const Request& request) {
  if (request.baseline_file.empty()) return std::optional<Baseline>();
  AIOT_TRY(const Bytes text, image::read_file(request.baseline_file, most_baseline_bytes));
  AIOT_TRY(Baseline baseline, parse_baseline(to_string(text)).with(request.baseline_file));
  return std::optional(std::move(baseline));
}

/// Before minutes of measuring: whether what comes of it can be written.
Result<void> try_report(const Request& request) {
  if (request.report_file.empty()) return {};
  const auto tried = image::try_write(request.report_file);
  if (tried) return {};
  return make_error(Errc::unwritable, tried.error().context, tried.error().hint);
}

/// The page or picture. The figures are there without it: this is one failure more, not the end.
std::optional<Failure> write_report(const Request& request, const RunResult& result) {
  if (request.report_file.empty() || result.models.empty()) return std::nullopt;
  const std::string page =
      request.report_file.ends_with(".svg") ? svg_report(result) : html_report(result);
  const auto written = image::write_file(request.report_file, as_bytes(page));
  if (written) return std::nullopt;
  return Failure{"", "report",
                 make_error(Errc::report_failed, written.error().context, written.error().hint)};
}

/// Limits that a finished model is held to.
class Judge {
 public:
  Judge(const Request& request, const std::optional<Baseline>& baseline, const RunResult& run,
        const Ending& ending)
      : request_(request), baseline_(baseline), run_(run), ending_(ending) {}

  /// What is beyond a limit, each of them; the comparison goes into the result. `step`: that it
  /// ended in.
  std::vector<Failure> judge(ModelResult& model, const std::string& step) const {
    const std::string& name = model.subject.name;
    if (!model.complete) return {{name, step, ended_in(step, ending_, model)}};
    std::vector<Failure> failures;
    if (model.accuracy && request_.data.min_accuracy > 0) {
      if (auto error = check_accuracy(*model.accuracy)) {
        failures.push_back({name, "accuracy", *std::move(error)});
      }
    }
    if (auto error = check_baseline(model)) {
      failures.push_back({name, "compare", *std::move(error)});
    }
    return failures;
  }

 private:
  std::optional<Error> check_baseline(ModelResult& model) const {
    if (!baseline_) return std::nullopt;
    const double limit = request_.max_regression;
    auto compared = compare(run_, model, *baseline_, limit, request_.compare_anyway);
    if (!compared) return std::move(compared).error();
    model.comparison = *std::move(compared);
    if (model.comparison->worse.empty()) return std::nullopt;
    return worse_than_baseline(*model.comparison, limit, model.spoiled.empty());
  }
  std::optional<Error> check_accuracy(const Evaluation& found) const {
    const bool windows = !found.confusion;
    if (windows && !found.auc) {
      if (found.files == 0) return std::nullopt;
      return make_error(Errc::below_minimum, "an AUC cannot be told: all files are of one class",
                        "give files of both classes");
    }
    const double value = windows ? found.auc->value : found.accuracy();
    if (value >= request_.data.min_accuracy) return std::nullopt;
    return make_error(
        Errc::below_minimum,
        fmt::format("{} {:.4f}, where {:g} is the least", windows ? "an AUC of" : "an accuracy of",
                    value, request_.data.min_accuracy),
        "look at the confusion matrix, and at what became of the files' bytes");
  }

  const Request& request_;
  const std::optional<Baseline>& baseline_;
  const RunResult& run_;
  const Ending& ending_;
};

}  // namespace

Result<Report> run_in(const Surroundings& surroundings, const Request& request, EventSink& sink,
                      std::stop_token stop) {
  // All of it counts, from the first file that is read.
  const auto& now = surroundings.clocks.wall;
  const Ending ending = request.timeout.count() > 0
                            ? Ending(std::move(stop), now, now() + request.timeout)
                            : Ending(std::move(stop));
  AIOT_TRY(auto subjects, subjects_of(surroundings, request));
  AIOT_CHECK(check(request, subjects.size()));
  AIOT_TRY(const auto baseline, baseline_of(request));
  // A slip in them is worth telling before minutes of measuring.
  if (!request.data.labels_file.empty()) {
    AIOT_CHECK(read_labels(request.data.labels_file));
  }
  AIOT_CHECK(try_report(request));
  AIOT_TRY(const Pin pin, Pin::to(request.setup.cpus));
  RunResult result;
  result.setup = request.setup;
  if (const auto isa = isa_in_use(request.setup)) result.isa = inference::name_of(*isa);
  result.time = surroundings.now();
  result.machine = read_machine(surroundings.root);
  if (request.peak) result.peak = surroundings.peak(request.setup);

  Report report;
  report.models = subjects.size();
  const Judge judge(request, baseline, result, ending);
  for (Subject& subject : subjects) {
    result.cut_short = result.cut_short || ending.stopped();
    if (result.cut_short) break;
    const std::string name = subject.name;
    sink.on_event(event::Started{name, "bench run"});
    Session session(surroundings, request, result, sink, ending);
    auto measured = session.measure(std::move(subject));
    std::vector<Failure> failures;
    if (measured) {
      failures = judge.judge(*measured, session.step());
      result.models.push_back(*std::move(measured));
    } else {
      failures.push_back({name, session.step(), std::move(measured).error()});
    }
    if (measured && result.models.back().comparison &&
        result.models.back().comparison->baseline_spoiled) {
      sink.on_event(event::Notice{name, "bench.baseline_spoiled", std::string(baseline_not_quiet),
                                  "measure the baseline again when it is"});
    }
    if (!failures.empty()) {
      // Said of one model; for the others there is no time either.
      result.cut_short = failures.front().error.code == Errc::out_of_time;
      // A model ends once, with what weighs most.
      sink.on_event(event::Failed{name, failures.front().step, failures.front().error});
      for (Failure& failure : failures) report.failures.push_back(std::move(failure));
    } else {
      sink.on_event(
          event::Finished{name, Record{"aiot.bench.model/1", fields_of(result, result.models.back())}});
    }
  }
  if (ending.stopped() && report.failures.empty()) {
    report.failures.push_back({"", "measure", make_error(Errc::stopped)});
  }
  report.record = record_of(result);
  if (auto failure = write_report(request, result)) {
    report.failures.push_back(*std::move(failure));
  }
  return report;
}

Surroundings real_surroundings() {
  return {real_clocks(),
          [] { return std::chrono::system_clock::now(); },
          preempted,
          "",
          find_subject,
          [](const Setup& setup, const Subject& subject) {
            return engine_factory(setup, subject.model);
          },
          [](const Setup& setup) -> std::optional<inference::Peak> {
            // An engine that chooses for itself is held to the fastest there is.
            const auto isa = isa_in_use(setup).value_or(inference::isas_here().front());
            if (!inference::can_run(isa)) return std::nullopt;
            return inference::measure_peak(isa, std::chrono::milliseconds(300));
          }};
}

Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop) {
  return run_in(real_surroundings(), request, sink, std::move(stop));
}

}  // namespace aiot::bench
