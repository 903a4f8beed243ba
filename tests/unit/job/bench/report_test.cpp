#include "job/bench/report/report.hpp"

#include <doctest/doctest.h>

#include "job/bench/report/plots.hpp"

namespace aiot::bench {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

RunResult result() {
  RunResult run;
  run.isa = "avx2";
  run.machine = {"A <fast> CPU", "6.1", "x86_64", 4, {}, false};
  run.peak = inference::Peak{100e9, 50e9, 10e9};
  ModelResult model;
  model.subject.name = "<script>alert(1)</script>.tflite";
  model.subject.description = "\x1b[2J & more";
  model.subject.sha256 = std::string(64, 'a');
  model.engine = "reference avx2";
  model.complete = true;
  model.macs = 1'000'000;
  std::vector<Nanoseconds> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(20us + 10ns * i);
  model.latency = summarize(runs);
  model.histogram = histogram(runs, 20);
  model.usage.wall = 4ms;
  model.operators = {{{"CONV_2D", {1, 2, 2, 8}, 900'000, 9000}, 15us, 0.75},
                     {{"SOFTMAX", {1, 8}, 0, 16}, 5us, 0.25}};
  run.models.push_back(std::move(model));
  return run;
}

TEST_CASE("a page: figures, plots, nothing from outside, nothing unescaped") {
  RunResult run = result();
  run.models[0].spoiled = {{"bench.busy", "others used 50 %", "stop them"}};
  ConfusionMatrix matrix(3);
  matrix.add(0, 0, 7);
  matrix.add(0, 2, 3);
  Evaluation evaluation;
  evaluation.files = 10;
  evaluation.confusion = matrix;
  run.models[0].accuracy = evaluation;
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
  CHECK(has(page, "<b>Spoiled:</b> others used 50 %"));
  CHECK(times(page, "<svg ") == 4);  // latency, operators, roofline, confusion
  CHECK(times(page, "<svg ") == times(page, "</svg>"));
  CHECK(has(page, "3 of class 0 taken for 2"));
  // 100 runs of 20.49 us at the median, in 4 ms.
  CHECK(has(page, "<b>48.8k</b><span>inferences a second at the median</span>"));
  CHECK(has(page, "<b>25k</b><span>inferences a second reached</span>"));
  CHECK(has(page, "70.0 %"));
}

TEST_CASE("what was not measured has no plot") {
  RunResult run = result();
  run.peak.reset();
  run.models[0].operators.clear();
  CHECK(times(html_report(run), "<svg ") == 1);
  run.models.clear();
  CHECK(times(html_report(run), "<svg ") == 0);
  CHECK(svg_report(run).empty());
}

TEST_CASE("a baseline whose machine was not quiet is no secret") {
  RunResult run = result();
  run.models[0].comparison.emplace().p50_before_us = 20;
  CHECK_FALSE(has(html_report(run), "not quiet"));
  run.models[0].comparison->baseline_spoiled = true;
  CHECK(has(html_report(run), "the baseline was measured on a machine that was not quiet"));
}

TEST_CASE("several models have an overview") {
  RunResult run = result();
  run.models.push_back(run.models[0]);
  CHECK(has(html_report(run), "All models"));
  CHECK_FALSE(has(html_report(result()), "All models"));
}

TEST_CASE("a picture stands for itself") {
  const std::string picture = svg_report(result());
  CHECK(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(has(picture, "reference avx2 on A &lt;fast&gt; CPU"));
  CHECK(times(picture, "<svg") == 1);
  CHECK_FALSE(has(picture, "spoiled"));
  RunResult busy = result();
  busy.models[0].spoiled = {{"bench.busy", "others used 50 %", "stop them"}};
  CHECK(has(svg_report(busy), "spoiled: others used 50 %"));
}

TEST_CASE("the histogram's bars count all runs") {
  const RunResult run = result();
  const auto canvas = plot_latency(run.models[0]);
  CHECK(has(canvas.body(), "p50 20.5 µs"));
  std::size_t sum = 0;
  for (const Bin& bin : run.models[0].histogram) sum += bin.count;
  CHECK(sum == 100);
}

TEST_CASE("operators that multiply stand on the roofline, below the roof") {
  const auto canvas = plot_roofline(result(), result().models[0]);
  CHECK(times(canvas.body(), "<circle") == 1);
  // 900,000 MACs in 15 us are 60 GMAC/s; of 9,000 bytes each 100.
  CHECK(has(canvas.body(), "CONV_2D 1x2x2x8: 60 GMAC/s, 100 MACs a byte, 75.0 % of the time"));
  CHECK(has(canvas.body(), "100 GMAC/s int8"));
  CHECK(has(canvas.body(), "10 GB/s"));
}

TEST_CASE("many operators are cut, and it is said") {
  RunResult run = result();
  run.models[0].operators.assign(130, run.models[0].operators[0]);
  CHECK(has(plot_operators(run, run.models[0]).body(), "… and 10 more"));
}

TEST_CASE("round numbers for an axis") {
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

TEST_CASE("times in three digits") {
  CHECK(time_words(2.345) == "2.35 µs");
  CHECK(time_words(32.84) == "32.8 µs");
  CHECK(time_words(999) == "999 µs");
  CHECK(time_words(1240) == "1.24 ms");
  CHECK(time_words(2.5e6) == "2.50 s");
}

}  // namespace
}  // namespace aiot::bench
