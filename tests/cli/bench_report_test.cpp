#include <doctest/doctest.h>

#include "render/figures.hpp"
#include "render/report/plots.hpp"
#include "render/report/report.hpp"

namespace aiot::cli::render {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

using bench::ModelResult;
using bench::RunResult;

RunResult result() {
  RunResult run;
  run.isa = "avx2";
  run.machine = {"A <fast> CPU", "6.1", "x86_64", 4, {}, false};
  run.peak = bench::Peak{100, 50, 10};
  ModelResult model;
  model.name = "<script>alert(1)</script>.tflite";
  model.description = "\x1b[2J & more";
  model.sha256 = std::string(64, 'a');
  model.engine = "reference avx2";
  model.complete = true;
  model.macs = 1'000'000;
  // 100 runs from 20 us on, 10 ns apart, in 4 ms.
  bench::Latency& l = model.latency;
  l.runs = 100;
  l.min_us = 20;
  l.p50_us = 20.49;
  l.p90_us = 20.89;
  l.p99_us = 20.98;
  l.p999_us = l.max_us = 20.99;
  l.mean_us = 20.495;
  for (int i = 0; i < 20; ++i) l.histogram.push_back({20 + 0.05 * i, 20.05 + 0.05 * i, 5});
  model.runs_per_s = 1e6 / l.p50_us;
  model.reached_runs_per_s = 25'000;
  model.gmacs_per_s = 48.8;
  model.peak_gmacs_per_s = 100;
  model.peak_share = 0.488;
  model.operators = {{0, "CONV_2D", {1, 2, 2, 8}, 15, 0.75, 900'000, 9000, 60, 0.6},
                     {1, "SOFTMAX", {1, 8}, 5, 0.25, 0, 16, 0, {}}};
  run.models.push_back(std::move(model));
  return run;
}

TEST_CASE("report: a page: figures, plots, nothing from outside, nothing unescaped") {
  RunResult run = result();
  run.models[0].disturbances = {{"bench.busy", "others used 50 %", "stop them"}};
  bench::Accuracy accuracy;
  accuracy.files = 10;
  accuracy.right = 7;
  accuracy.top1 = bench::Share{0.7, 0.4, 0.9, "Wilson, 95 %"};
  accuracy.confusion = {{7, 0, 3}, {0, 0, 0}, {0, 0, 0}};
  run.models[0].accuracy = accuracy;
  const std::string page = html_report(run);
  CHECK(has(page, "&lt;script&gt;alert(1)&lt;/script&gt;.tflite"));
  CHECK(has(page, "A &lt;fast&gt; CPU"));
  CHECK(has(page, "\\x1b[2J &amp; more"));
  CHECK_FALSE(has(page, "<script"));
  for (const char* outside : {"http:", "https:", "url(", "@import", "src=", "href="}) {
    CHECK_FALSE(has(page, outside));
  }
  CHECK(has(page, "prefers-color-scheme:dark"));
  CHECK(has(page, "@media print"));
  CHECK(has(page, "<b>Disturbed:</b> others used 50 %"));
  CHECK(times(page, "<svg ") == 4);  // latency, operators, roofline, confusion
  CHECK(times(page, "<svg ") == times(page, "</svg>"));
  CHECK(has(page, "3 of class 0 taken for 2"));
  CHECK(has(page, "<b>48.8k</b><span>inferences a second at the median</span>"));
  CHECK(has(page, "<b>25k</b><span>inferences a second reached</span>"));
  CHECK(has(page, "70.0 %"));
}

TEST_CASE("report: what was not measured has no plot") {
  RunResult run = result();
  run.peak.reset();
  run.models[0].peak_gmacs_per_s = 0;
  run.models[0].operators.clear();
  CHECK(times(html_report(run), "<svg ") == 1);
  run.models.clear();
  CHECK(times(html_report(run), "<svg ") == 0);
  CHECK(svg_report(run).empty());
}

TEST_CASE("report: a baseline whose machine was not quiet is no secret") {
  RunResult run = result();
  run.models[0].comparison.emplace().p50_before_us = 20;
  CHECK_FALSE(has(html_report(run), "not quiet"));
  run.models[0].comparison->baseline_disturbed = true;
  CHECK(has(html_report(run), "the baseline was measured on a machine that was not quiet"));
}

TEST_CASE("report: several models have an overview") {
  RunResult run = result();
  run.models.push_back(run.models[0]);
  CHECK(has(html_report(run), "All models"));
  CHECK_FALSE(has(html_report(result()), "All models"));
}

TEST_CASE("report: a picture stands for itself") {
  const std::string picture = svg_report(result());
  CHECK(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(has(picture, "reference avx2 on A &lt;fast&gt; CPU"));
  CHECK(times(picture, "<svg") == 1);
  CHECK_FALSE(has(picture, "disturbed"));
  RunResult busy = result();
  busy.models[0].disturbances = {{"bench.busy", "others used 50 %", "stop them"}};
  CHECK(has(svg_report(busy), "disturbed: others used 50 %"));
}

TEST_CASE("report: the histogram's bars count all runs") {
  const RunResult run = result();
  const auto canvas = plot_latency(run.models[0]);
  CHECK(has(canvas.body(), "p50 20.5 µs"));
  std::size_t sum = 0;
  for (const bench::Bin& bin : run.models[0].latency.histogram) sum += bin.count;
  CHECK(sum == 100);
}

TEST_CASE("report: operators that multiply stand on the roofline, below the roof") {
  const auto canvas = plot_roofline(result(), result().models[0]);
  CHECK(times(canvas.body(), "<circle") == 1);
  // 900,000 MACs in 15 us are 60 GMAC/s; of 9,000 bytes each 100.
  CHECK(has(canvas.body(), "CONV_2D 1x2x2x8: 60 GMAC/s, 100 MACs a byte, 75.0 % of the time"));
  CHECK(has(canvas.body(), "100 GMAC/s int8"));
  CHECK(has(canvas.body(), "10 GB/s"));
}

TEST_CASE("report: many operators are cut, and it is said") {
  RunResult run = result();
  run.models[0].operators.assign(130, run.models[0].operators[0]);
  CHECK(has(plot_operators(run.models[0]).body(), "… and 10 more"));
}

TEST_CASE("report: round numbers for an axis") {
  using Ticks = std::vector<double>;
  CHECK(svg::ticks(0, 10, 5) == Ticks{0, 2, 4, 6, 8, 10});
  CHECK(svg::ticks(3, 3, 5) == Ticks{3});
  const Ticks fine = svg::ticks(20.01, 20.99, 4);
  REQUIRE(fine.size() == 4);
  CHECK(fine[0] == doctest::Approx(20.2));
  CHECK(svg::decades(0.5, 20) == Ticks{0.1, 1, 10, 100});
  CHECK(svg::tick_text(0.25) == "0.25");
  CHECK(svg::tick_text(25000) == "25k");
  CHECK(svg::tick_text(3e6) == "3M");
}

TEST_CASE("report: runs are counted in whole numbers") {
  using Ticks = std::vector<double>;
  CHECK(svg::whole_ticks(1, 4) == Ticks{0, 1});
  CHECK(svg::whole_ticks(2, 4) == Ticks{0, 1, 2});
  CHECK(svg::whole_ticks(5, 4) == Ticks{0, 1, 2, 3, 4, 5});
  CHECK(svg::whole_ticks(100, 4) == Ticks{0, 20, 40, 60, 80, 100});
  RunResult run = result();
  for (bench::Bin& bin : run.models[0].latency.histogram) bin.count = 1;
  const auto canvas = plot_latency(run.models[0]);
  CHECK_FALSE(has(canvas.body(), ">0.5<"));
  CHECK(times(canvas.body(), "class=\"grid\"") == 2);  // 0 and 1
}

TEST_CASE("report: an axis of long latencies counts in milliseconds or seconds") {
  const auto axis = [](double from_us, double to_us) {
    RunResult run = result();
    auto& bins = run.models[0].latency.histogram;
    const double width = (to_us - from_us) / 20;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      bins[i] = {from_us + width * static_cast<double>(i),
                 from_us + width * static_cast<double>(i + 1), 5};
    }
    return plot_latency(run.models[0]).body();
  };
  CHECK(has(axis(20, 21), "latency in µs;"));
  CHECK(has(axis(12'000, 20'000), "latency in ms;"));
  CHECK(has(axis(12'000, 20'000), ">13<"));
  CHECK(has(axis(2e6, 4e6), "latency in s;"));
  CHECK(has(axis(2e6, 4e6), ">2.2<"));
}

TEST_CASE("report: on a narrow page cells wrap, and nothing scrolls sideways") {
  const std::string page = html_report(result());
  CHECK_FALSE(has(page, "overflow-x"));
  CHECK(has(page, "@media (max-width:800px)"));
  CHECK(has(page, "td:first-child,h2{overflow-wrap:anywhere}"));
}

TEST_CASE("report: times in three digits") {
  CHECK(microseconds(2.345) == "2.35 µs");
  CHECK(microseconds(32.84) == "32.8 µs");
  CHECK(microseconds(999) == "999 µs");
  CHECK(microseconds(1240) == "1.24 ms");
  CHECK(microseconds(2.5e6) == "2.50 s");
}

}  // namespace
}  // namespace aiot::cli::render
