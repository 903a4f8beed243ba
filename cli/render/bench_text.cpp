#include "render/bench_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/diagnostics.hpp"
#include "render/figures.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string latency_lines(const bench::ModelResult& model) {
  const bench::Latency& l = model.latency;
  std::string speed = fmt::format("{} ({} sustained)", rate_words(model.runs_per_s),
                                  count_words(model.reached_runs_per_s));
  if (model.gmacs_per_s > 0) speed += fmt::format(", {:.3g} GMAC/s", model.gmacs_per_s);
  if (model.peak_share) speed += fmt::format(", {} of peak", percent(*model.peak_share, 0));
  const bench::MemoryUse& m = model.memory;
  Rows rows = {{"latency", fmt::format("p50 {}   p90 {}   p99 {}   p99.9 {}",
                                       microseconds(l.p50_us), microseconds(l.p90_us),
                                       microseconds(l.p99_us), microseconds(l.p999_us))},
               {"", fmt::format("min {}   mean {} ± {}   max {}   in {} runs",
                                microseconds(l.min_us), microseconds(l.mean_us),
                                microseconds(l.stddev_us), microseconds(l.max_us), l.runs)},
               {"speed", speed},
               {"memory", fmt::format("arena {}, weights {}, model {}, process {}",
                                      format_size(m.arena_bytes), format_size(m.weights_bytes),
                                      format_size(m.model_bytes), format_size(m.peak_rss_bytes))}};
  if (model.stream) {
    const bench::Stream& st = *model.stream;
    rows.push_back(
        {"stream",
         fmt::format("{} of the period of {}, at most {} to a result; {}", percent(st.share),
                     microseconds(st.period_us), microseconds(st.longest_us),
                     st.keeps_up ? std::string("keeps up")
                                 : fmt::format("{} of {} late", st.late, l.runs))});
  }
  return table(rows, 0, 2);
}

/// Takes a column out that is empty, its first `heads` rows aside.
void drop_empty(Rows& rows, std::size_t column, std::size_t heads = 1) {
  for (std::size_t i = heads; i < rows.size(); ++i) {
    if (!rows[i][column].empty()) return;
  }
  for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
}

std::string operator_table(const bench::ModelResult& model, std::size_t width) {
  if (model.operators.empty()) return "";
  Rows rows = {{"#", "operator", "output", "time", "share", "MACs", "bytes", "GMAC/s", "of peak"}};
  for (const bench::Operator& op : model.operators) {
    const bool multiplies = op.macs > 0;
    rows.push_back({fmt::format("{}", op.index), escape_controls(op.name),
                    shape_words(op.output_shape), microseconds(op.time_us), percent(op.share),
                    multiplies ? count_words(static_cast<double>(op.macs)) : "",
                    count_words(static_cast<double>(op.bytes)),
                    multiplies ? fmt::format("{:.3g}", op.gmacs_per_s) : "",
                    op.peak_share ? percent(*op.peak_share, 0) : ""});
  }
  drop_empty(rows, 8);
  align_right(rows, {1, 2});
  Rows kinds;
  for (const bench::OperatorGroup& group : model.groups) {
    kinds.push_back({escape_controls(group.name), fmt::format("x {}", group.count),
                     microseconds(group.time_us), percent(group.share)});
  }
  align_right(kinds, {0});
  return '\n' + table(rows, width, 2) + "\n  by kind\n" + table(kinds, width, 4);
}

std::string confusion_table(const bench::Accuracy& accuracy) {
  constexpr std::size_t most_shown = 12;
  if (!accuracy.confusion || accuracy.confusion->size() > most_shown) return "";
  const auto& matrix = *accuracy.confusion;
  Rows rows(1, {"is \\ taken for"});
  for (std::size_t i = 0; i < matrix.size(); ++i) rows[0].push_back(fmt::format("{}", i));
  for (std::size_t truth = 0; truth < matrix.size(); ++truth) {
    auto& row = rows.emplace_back(1, fmt::format("{}", truth));
    for (const std::uint64_t count : matrix[truth]) {
      row.push_back(count == 0 ? "." : fmt::format("{}", count));
    }
  }
  align_right(rows, {});
  return table(rows, 0, 4);
}

std::string accuracy_lines(const bench::ModelResult& model) {
  if (!model.accuracy) return "";
  const bench::Accuracy& a = *model.accuracy;
  Rows rows;
  if (a.top1) {
    rows.push_back({"accuracy", fmt::format("{}, {} of {} files; 95 %: {} to {}",
                                            percent(a.top1->value, 2), a.right.value_or(0), a.files,
                                            percent(a.top1->low, 2), percent(a.top1->high, 2))});
  }
  if (a.auc) {
    rows.push_back({"AUC", fmt::format("{:.4f}, {} files; 95 %: {:.4f} to {:.4f}", a.auc->value,
                                       a.files, a.auc->low, a.auc->high)});
  } else if (!a.top1) {
    rows.push_back({"AUC", "none: the files are of one class"});
  }
  rows.push_back({"inputs", escape_controls(a.form)});
  return '\n' + table(rows, 0, 2) + confusion_table(a);
}

std::string change_words(double change) {
  return change == 0 ? std::string("the same") : fmt::format("{:+.1f} %", change * 100);
}

std::string comparison_lines(const bench::ModelResult& model) {
  if (!model.comparison) return "";
  const bench::Comparison& c = *model.comparison;
  Rows rows = {
      {"baseline", fmt::format("p50 {} (was {}), memory {}", change_words(c.p50_change),
                               microseconds(c.p50_before_us), change_words(c.memory_change))}};
  if (c.same_outputs) {
    rows.push_back({"", *c.same_outputs ? "the outputs are the same" : "the outputs differ"});
  }
  if (c.baseline_disturbed) {
    rows.push_back({"", "the baseline was measured on a machine that was not quiet"});
  }
  for (const std::string& difference : c.differs) {
    rows.push_back({"", "compared in spite of: " + escape_controls(difference)});
  }
  return '\n' + table(rows, 0, 2);
}

/// The machine during the measurement.
std::string condition_lines(const bench::Conditions& c) {
  const auto pair = [](const std::optional<double>& before, const std::optional<double>& after,
                       const char* unit) {
    return before && after ? fmt::format("{:.4g} to {:.4g} {}", *before, *after, unit)
                           : std::string("not available");
  };
  return "\n  conditions\n" +
         table({{"CPU time", fmt::format("{} of {:.3f} s", percent(c.thread_cpu_share), c.wall_s)},
                {"preempted", fmt::format("{} times", c.preempted)},
                {"other processes",
                 fmt::format("{:.2f} CPUs, {}", c.others_cpus, percent(c.others_share))},
                {"hypervisor", percent(c.steal_share)},
                {"load average", pair(c.load_before, c.load_after, "")},
                {"frequency", pair(c.mhz_before, c.mhz_after, "MHz")},
                {"temperature", pair(c.temperature_before_c, c.temperature_after_c, "°C")},
                {"throttled", c.throttled ? fmt::format("{} times", *c.throttled)
                                          : std::string("not available")}},
               0, 4);
}

std::string whole_model(const bench::ModelResult& model, const BenchStyle& style) {
  std::string out = styled(escape_controls(model.name), "1", style.color);
  if (!model.description.empty()) out += "  " + escape_controls(model.description);
  out += '\n';
  for (const bench::Disturbance& found : model.disturbances) {
    out += fmt::format("  {} {}\n", styled("disturbed:", "1;33", style.color), found.message);
  }
  out += latency_lines(model);
  if (style.verbose) out += condition_lines(model.conditions);
  return out + accuracy_lines(model) + comparison_lines(model) + operator_table(model, style.width);
}

std::string status(bool ok, bool color) {
  return ok ? styled("OK", "32", color) : styled("FAILED", "1;31", color);
}

/// A row for each model.
std::string overview(const bench::Report& report, const std::set<std::string>& failed,
                     const BenchStyle& style) {
  Rows rows = {{"", "model", "p50", "p99", "inferences/s", "sustained", "of peak", "arena", ""}};
  std::set<std::string> measured;
  for (const bench::ModelResult& model : report.result.models) {
    measured.insert(model.name);
    rows.push_back({status(!failed.contains(model.name), false), escape_controls(model.name),
                    microseconds(model.latency.p50_us), microseconds(model.latency.p99_us),
                    count_words(model.runs_per_s), count_words(model.reached_runs_per_s),
                    model.peak_share ? percent(*model.peak_share, 0) : "",
                    format_size(model.memory.arena_bytes),
                    model.disturbances.empty() ? "" : "disturbed"});
  }
  for (const std::string& name : failed) {
    if (measured.contains(name)) continue;
    rows.push_back({status(false, false), escape_controls(name), "-", "-", "-", "-", "-", "-", ""});
  }
  drop_empty(rows, 8);
  drop_empty(rows, 6);
  align_right(rows, {0, 1});
  return table(rows, style.width);
}

}  // namespace

void print_bench(std::ostream& out, const bench::Report& report, const BenchStyle& style) {
  std::set<std::string> failed;
  for (const bench::Failure& failure : report.failures) {
    if (!failure.model.empty()) failed.insert(failure.model);
  }
  const std::vector<bench::ModelResult>& models = report.result.models;
  if (models.empty()) return;
  const bench::RunResult& run = report.result;
  const unsigned threads = run.setup.threads;
  out << fmt::format("{}, {} thread{}, on {} ({} CPUs)\n", escape_controls(models.front().engine),
                     threads, threads == 1 ? "" : "s", escape_controls(run.machine.cpu_model),
                     run.machine.cpus);
  if (run.peak) {
    out << fmt::format("peak of one thread: {:.3g} GMAC/s int8, {:.3g} float, {:.3g} GB/s\n",
                       run.peak->int8_gmacs_per_s, run.peak->float_gmacs_per_s, run.peak->gb_per_s);
  }
  out << '\n';
  const bool several = report.models > 1;
  if (several) out << overview(report, failed, style);
  if (several && !style.verbose) return;
  for (const bench::ModelResult& model : models) {
    if (several) {
      out << '\n';
    } else {
      out << status(!failed.contains(model.name), style.color) << "  ";
    }
    out << whole_model(model, style);
  }
}

namespace {

std::string accuracy_words(const bench::DutAccuracy& a) {
  if (!a.auc && !a.top1) return fmt::format("no AUC: {} files, all of one class", a.files);
  const double scale = a.auc ? 1 : 100;
  const int digits = a.auc ? 3 : 1;
  std::string words = a.auc ? fmt::format("AUC {:.3f}", *a.auc)
                            : fmt::format("{:.1f} % right", a.top1.value_or(0) * 100);
  words +=
      fmt::format(" ({:.{}f} to {:.{}f} at 95 %), {} files", a.interval_low.value_or(0) * scale,
                  digits, a.interval_high.value_or(0) * scale, digits, a.files);
  if (a.limit) words += fmt::format(", limit {:g}", *a.limit * scale);
  return words;
}

std::string comparison_words(const bench::OutputComparison& c) {
  std::string words = fmt::format("{} of {} equal the reference's", c.equal, c.compared);
  if (!c.explanation.empty()) words += "; " + escape_controls(c.explanation);
  return words;
}

Rows detail_rows(const bench::DutResult& dut) {
  Rows rows;
  if (dut.performance) {
    const bench::Performance& p = *dut.performance;
    rows.push_back({"throughput", fmt::format("{:.3f} inferences/s, {:.3f} ms each",
                                              p.median_per_second, p.latency_us / 1000)});
    rows.push_back({"", fmt::format("median of {} windows, spread {:.3f} %", p.windows.size(),
                                    p.spread * 100)});
  }
  if (dut.accuracy) rows.push_back({"accuracy", accuracy_words(*dut.accuracy)});
  if (dut.energy) {
    const bench::Energy& e = *dut.energy;
    rows.push_back({"energy", fmt::format("{:.3f} µJ per inference, median of {} windows, spread "
                                          "{:.3f} %",
                                          e.median_microjoules, e.windows.size(), e.spread * 100)});
  }
  if (dut.comparison) rows.push_back({"results", comparison_words(*dut.comparison)});
  if (!dut.files.empty()) {
    rows.push_back({"written", fmt::format("{} files", dut.files.size())});
  }
  return rows;
}

}  // namespace

void print_bench_devices(std::ostream& out, const bench::DevicesReport& report, bool color) {
  Rows heads;
  for (const auto& one : report.devices) {
    const bench::DutResult& dut = one.result;
    heads.push_back({status(!one.error, false), short_address(one.device),
                     dut.model ? escape_controls(*dut.model) : "",
                     dut.performance ? rate_words(dut.performance->median_per_second) : "",
                     dut.energy ? fmt::format("{:.1f} µJ", dut.energy->median_microjoules) : "",
                     !one.error         ? escape_controls(dut.name.value_or(""))
                     : one.step.empty() ? "not started"
                                        : "at " + escape_controls(one.step),
                     dut.seconds > 0 ? time_text(dut.seconds) : ""});
  }
  for (std::size_t column = 6; column >= 2; --column) drop_empty(heads, column, 0);
  const std::string lines = table(heads, 80);
  std::size_t begin = 0;
  for (const auto& one : report.devices) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size() - 1) + 1;
    std::string line = lines.substr(begin, end - begin);
    begin = end;
    const std::string plain = status(!one.error, false);
    line.replace(0, plain.size(), status(!one.error, color));
    out << line << table(detail_rows(one.result), 0, 2);
  }
}

}  // namespace aiot::cli::render
