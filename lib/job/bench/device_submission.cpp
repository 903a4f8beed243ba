#include <fmt/format.h>
#include <fmt/ranges.h>

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

}  // namespace

void SubmissionText::add_performance(std::size_t number, const WindowTime& window,
                                     const std::vector<double>& results) {
  Files& files = modes_["performance"];
  const std::string lines = fmt::format(
      "Performance results for window {}\n    # Inferences : {}\n    Runtime: {:.6f} sec.\n"
      "    Throughput: {:.6f} inf./sec.\n",
      number, window.iterations, window.seconds, window.per_second());
  files.results += lines + "    Runtime requirements have been met.\n";
  files.log += lines + fmt::format("    m-results: {}\n", list(results));
  files.json += fmt::format(
      "{{\"mode\":\"p\",\"infer\":{{\"iterations\":{},\"elapsed_time\":{:.0f},\"throughput\":{:.6f}"
      ","
      "\"results\":{}}}}},",
      window.iterations, window.seconds * 1e6, window.per_second(), list(results));
}

void SubmissionText::end_performance(double median_per_second, const std::string& stamp) {
  Files& files = modes_["performance"];
  const std::string lines = fmt::format(
      "{0} ulp-mlperf: {1}\n{0} ulp-mlperf: Median throughput is {2:>10.3f} inf./sec.\n"
      "{0} ulp-mlperf: {1}\n",
      stamp, rule, median_per_second);
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

void SubmissionText::end_accuracy(bool by_auc, double value, const std::string& stamp) {
  Files& files = modes_["accuracy"];
  const std::string line =
      by_auc ? fmt::format("{} ulp-mlperf: AUC = {:.3f}\n", stamp, value)
             : fmt::format("{} ulp-mlperf: Top 1% = {:2.1f}\n", stamp, value * 100);
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
  files.results += lines;
  files.log += lines;
  files.json += fmt::format(
      "{{\"mode\":\"e\",\"infer\":{{\"iterations\":{}}},\"power\":{{\"seconds\":{:.6f},"
      "\"microjoules\":{:.3f},\"samples\":{}}}}},",
      iterations, stretch.seconds, stretch.joules * 1e6, stretch.samples);
}

void SubmissionText::end_energy(double median_microjoules) {
  Files& files = modes_["energy"];
  const std::string lines =
      fmt::format("{0}\nMedian energy cost is {1:5.4f} uJ/inf.\n{0}\n", rule, median_microjoules);
  files.results += lines;
  files.log += lines;
}

}  // namespace aiot::bench
