#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>

#include "../unit/image/temporary_folder.hpp"
#include "command/bench.hpp"
#include "errors.hpp"
#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using cli::test::run_cli;
using cli::test::scripted_environment;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The request that these options make.
bench::Request request_of(std::vector<std::string> args) {
  bench::Request made;
  Environment e = scripted_environment();
  e.bench_run = [&](const bench::Request& request, EventSink&,
                    std::stop_token) -> Result<bench::Report> {
    made = request;
    return bench::Report();
  };
  args.insert(args.begin(), {"bench", "run"});
  CHECK(run_cli(args, e).exit == 0);
  return made;
}

}  // namespace

TEST_CASE("bench: options become a request") {
  using std::chrono::milliseconds;
  const bench::Request plain = request_of({});
  CHECK(plain.models.empty());
  CHECK(plain.setup.engine == "reference");
  CHECK(plain.setup.threads == 1);
  CHECK(plain.duration == milliseconds(2000));
  CHECK(plain.profile);
  CHECK(plain.data.labels_file.empty());
  const bench::Request r = request_of({"a.tflite",
                                       "kws",
                                       "--engine",
                                       "xnnpack",
                                       "-t",
                                       "2",
                                       "--pin",
                                       "0,2-3",
                                       "--runs",
                                       "7",
                                       "--warm-up",
                                       "300ms",
                                       "--no-profile",
                                       "--no-peak",
                                       "--baseline",
                                       "old.json",
                                       "--max-regression",
                                       "2.5%",
                                       "--force",
                                       "--timeout",
                                       "90s"});
  CHECK(r.models == std::vector<std::string>{"a.tflite", "kws"});
  CHECK(r.setup.engine == "xnnpack");
  CHECK(r.setup.threads == 2);
  CHECK(r.setup.cpus == std::vector<unsigned>{0, 2, 3});
  CHECK(r.runs == 7);
  CHECK(r.warm_up == milliseconds(300));
  CHECK_FALSE(r.profile);
  CHECK_FALSE(r.peak);
  CHECK(r.baseline_file == "old.json");
  CHECK(r.max_regression == doctest::Approx(0.025));
  CHECK(request_of({"--baseline", "b", "--max-regression", "0.03"}).max_regression ==
        doctest::Approx(0.03));
  CHECK(request_of({"--baseline", "b", "--max-regression", "250%"}).max_regression ==
        doctest::Approx(2.5));
  CHECK(r.compare_anyway);
  CHECK(r.timeout == std::chrono::seconds(90));
  CHECK(plain.timeout == milliseconds(0));
}

TEST_CASE("bench: a data set's labels lie in its folder unless they are named") {
  const auto data = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"a.tflite", "--data", "kws01"});
    return request_of(more).data;
  };
  CHECK(data({}).labels_file == "kws01/y_labels.csv");
  CHECK(data({}).type == bench::DataType::automatic);
  CHECK(data({"--labels", "b.csv"}).labels_file == "b.csv");
  CHECK(data({"--data-type", "uint8"}).type == bench::DataType::uint8);
  CHECK(data({"--min-accuracy", "90%"}).min_accuracy == doctest::Approx(0.9));
  CHECK(data({"--min-accuracy", "0.85"}).min_accuracy == doctest::Approx(0.85));
  CHECK(data({"--workers", "3"}).workers == 3);
}

TEST_CASE("bench: what is contradictory is refused before anything runs") {
  const auto refused = [](std::vector<std::string> args) {
    args.insert(args.begin(), {"bench", "run"});
    const auto ran = run_cli(args);
    CHECK(ran.exit == 2);
    CHECK(has(ran.err, "next:"));
    return ran.err;
  };
  CHECK(has(refused({"--threads", "0"}), "--threads 0"));
  CHECK(has(refused({"--threads", "65"}), "1 to 64"));
  CHECK(has(refused({"--runs", "many"}), "--runs many"));
  CHECK(has(refused({"--runs", "0"}), "1 to 5000000"));
  CHECK(has(refused({"--runs", "5000001"}), "1 to 5000000"));
  CHECK(has(refused({"--duration", "0s"}), "--duration 0"));
  CHECK(has(refused({"--runs", "5", "--duration", "1s"}), "choose one"));
  CHECK(has(refused({"--pin", "3-1"}), "--pin 3-1"));
  CHECK(has(refused({"--pin", "0,,1"}), "--pin"));
  CHECK(has(refused({"--engine", "xnnpak"}), "xnnpack"));
  CHECK(has(refused({"--isa", "avx3"}), "avx2"));
  CHECK(has(refused({"--min-accuracy", "90%"}), "--data"));
  CHECK(has(refused({"--labels", "y.csv"}), "--data"));
  CHECK(has(refused({"--data", "d", "--min-accuracy", "150%"}), "--min-accuracy"));
  CHECK(has(refused({"--max-regression", "5%"}), "--baseline"));
  CHECK(has(refused({"--baseline", "b", "--max-regression", "-1%"}), "--max-regression"));
  // 5 would be 500 %: a limit that nothing fails.
  CHECK(has(refused({"--baseline", "b", "--max-regression", "5"}), "next: write a percentage: 5%"));
  CHECK(has(refused({"--baseline", "b", "--max-regression", "1"}), "next: write a percentage: 1%"));
  CHECK(has(refused({"--baseline", "b", "--max-regression", "10001%"}), "up to 10000%"));
  CHECK(has(refused({"--output", "y.bin", "kws"}), "--input"));
  CHECK(has(refused({"--input", "x.bin"}), "MODEL"));
  CHECK(has(refused({"--workers", "2"}), "--workers without --data"));
  CHECK(has(refused({"--data-type", "int8"}), "--data-type without --data"));
}

TEST_CASE("bench: with raw bytes nothing is measured, and what belongs to that is refused") {
  const std::vector<std::vector<std::string>> measuring = {{"--report", "x.html"},
                                                           {"--runs", "5"},
                                                           {"--duration", "1s"},
                                                           {"--data", "d"},
                                                           {"--baseline", "b"},
                                                           {"--warm-up", "1s"},
                                                           {"--no-profile"},
                                                           {"--no-peak"},
                                                           {"--labels", "y.csv"},
                                                           {"--workers", "2"},
                                                           {"--data-type", "int8"},
                                                           {"--min-accuracy", "90%"},
                                                           {"--force"},
                                                           {"--max-regression", "5%"}};
  for (const std::vector<std::string>& option : measuring) {
    std::vector<std::string> args = {"bench", "run", "m.tflite", "-i", "x", "-o", "y"};
    args.insert(args.end(), option.begin(), option.end());
    const auto ran = run_cli(args);
    CHECK(ran.exit == 2);
    CHECK(has(ran.err, "--input and " + option[0]));
  }
}

TEST_CASE("bench: an output that cannot be written leaves nothing, and the result is printed") {
  const aiot::test::TemporaryFolder folder;
  const std::string in = folder.put("x.bin", std::string_view("ab"));
  const std::string old = folder.put("old", std::string_view("old"));
  // A limit on file sizes stands in for a full disk.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto full = run_cli({"bench", "run", "m.tflite", "-i", in, "-o", old, "--json"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(full.exit == 5);
  CHECK(has(full.out, R"("schema":"aiot.bench.infer/1")"));
  std::ifstream kept(old);
  CHECK(std::string(std::istreambuf_iterator<char>(kept), {}) == "old");
  CHECK(folder.entries() == 2);
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", old}).exit == 0);
  std::ifstream replaced(old);
  CHECK(std::string(std::istreambuf_iterator<char>(replaced), {}) == "ba");
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", "/dev/null"}).exit == 0);
}

TEST_CASE("bench: CPUs by number, range and list") {
  CHECK(*command::parse_cpus("5") == std::vector<unsigned>{5});
  CHECK(*command::parse_cpus("2,0,2") == std::vector<unsigned>{0, 2});
  CHECK(*command::parse_cpus("0-2,1") == std::vector<unsigned>{0, 1, 2});
  for (const std::string wrong : {"", "a", "1-", "-1", "0-99999", "1 2", "4294967296"}) {
    CHECK(command::parse_cpus(wrong).has_error());
  }
}

TEST_CASE("bench: one model as text") {
  const auto ran = run_cli({"bench", "run"});
  CHECK(ran.exit == 0);
  CHECK(has(ran.out, "reference avx2, 1 thread, on A CPU (2 CPUs)\n\nOK  kws  \\x1b[2J\n"));
  CHECK(has(ran.out, "  disturbed: other processes were busy\n"));
  CHECK(has(ran.out, "p50 10.0 µs   p90 11.0 µs   p99 1.20 ms"));
  CHECK(has(ran.out, "speed    100 k inferences/s (62.5 k sustained), "));
  CHECK(has(ran.out, "arena 4.0 KiB, weights 8.0 KiB"));
  CHECK(has(ran.out, "0  CONV_2D   1x2x2x8  8.00 µs  80.0 %  2.00 M  5.00 k     250     50 %"));
  CHECK(has(ran.out, "75.00 %, 3 of 4 files; 95 %: 30.00 % to 95.00 %"));
  CHECK(has(ran.out,
            "    is \\ taken for  0  1\n                 0  2  .\n                 1  1  1\n"));
  CHECK(has(ran.err, "note: kws: other processes used 75 % of the CPUs"));
  CHECK(has(ran.err, "--pin"));
}

TEST_CASE("bench: a comparison as text says what its baseline is worth") {
  const auto said = [](bool disturbed) {
    Environment e = scripted_environment();
    e.bench_run = [&](const bench::Request&, EventSink&, std::stop_token) -> Result<bench::Report> {
      bench::Comparison comparison;
      comparison.p50_before_us = 10;
      comparison.p50_change = 0.02;
      comparison.baseline_disturbed = disturbed;
      bench::Report report;
      report.models = 1;
      report.result.models.emplace_back().name = "a";
      report.result.models[0].comparison = comparison;
      return report;
    };
    return run_cli({"bench", "run"}, e).out;
  };
  CHECK(has(said(true), "p50 +2.0 % (was 10.0 µs), memory the same\n"));
  CHECK(has(said(true), "the baseline was measured on a machine that was not quiet\n"));
  CHECK_FALSE(has(said(false), "not quiet"));
}

TEST_CASE("bench: models that failed are called models, however many failures each has") {
  Environment e = scripted_environment();
  std::vector<bench::Failure> failures;
  e.bench_run = [&](const bench::Request&, EventSink&, std::stop_token) -> Result<bench::Report> {
    bench::Report report;
    report.models = 3;
    report.failures = failures;
    return report;
  };
  const auto failure = [](const char* model, Errc code) {
    return bench::Failure{model, "compare", make_error(code, "a figure", "")};
  };
  failures = {failure("a", Errc::damaged_file), failure("b", Errc::damaged_file)};
  auto ran = run_cli({"bench", "run"}, e);
  CHECK(ran.exit == 10);
  CHECK(has(ran.err, "2 of 3 models failed\n"));
  // A missed accuracy beside a comparison that was refused: what decides is the first.
  failures = {failure("a", Errc::damaged_file), failure("a", Errc::nothing_found)};
  ran = run_cli({"bench", "run"}, e);
  CHECK(ran.exit == 10);
  CHECK(has(ran.err, "1 of 3 models failed\n"));
  Environment one = e;
  one.bench_run = [&](const bench::Request&, EventSink&, std::stop_token) -> Result<bench::Report> {
    bench::Report report;
    report.models = 1;
    report.failures = failures;
    return report;
  };
  ran = run_cli({"bench", "run", "a"}, one);
  CHECK(ran.exit == 3);
  CHECK_FALSE(has(ran.err, "of 1 models"));
}

TEST_CASE("bench: several models are a row each, failed ones too") {
  Environment e = scripted_environment();
  e.terminal.out = true;
  e.terminal.columns = [] { return 80U; };
  e.bench_run = [&](const bench::Request&, EventSink&, std::stop_token) -> Result<bench::Report> {
    bench::Report report;
    report.models = 3;
    for (const char* name : {"kws", "ic"}) {
      bench::ModelResult& model = report.result.models.emplace_back();
      model.name = name;
      model.latency.p50_us = 54.3;
      model.latency.p99_us = 1240;
      model.runs_per_s = 18'400;
      model.reached_runs_per_s = 8260;
      model.peak_share = 0.45;
      model.memory.arena_bytes = 4096;
    }
    report.failures = {{"ic", "compare", make_error(Errc::nothing_found, "a figure", "")},
                       {"x.tflite", "load", make_error(Errc::damaged_file, "x", "")}};
    return report;
  };
  const auto ran = run_cli({"bench", "run"}, e);
  CHECK(has(ran.out,
            "        model         p50      p99  inferences/s  sustained  of peak    arena\n"
            "OK      kws       54.3 µs  1.24 ms        18.4 k     8.26 k     45 %  4.0 KiB\n"
            "FAILED  ic        54.3 µs  1.24 ms        18.4 k     8.26 k     45 %  4.0 KiB\n"
            "FAILED  x.tflite        -        -             -          -        -        -\n"));
}

TEST_CASE("bench: a report is written where it is asked for, and not in a dry run") {
  const aiot::test::TemporaryFolder folder;
  const auto content = [&](const char* name) {
    std::ifstream file(folder.path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  CHECK(run_cli({"bench", "run", "--report", folder.path("out.html")}).exit == 0);
  CHECK(content("out.html").starts_with("<!doctype html>"));
  CHECK(content("out.html").ends_with("</html>\n"));
  CHECK(run_cli({"bench", "run", "--report", folder.path("out.svg")}).exit == 0);
  CHECK(content("out.svg").starts_with("<svg "));
  CHECK(run_cli({"bench", "run", "--report", folder.path("dry.html"), "-n"}).exit == 0);
  CHECK(folder.entries() == 2);
}

TEST_CASE("bench: a place that a report cannot be written to is refused before anything runs") {
  const aiot::test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("folder.html"));
  Environment e = scripted_environment();
  bool ran = false;
  e.bench_run = [&](const bench::Request&, EventSink&, std::stop_token) -> Result<bench::Report> {
    ran = true;
    return bench::Report();
  };
  for (const char* place : {"no/such/folder/out.html", "folder.html"}) {
    CHECK(run_cli({"bench", "run", "--report", folder.path(place)}, e).exit == 5);
  }
  const auto other = run_cli({"bench", "run", "--report", "page.pdf"}, e);
  CHECK(other.exit == 2);
  CHECK(has(other.err, "its name ends in .html"));
  CHECK_FALSE(ran);
}

TEST_CASE("bench: the figures stay when the report cannot be written in the end") {
  const aiot::test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("out"));
  Environment e = scripted_environment();
  const auto measure = e.bench_run;
  e.bench_run = [&](const bench::Request& request, EventSink& sink, std::stop_token stop) {
    std::filesystem::remove_all(folder.path("out"));
    return measure(request, sink, std::move(stop));
  };
  const auto ran = run_cli({"bench", "run", "--report", folder.path("out/page.html"), "--json"}, e);
  CHECK(ran.exit == 12);
  CHECK(has(ran.out, R"("p50_us":10)"));
  CHECK(has(ran.out, R"("code":"bench.report_failed")"));
}

TEST_CASE("bench: an output never goes through a link that somebody prepared") {
  const aiot::test::TemporaryFolder folder;
  const std::string in = folder.put("x.bin", std::string_view("ab"));
  const std::string precious = folder.put("precious", std::string_view("old"));
  std::filesystem::create_symlink(precious, folder.path("y.part-" + std::to_string(::getpid())));
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", folder.path("y")}).exit == 0);
  std::ifstream kept(precious);
  CHECK(std::string(std::istreambuf_iterator<char>(kept), {}) == "old");
}

TEST_CASE("bench: a limit that failed is exit 9, and a line of JSON") {
  const auto ran = run_cli({"bench", "run", "slow.tflite"});
  CHECK(ran.exit == 9);
  CHECK(has(ran.err, "the median is 9 % above"));
  const auto lines = run_cli({"bench", "run", "slow.tflite", "--jsonl"});
  CHECK(lines.exit == 9);
  CHECK(has(lines.out, R"("event":"failed")"));
}

TEST_CASE(
    "bench: raw bytes from a file and from standard input, to a file and to standard output") {
  const aiot::test::TemporaryFolder folder;
  const std::string in = folder.put("x.bin", std::string_view("\0ab", 3));
  const auto through = run_cli({"bench", "run", "m.tflite", "-i", in, "-o", "-"});
  CHECK(through.exit == 0);
  CHECK(through.out == std::string("ba\0", 3));
  const auto piped = run_cli(
      {"bench", "run", "m.tflite", "-i", "-", "-i", in, "-o", folder.path("y"), "-o", "-"}, "12");
  CHECK(piped.out == std::string("ba\0", 3));
  std::ifstream written(folder.path("y"));
  CHECK(std::string(std::istreambuf_iterator<char>(written), {}) == "21");
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "--json", "-o", "-"}).exit == 2);
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", "-", "-i", "-"}).exit == 2);
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", "a", "-o", "b"}).exit == 2);
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", folder.path("none")}).exit == 3);
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", folder.path("no/such")}).exit == 5);
  CHECK(has(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", folder.path("no/such")}).err,
            "next: name a file in a folder that is there"));
  CHECK(has(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", folder.path("")}).err,
            "next: name a file, not a folder"));
  CHECK(has(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", "/dev/full"}).err,
            "next: free some space"));
  CHECK(run_cli({"bench", "run", "m.tflite", "-i", in, "-o", folder.path("dry"), "-n"}).exit == 0);
  CHECK_FALSE(std::filesystem::exists(folder.path("dry")));
}
