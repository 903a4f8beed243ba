#include "render/report/report.hpp"

#include <fmt/format.h>

#include <set>

#include "aiot/units.hpp"
#include "aiot/version.hpp"
#include "render/figures.hpp"
#include "render/report/plots.hpp"

namespace aiot::cli::render {
namespace {

using svg::escape;

constexpr std::string_view baseline_disturbed =
    "the baseline was measured on a machine that was not quiet";

// Colours that stay apart for most kinds of colour blindness (after Okabe and Ito).
std::string_view plot_style() {
  return R"(:root{--paper:#fff;--ink:#1b2230;--soft:#5d6779;--grid:#e4e8ef;--card:#f6f8fb;
--c1:#2f6fde;--c2:#e0762b;--c3:#1f9d83;--c4:#b0569c;--c5:#b8901c;--c6:#5b9bd0;
--bad:#c63d2f;--good:#1f8a5b;--bg-bad:#fdeeec}
@media (prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#e8ebf1;--soft:#9aa5b8;--grid:#2a313d;--card:#1a2029;
--c1:#6fa0f7;--c2:#f0985a;--c3:#45c4a8;--c4:#d488c4;--c5:#dcb64c;--c6:#8cc0ea;
--bad:#f2796b;--good:#55c790;--bg-bad:#331c1a}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--grid:#ddd;--card:#fff;
--c1:#2f6fde;--c2:#e0762b;--c3:#1f9d83;--c4:#b0569c;--c5:#b8901c;--c6:#5b9bd0;--bad:#a00;--bg-bad:#fff}}
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--ink)}svg .label{fill:var(--soft)}svg .strong{font-weight:600}
svg .on-mark{fill:#fff}svg .grid{stroke:var(--grid)}svg .axis{stroke:var(--soft)}
svg .rule{stroke:var(--ink);stroke-dasharray:3 3;opacity:.55}
svg .roof{fill:none;stroke:var(--ink);stroke-width:2}
svg .mark,svg .mark1{fill:var(--c1)}svg .mark2{fill:var(--c2)}svg .mark3{fill:var(--c3)}
svg .mark4{fill:var(--c4)}svg .mark5{fill:var(--c5)}svg .mark6{fill:var(--c6)}
svg .tail{opacity:.45}svg .dot{opacity:.75;stroke:var(--paper)}
svg .cell{fill:var(--card)}
svg .right1,svg .right2,svg .right3,svg .right4,svg .right5,svg .right6,svg .right7,svg .right8,svg .right9,svg .right10{fill:var(--c1)}
svg .wrong1,svg .wrong2,svg .wrong3,svg .wrong4,svg .wrong5,svg .wrong6,svg .wrong7,svg .wrong8,svg .wrong9,svg .wrong10{fill:var(--c2)}
svg .right1,svg .wrong1{fill-opacity:.15}svg .right2,svg .wrong2{fill-opacity:.24}
svg .right3,svg .wrong3{fill-opacity:.33}svg .right4,svg .wrong4{fill-opacity:.42}
svg .right5,svg .wrong5{fill-opacity:.51}svg .right6,svg .wrong6{fill-opacity:.66}
svg .right7,svg .wrong7{fill-opacity:.74}svg .right8,svg .wrong8{fill-opacity:.82}
svg .right9,svg .wrong9{fill-opacity:.91}
)";
}

std::string_view page_style() {
  return R"(*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:860px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:21px;margin:48px 0 4px}h3{font-size:15px;margin:28px 0 8px}
p{margin:4px 0}.soft{color:var(--soft)}code{font-size:13px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--grid);border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px}
.bad{border-left:4px solid var(--bad);background:var(--bg-bad);padding:8px 14px;margin:12px 0;border-radius:4px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child,.l{text-align:left}
td:first-child{white-space:normal}td:first-child,h2{overflow-wrap:anywhere}
@media (max-width:800px){table{font-size:12.5px}th,td{padding:4px 5px}}
@media (max-width:560px){th,td{white-space:normal}}
svg{display:block;width:100%;height:auto}
.legend{color:var(--soft);font-size:13px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 5px 0 14px}
.legend .mark1{background:var(--c1)}.legend .mark2{background:var(--c2)}.legend .mark3{background:var(--c3)}
.legend .mark4{background:var(--c4)}.legend .mark5{background:var(--c5)}.legend .mark6{background:var(--c6)}
footer{margin-top:56px;color:var(--soft);font-size:13px}
@media print{main{max-width:none;padding:0}section{break-inside:auto}figure,table,.tiles{break-inside:avoid}
h2,h3{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
figure{margin:0}
)";
}

std::string tile(const std::string& value, const std::string& what) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escape(value),
                     escape(what));
}

/// Cells are escaped; the first row is the head.
std::string html_table(const std::vector<std::vector<std::string>>& rows) {
  std::string out = "<table>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const char* cell = i == 0 ? "th" : "td";
    out += "<tr>";
    for (const std::string& text : rows[i]) {
      out += fmt::format("<{}>{}</{}>", cell, escape(text), cell);
    }
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string figure(const char* title, const svg::Canvas& canvas) {
  return fmt::format("<h3>{}</h3>\n<figure>{}</figure>\n", title, canvas.element(title));
}

std::string tiles(const bench::ModelResult& m) {
  const double p50 = m.latency.p50_us;
  std::string out = "<div class=\"tiles\">\n";
  out += tile(microseconds(p50), "median latency");
  if (p50 > 0) {
    out += tile(svg::tick_text(m.runs_per_s), "inferences a second at the median");
    out += tile(svg::tick_text(m.reached_runs_per_s), "inferences a second reached");
  }
  if (m.peak_share && m.gmacs_per_s > 0) {
    out += tile(percent(*m.peak_share), fmt::format("of peak ({:.3g} GMAC/s)", m.gmacs_per_s));
  } else if (m.gmacs_per_s > 0) {
    out += tile(fmt::format("{:.3g}", m.gmacs_per_s), "GMAC/s");
  }
  out += tile(format_size(m.memory.arena_bytes), "arena");
  out += tile(format_size(m.memory.weights_bytes), "weights");
  if (m.accuracy && m.accuracy->top1) {
    const bench::Share& top1 = *m.accuracy->top1;
    out += tile(percent(top1.value),
                fmt::format("right ({} to {})", percent(top1.low), percent(top1.high)));
  }
  if (m.accuracy && m.accuracy->auc) {
    out += tile(fmt::format("{:.4f}", m.accuracy->auc->value), "area under the ROC curve");
  }
  return out + "</div>\n";
}

std::string warnings(const bench::ModelResult& m) {
  std::string out;
  if (!m.complete) out += "<p class=\"bad\">Stopped before the figures were complete.</p>\n";
  for (const bench::Disturbance& found : m.disturbances) {
    out += fmt::format("<p class=\"bad\"><b>Disturbed:</b> {}; {}.</p>\n", escape(found.message),
                       escape(found.hint));
  }
  if (m.comparison && m.comparison->baseline_disturbed) {
    out += fmt::format("<p class=\"bad\"><b>Disturbed:</b> {}.</p>\n", baseline_disturbed);
  }
  if (m.comparison) {
    for (const std::string& worse : m.comparison->worse) {
      out +=
          fmt::format("<p class=\"bad\"><b>Worse than the baseline:</b> {}.</p>\n", escape(worse));
    }
  }
  return out;
}

std::string latency_table(const bench::ModelResult& m) {
  const bench::Latency& l = m.latency;
  return html_table(
      {{"runs", "min", "p50", "p90", "p99", "p99.9", "max", "mean", "std. dev."},
       {fmt::format("{}", l.runs), microseconds(l.min_us), microseconds(l.p50_us),
        microseconds(l.p90_us), microseconds(l.p99_us), microseconds(l.p999_us),
        microseconds(l.max_us), microseconds(l.mean_us), microseconds(l.stddev_us)}});
}

std::string legend(const bench::ModelResult& m) {
  std::string out = "<p class=\"legend\">";
  std::set<std::string> seen;
  for (const bench::Operator& op : m.operators) {
    if (!seen.insert(op.name).second) continue;
    out += fmt::format("<i class=\"{}\"></i>{}", operator_style(m, op.name),
                       escape(op.name));
  }
  return out + "</p>\n";
}

std::string conditions(const bench::ModelResult& m) {
  const bench::Conditions& c = m.conditions;
  const auto pair = [](const auto& before, const auto& after, const char* unit) {
    return before && after ? fmt::format("{:.4g} → {:.4g} {}", *before, *after, unit)
                           : std::string("not available");
  };
  const bench::Latency& l = m.latency;
  return html_table(
      {{"during the measurement", ""},
       {"CPU time of the measuring thread", percent(c.thread_cpu_share)},
       {"preempted", fmt::format("{} times", c.preempted)},
       {"other processes", fmt::format("{:.2f} CPUs", c.others_cpus)},
       {"taken by the hypervisor", percent(c.steal_share)},
       {"frequency", pair(c.mhz_before, c.mhz_after, "MHz")},
       {"temperature", pair(c.temperature_before_c, c.temperature_after_c, "°C")},
       {"load average", pair(c.load_before, c.load_after, "")},
       {"warm-up", fmt::format("{} runs, {}{}", l.warm_up_runs, microseconds(l.warm_up_s * 1e6),
                               l.settled ? "" : ", not settled")},
       {"reading the clock", microseconds(l.clock_cost_us)}});
}

std::string accuracy(const bench::Accuracy& a) {
  std::string out =
      fmt::format("<h3>Accuracy</h3>\n<p class=\"soft\">{} files, {} inputs ({}).</p>\n", a.files,
                  a.windows, escape(a.form));
  if (a.auc) {
    out += fmt::format(
        "<p>Area under the ROC curve {:.4f}; 95 % from {:.4f} to {:.4f} (Hanley and "
        "McNeil), {} positives, {} negatives.</p>\n",
        a.auc->value, a.auc->low, a.auc->high, a.auc->positives, a.auc->negatives);
  }
  if (a.top1) {
    out += fmt::format("<p>{} of {} right: {}; 95 % from {} to {} (Wilson).</p>\n",
                       a.right.value_or(0), a.files, percent(a.top1->value), percent(a.top1->low),
                       percent(a.top1->high));
  }
  if (a.confusion) {
    const svg::Canvas canvas = plot_confusion(*a.confusion);
    out += fmt::format("<figure style=\"max-width:{:.0f}px\">{}</figure>\n", canvas.width(),
                       canvas.element("Confusion matrix"));
  }
  return out;
}

std::string section(const bench::RunResult& run, const bench::ModelResult& m) {
  std::string out = fmt::format(
      "<section>\n<h2>{}</h2>\n<p class=\"soft\">{} · {} · SHA-256 "
      "<code>{}</code></p>\n",
      escape(m.name),
      escape(m.description.empty() ? "no description" : m.description),
      escape(m.engine), m.sha256.substr(0, 16));
  out += warnings(m) + tiles(m) + figure("Latency", plot_latency(m)) + latency_table(m);
  if (!m.operators.empty()) {
    out += figure("Operators, in the order they run", plot_operators(m)) + legend(m);
  }
  const svg::Canvas roofline = plot_roofline(run, m);
  if (!roofline.body().empty()) {
    out += figure("Roofline: the larger a dot, the more of the time", roofline);
  }
  if (m.accuracy) out += accuracy(*m.accuracy);
  if (m.comparison) {
    const bench::Comparison& c = *m.comparison;
    out += "<h3>Against the baseline</h3>\n" +
           html_table({{"", "then", "now", "change"},
                  {"median", microseconds(c.p50_before_us), microseconds(m.latency.p50_us),
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

std::string overview(const bench::RunResult& run) {
  if (run.models.size() < 2) return "";
  std::vector<std::vector<std::string>> rows = {
      {"model", "median", "p99", "a second", "reached", "GMAC/s", "arena"}};
  for (const bench::ModelResult& m : run.models) {
    const double p50 = m.latency.p50_us;
    rows.push_back({m.name, microseconds(p50), microseconds(m.latency.p99_us),
                    svg::tick_text(m.runs_per_s), svg::tick_text(m.reached_runs_per_s),
                    fmt::format("{:.3g}", m.gmacs_per_s),
                    format_size(m.memory.arena_bytes)});
  }
  return "<h3>All models</h3>\n" + html_table(rows);
}

}  // namespace

std::string html_report(const bench::RunResult& run) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>aiotctl bench run</title>\n"
      "<style>\n";
  out += plot_style();
  out += page_style();
  out += "</style>\n</head>\n<body>\n<main>\n<h1>Benchmark</h1>\n";
  const bench::Machine& machine = run.machine;
  out += fmt::format("<p class=\"soft\">{} · {} CPUs · {} · Linux {}{}</p>\n",
                     escape(machine.cpu_model.empty() ? "unknown CPU" : machine.cpu_model),
                     machine.cpus, escape(machine.architecture), escape(machine.kernel),
                     machine.virtual_machine ? " · virtual machine" : "");
  out += fmt::format("<p class=\"soft\">{} engine{}{} · {} thread{} · {}</p>\n",
                     escape(run.setup.engine), run.isa.empty() ? "" : ", ", escape(run.isa),
                     run.setup.threads, run.setup.threads == 1 ? "" : "s", escape(run.time));
  out += overview(run);
  for (const bench::ModelResult& model : run.models) out += section(run, model);
  out += fmt::format("<footer>aiotctl {}</footer>\n</main>\n</body>\n</html>\n", version());
  return out;
}

std::string svg_report(const bench::RunResult& run) {
  if (run.models.empty()) return "";
  const bench::ModelResult& m = run.models.front();
  const svg::Canvas latency = plot_latency(m);
  const svg::Canvas operators = plot_operators(m);
  std::string disturbed;
  for (const bench::Disturbance& found : m.disturbances) {
    disturbed += (disturbed.empty() ? "disturbed: " : "; ") + escape(found.message);
  }
  const double head = disturbed.empty() ? 44 : 64;
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
      width, height, plot_style(), margin, escape(m.name), escape(m.engine),
      escape(run.machine.cpu_model.empty() ? run.machine.architecture : run.machine.cpu_model),
      head, latency.body(), head + latency.height() + gap, operators.body(), disturbed);
}

}  // namespace aiot::cli::render
