#include <fmt/format.h>

#include <set>

#include "aiot/units.hpp"
#include "aiot/version.hpp"
#include "job/bench/baseline.hpp"
#include "job/bench/report/plots.hpp"
#include "job/bench/report/report.hpp"

namespace aiot::bench {
namespace {

using svg::escape;

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

std::string tile(const std::string& value, const std::string& what) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escape(value),
                     escape(what));
}

/// Cells are escaped; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<div class=\"scroll\"><table>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const char* cell = i == 0 ? "th" : "td";
    out += "<tr>";
    for (const std::string& text : rows[i]) {
      out += fmt::format("<{}>{}</{}>", cell, escape(text), cell);
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string figure(const char* title, const svg::Canvas& canvas) {
  return fmt::format("<h3>{}</h3>\n<figure>{}</figure>\n", title, canvas.element(title));
}

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string tiles(const RunResult& run, const ModelResult& m) {
  const double p50 = us(m.latency.p50);
  std::string out = "<div class=\"tiles\">\n";
  out += tile(time_words(p50), "median latency");
  if (p50 > 0) {
    out += tile(svg::tick_text(m.median_per_s()), "inferences a second at the median");
    out += tile(svg::tick_text(m.reached_per_s()), "inferences a second reached");
  }
  const double rate = macs_per_s(m.macs, m.latency.p50);
  if (const double roof = roof_macs_per_s(run, m); roof > 0 && rate > 0) {
    out += tile(percent(rate / roof), fmt::format("of peak ({:.3g} GMAC/s)", rate / 1e9));
  } else if (rate > 0) {
    out += tile(fmt::format("{:.3g}", rate / 1e9), "GMAC/s");
  }
  out += tile(format_size(m.memory.arena_bytes), "arena");
  out += tile(format_size(m.memory.weights_bytes), "weights");
  if (m.accuracy && m.accuracy->confusion) {
    out += tile(percent(m.accuracy->accuracy()),
                fmt::format("right ({} to {})", percent(m.accuracy->interval.low),
                            percent(m.accuracy->interval.high)));
  }
  if (m.accuracy && m.accuracy->auc) {
    out += tile(fmt::format("{:.4f}", m.accuracy->auc->value), "area under the ROC curve");
  }
  return out + "</div>\n";
}

std::string warnings(const ModelResult& m) {
  std::string out;
  if (!m.complete) out += "<p class=\"bad\">Stopped before the figures were complete.</p>\n";
  for (const Reason& reason : m.spoiled) {
    out += fmt::format("<p class=\"bad\"><b>Spoiled:</b> {}; {}.</p>\n", escape(reason.text),
                       escape(reason.hint));
  }
  if (m.comparison && m.comparison->baseline_spoiled) {
    out += fmt::format("<p class=\"bad\"><b>Spoiled:</b> {}.</p>\n", baseline_not_quiet);
  }
  if (m.comparison) {
    for (const std::string& worse : m.comparison->worse) {
      out +=
          fmt::format("<p class=\"bad\"><b>Worse than the baseline:</b> {}.</p>\n", escape(worse));
    }
  }
  return out;
}

std::string latency_table(const ModelResult& m) {
  const Summary& s = m.latency;
  return table(
      {{"runs", "min", "p50", "p90", "p99", "p99.9", "max", "mean", "std. dev."},
       {fmt::format("{}", s.count), time_words(us(s.min)), time_words(us(s.p50)),
        time_words(us(s.p90)), time_words(us(s.p99)), time_words(us(s.p999)), time_words(us(s.max)),
        time_words(s.mean_ns / 1000), time_words(s.stddev_ns / 1000)}});
}

std::string legend(const ModelResult& m) {
  std::string out = "<p class=\"legend\">";
  std::set<std::string> seen;
  for (const OperatorTime& op : m.operators) {
    if (!seen.insert(op.info.name).second) continue;
    out += fmt::format("<i class=\"{}\"></i>{}", operator_style(m, op.info.name),
                       escape(op.info.name));
  }
  return out + "</p>\n";
}

std::string conditions(const ModelResult& m) {
  const Usage& u = m.usage;
  const Others others = others_during(u);
  const auto pair = [](const auto& before, const auto& after, const char* unit) {
    return before && after ? fmt::format("{:.4g} → {:.4g} {}", *before, *after, unit)
                           : std::string("not told");
  };
  return table(
      {{"while it was measured", ""},
       {"time of the measuring thread on its CPU",
        percent(u.wall.count() > 0 ? us(u.thread_cpu) / us(u.wall) : 0)},
       {"taken off its CPU", fmt::format("{} times", u.preempted)},
       {"other processes", fmt::format("{:.2f} CPUs", others.cpus)},
       {"taken by the hypervisor", percent(others.steal)},
       {"frequency", pair(u.before.mhz, u.after.mhz, "MHz")},
       {"temperature", pair(u.before.temperature_c, u.after.temperature_c, "°C")},
       {"load average", pair(u.before.load, u.after.load, "")},
       {"warm-up", fmt::format("{} runs, {}{}", m.warm_up.runs, time_words(us(m.warm_up.time)),
                               m.warm_up.settled ? "" : ", not settled")},
       {"the clock itself", time_words(us(m.clock_cost))}});
}

std::string accuracy(const Evaluation& e) {
  std::string out =
      fmt::format("<h3>Accuracy</h3>\n<p class=\"soft\">{} files, {} inputs ({}).</p>\n", e.files,
                  e.windows, escape(e.form));
  if (e.auc) {
    out += fmt::format(
        "<p>Area under the ROC curve {:.4f}; 95 % from {:.4f} to {:.4f} (Hanley and "
        "McNeil), {} positives, {} negatives.</p>\n",
        e.auc->value, e.auc->interval.low, e.auc->interval.high, e.auc->positives,
        e.auc->negatives);
  }
  if (e.confusion) {
    out += fmt::format("<p>{} of {} right: {}; 95 % from {} to {} (Wilson).</p>\n",
                       e.confusion->right(), e.confusion->total(), percent(e.accuracy()),
                       percent(e.interval.low), percent(e.interval.high));
    const svg::Canvas canvas = plot_confusion(*e.confusion);
    out += fmt::format("<figure style=\"max-width:{:.0f}px\">{}</figure>\n", canvas.width(),
                       canvas.element("Confusion matrix"));
  }
  return out;
}

std::string section(const RunResult& run, const ModelResult& m) {
  std::string out = fmt::format(
      "<section>\n<h2>{}</h2>\n<p class=\"soft\">{} · {} · SHA-256 "
      "<code>{}</code></p>\n",
      escape(m.subject.name),
      escape(m.subject.description.empty() ? "no description" : m.subject.description),
      escape(m.engine), m.subject.sha256.substr(0, 16));
  out += warnings(m) + tiles(run, m) + figure("Latency", plot_latency(m)) + latency_table(m);
  if (!m.operators.empty()) {
    out += figure("Operators, in the order they run", plot_operators(run, m)) + legend(m);
  }
  const svg::Canvas roofline = plot_roofline(run, m);
  if (!roofline.body().empty()) {
    out += figure("Roofline: the larger a dot, the more of the time", roofline);
  }
  if (m.accuracy) out += accuracy(*m.accuracy);
  if (m.comparison) {
    const Comparison& c = *m.comparison;
    out += "<h3>Against the baseline</h3>\n" +
           table({{"", "then", "now", "change"},
                  {"median", time_words(c.p50_before_us), time_words(us(m.latency.p50)),
                   fmt::format("{:+.1f} %", c.p50_change * 100)},
                  {"arena and weights", format_size(c.memory_before_bytes),
                   format_size(m.memory.arena_bytes + m.memory.weights_bytes),
                   fmt::format("{:+.1f} %", c.memory_change * 100)},
                  {"outputs", "",
                   !c.same_outputs   ? "not compared"
                   : *c.same_outputs ? "the same"
                                     : "differ",
                   ""}});
  }
  return out + "<h3>Conditions</h3>\n" + conditions(m) + "</section>\n";
}

std::string overview(const RunResult& run) {
  if (run.models.size() < 2) return "";
  std::vector<std::vector<std::string>> rows = {
      {"model", "median", "p99", "a second", "reached", "GMAC/s", "arena"}};
  for (const ModelResult& m : run.models) {
    const double p50 = us(m.latency.p50);
    rows.push_back({m.subject.name, time_words(p50), time_words(us(m.latency.p99)),
                    svg::tick_text(m.median_per_s()), svg::tick_text(m.reached_per_s()),
                    fmt::format("{:.3g}", macs_per_s(m.macs, m.latency.p50) / 1e9),
                    format_size(m.memory.arena_bytes)});
  }
  return "<h3>All models</h3>\n" + table(rows);
}

}  // namespace

std::string html_report(const RunResult& run) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>aiotctl bench run</title>\n"
      "<style>\n";
  out += plot_style();
  out += page_style();
  out += "</style>\n</head>\n<body>\n<main>\n<h1>Benchmark</h1>\n";
  const Machine& machine = run.machine;
  out += fmt::format("<p class=\"soft\">{} · {} CPUs · {} · Linux {}{}</p>\n",
                     escape(machine.cpu_model.empty() ? "unknown CPU" : machine.cpu_model),
                     machine.cpus, escape(machine.architecture), escape(machine.kernel),
                     machine.virtual_machine ? " · virtual machine" : "");
  out += fmt::format("<p class=\"soft\">{} engine{}{} · {} thread{} · {}</p>\n",
                     escape(run.setup.engine), run.isa.empty() ? "" : ", ", escape(run.isa),
                     run.setup.threads, run.setup.threads == 1 ? "" : "s", time_text(run.time));
  out += overview(run);
  for (const ModelResult& model : run.models) out += section(run, model);
  out += fmt::format("<footer>aiotctl {}</footer>\n</main>\n</body>\n</html>\n", version());
  return out;
}

std::string svg_report(const RunResult& run) {
  if (run.models.empty()) return "";
  const ModelResult& m = run.models.front();
  const svg::Canvas latency = plot_latency(m);
  const svg::Canvas operators = plot_operators(run, m);
  std::string spoiled;
  for (const Reason& reason : m.spoiled) {
    spoiled += (spoiled.empty() ? "spoiled: " : "; ") + escape(reason.text);
  }
  const double head = spoiled.empty() ? 44 : 64;
  constexpr double gap = 16, margin = 12;
  const double height = head + latency.height() + gap + operators.height() + margin;
  const double width = latency.width() + 2 * margin;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\">\n<style>\n{2}</style>\n"
      "<rect width=\"100%\" height=\"100%\" style=\"fill:var(--paper)\"/>\n"
      "<text x=\"{3}\" y=\"28\" style=\"font-size:17px;font-weight:600\">{4}: {5} on {6}</text>\n"
      "<text x=\"{3}\" y=\"48\" class=\"label\">{11}</text>\n"
      "<g transform=\"translate({3} {7})\">\n{8}</g>\n<g transform=\"translate({3} "
      "{9:.0f})\">\n{10}"
      "</g>\n</svg>\n",
      width, height, plot_style(), margin, escape(m.subject.name), escape(m.engine),
      escape(run.machine.cpu_model.empty() ? run.machine.architecture : run.machine.cpu_model),
      head, latency.body(), head + latency.height() + gap, operators.body(), spoiled);
}

}  // namespace aiot::bench
