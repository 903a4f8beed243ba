#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "job/bench/device_results.hpp"

// The lines that tools/submission/submission_checker.py of mlcommons/tiny (1afd2c98) looks for:
// "… Median throughput is N inf./sec.", "… Top 1% = N", "… AUC = N",
// "Median energy cost is N uJ/inf". Those around them are as benchmark/runner writes them.
namespace aiot::bench {
namespace {

constexpr std::string_view rule = "---------------------------------------------------------";

/// A file's name in JSON: what is neither plain nor printable is left out.
std::string plain(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c >= ' ' && c < 0x7F && c != '"' && c != '\\') out.push_back(c);
  }
  return out;
}

std::string list(const std::vector<double>& values) {
  std::string out = "[";
  for (const double value : values) {
    if (out.size() > 1) out += ',';
    // JSON knows no NaN.
    out += value == value ? fmt::format("{:.3f}", value) : "null";
  }
  return out + ']';
}

/// In the place of a result that the benchmark's rules do not allow.
constexpr std::string_view not_valid = "Not valid for a submission";

}  // namespace

std::string SubmissionText::missing(const std::vector<double>& seconds) {
  const auto enough =
      std::ranges::count_if(seconds, [](double s) { return s >= submitted_window_s; });
  const std::size_t count = seconds.size();
  if (count == submitted_windows && std::cmp_equal(enough, count)) return "";
  return fmt::format("{} of {} windows last {:g} s, the benchmark asks for {} of {}", enough, count,
                     submitted_window_s, submitted_windows, submitted_windows);
}

void SubmissionText::add_performance(std::size_t number, const WindowTime& window,
                                     const std::vector<double>& results) {
  Files& files = modes_["performance"];
  const std::string lines = fmt::format(
      "Performance results for window {}\n    # Inferences : {}\n    Runtime: {:.6f} sec.\n"
      "    Throughput: {:.6f} inf./sec.\n",
      number, window.iterations, window.seconds, window.per_second());
  performance_s_.push_back(window.seconds);
  files.results += lines;
  if (window.seconds >= submitted_window_s) {
    files.results += "    Runtime requirements have been met.\n";
  }
  files.log += lines + fmt::format("    m-results: {}\n", list(results));
  files.json += fmt::format(
      "{{\"mode\":\"p\",\"infer\":{{\"iterations\":{},\"elapsed_time\":{:.0f},\"throughput\":{:.6f}"
      ","
      "\"results\":{}}}}},",
      window.iterations, window.seconds * 1e6, window.per_second(), list(results));
}

void SubmissionText::end_performance(double median_per_second, const std::string& stamp) {
  Files& files = modes_["performance"];
  const std::string missed = missing(performance_s_);
  const std::string verdict =
      missed.empty() ? fmt::format("Median throughput is {:>10.3f} inf./sec.", median_per_second)
                     : fmt::format("{}: {}", not_valid, missed);
  const std::string lines = fmt::format(
      "{0} ulp-mlperf: {1}\n{0} ulp-mlperf: {2}\n{0} ulp-mlperf: {1}\n", stamp, rule, verdict);
  files.results += lines;
  files.log += lines;
}

void SubmissionText::add_result(const std::string& file, std::uint32_t truth,
                                const std::vector<double>& results) {
  Files& files = modes_["accuracy"];
  files.log += fmt::format("{}: class {}, m-results: {}\n", plain(file), truth, list(results));
  files.json += fmt::format(
      "{{\"mode\":\"a\",\"file\":\"{}\",\"class\":\"{}\",\"infer\":{{\"iterations\":1,\"results\":{"
      "}}}}},",
      plain(file), truth, list(results));
}

void SubmissionText::end_accuracy(bool by_auc, std::optional<double> value, bool whole,
                                  const std::string& stamp) {
  Files& files = modes_["accuracy"];
  const std::string line =
      !whole
          ? fmt::format("{} ulp-mlperf: {}: not all of the benchmark's files\n", stamp, not_valid)
      : !value ? fmt::format("{} ulp-mlperf: {}: all files are of one class\n", stamp, not_valid)
      : by_auc ? fmt::format("{} ulp-mlperf: AUC = {:.3f}\n", stamp, *value)
               : fmt::format("{} ulp-mlperf: Top 1% = {:2.1f}\n", stamp, *value * 100);
  files.results += line;
  files.log += line;
}

void SubmissionText::add_energy(std::size_t number, const power::Stretch& stretch,
                                std::uint32_t iterations) {
  Files& files = modes_["energy"];
  if (files.results.empty()) files.results = "Power Edition Output\n";
  const std::string lines = fmt::format(
      "Energy data for trial {}\n  Elapsed time  : {:.3f}\n  Inferences    : {}\n"
      "  Power         : {:5.4f} mW.\n  Total Energy  : {:.3f} uJ\n  Energy/Inf    : {:.3f} "
      "uJ/inf\n",
      number, stretch.seconds, iterations, stretch.watts() * 1e3, stretch.joules * 1e6,
      stretch.joules * 1e6 / iterations);
  energy_s_.push_back(stretch.seconds);
  files.results += lines;
  files.log += lines;
  files.json += fmt::format(
      "{{\"mode\":\"e\",\"infer\":{{\"iterations\":{}}},\"power\":{{\"seconds\":{:.6f},"
      "\"microjoules\":{:.3f},\"samples\":{}}}}},",
      iterations, stretch.seconds, stretch.joules * 1e6, stretch.samples);
}

void SubmissionText::end_energy(double median_microjoules) {
  Files& files = modes_["energy"];
  const std::string missed = missing(energy_s_);
  const std::string verdict =
      missed.empty() ? fmt::format("Median energy cost is {:5.4f} uJ/inf.", median_microjoules)
                     : fmt::format("{}: {}", not_valid, missed);
  const std::string lines = fmt::format("{0}\n{1}\n{0}\n", rule, verdict);
  files.results += lines;
  files.log += lines;
}

}  // namespace aiot::bench
