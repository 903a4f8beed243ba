#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <regex>

#include "job/bench/device/submission.hpp"
#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;

namespace {

/// As re.match() of Python: from the line's start.
bool has_line(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (std::regex_search(line, expression, std::regex_constants::match_continuous)) return true;
    begin = end + 1;
  }
  return false;
}

SubmissionText all_modes() {
  SubmissionText text;
  for (std::size_t i = 1; i <= 5; ++i) {
    text.add_performance(i, {729, 10.206, 10.206}, {0.004, 0.996});
  }
  text.end_performance(71.4286, "1124.093801");
  text.add_result("tst_\"1.bin", 3, {0.1, 0.9});
  text.end_accuracy(false, 0.901, true, "1124.093801");
  for (std::size_t i = 0; i < 5; ++i) text.add_energy(i, {10.2, 0.51, 10'200}, 729);
  text.end_energy(699.6);
  return text;
}

}  // namespace

// The patterns of tools/submission/submission_checker.py, mlcommons/tiny at 1afd2c98: ACC_PATTERN,
// check_performance_dir(), check_power_dir(), and its required files.
TEST_CASE("the submission checker finds its lines and its files") {
  TemporaryFolder folder;
  const auto written = write_results(folder.path() + "/board", "kws", all_modes(), false);
  REQUIRE_MESSAGE(written, written.error().message());
  CHECK(written->size() == 9);
  CHECK(has_line(folder.read("board/kws/performance/results.txt"),
                 ".* Median throughput is\\s+([\\d\\.]+) inf\\./sec\\..*"));
  CHECK(has_line(folder.read("board/kws/accuracy/results.txt"),
                 ".* Top[- ]1%?\\s?[:=] ([\\d\\.]+).*"));
  CHECK(folder.read("board/kws/accuracy/results.txt") == "1124.093801 ulp-mlperf: Top 1% = 90.1\n");
  CHECK(has_line(folder.read("board/kws/energy/results.txt"),
                 "Median energy cost is ([\\d\\.]+) uJ/inf"));
  CHECK(folder.read("board/kws/accuracy/results.json") ==
        "[{\"mode\":\"a\",\"file\":\"tst_1.bin\",\"class\":\"3\",\"infer\":{\"iterations\":1,"
        "\"results\":[0.100,0.900]}}]\n");
  SubmissionText anomalies;
  anomalies.end_accuracy(true, 0.8619, true, "1124.093801");
  REQUIRE(write_results(folder.path(), "ad", anomalies, false));
  CHECK(has_line(folder.read("ad/accuracy/results.txt"), ".* AUC\\s?[:=] ([\\d\\.]+).*"));
}

TEST_CASE("what the benchmark's rules do not allow has no line that the checker takes") {
  struct Case {
    std::size_t windows;
    double seconds;
    const char* says;
  };
  for (const Case& c :
       {Case{5, 9.99, "0 of 5 windows last 10 s"}, Case{4, 10.2, "4 of 4 windows last 10 s"},
        Case{6, 10.2, "6 of 6 windows last 10 s"}}) {
    SubmissionText text;
    for (std::size_t i = 1; i <= c.windows; ++i) {
      text.add_performance(i, {729, c.seconds, c.seconds}, {1});
      text.add_energy(i - 1, {c.seconds, 0.51, 10'200}, 729);
    }
    text.end_performance(71.4, "1124.093801");
    text.end_energy(699.6);
    for (const char* mode : {"performance", "energy"}) {
      const std::string& results = text.modes().at(mode).results;
      CHECK_FALSE(has_line(results, ".*Median (throughput|energy cost) is.*"));
      CHECK(has_line(results, ".*Not valid for a submission.*"));
      CHECK(results.find(c.says) != std::string::npos);
    }
    const bool long_enough =
        has_line(text.modes().at("performance").results, "    Runtime requirements have been met.");
    CHECK(long_enough == (c.seconds >= 10));
  }
  SubmissionText one_class;
  one_class.end_accuracy(true, std::nullopt, true, "1124.093801");
  CHECK(one_class.modes().at("accuracy").results ==
        "1124.093801 ulp-mlperf: Not valid for a submission: all files are of one class\n");
  SubmissionText text;
  text.end_accuracy(false, 0.901, false, "1124.093801");
  CHECK_FALSE(has_line(text.modes().at("accuracy").results, ".* Top[- ]1%?\\s?[:=] ([\\d\\.]+).*"));
}

TEST_CASE("results that are there are kept, unless it is said otherwise") {
  TemporaryFolder folder;
  REQUIRE(write_results(folder.path(), "kws", all_modes(), false));
  CHECK(!check_results_free(folder.path(), "kws", {"accuracy"}));
  CHECK(check_results_free(folder.path(), "ic", {"accuracy"}));
  const auto again = write_results(folder.path(), "kws", all_modes(), false);
  REQUIRE(!again);
  CHECK(again.error().stable_code() == "bench.results_exist");
  CHECK(write_results(folder.path(), "kws", all_modes(), true));
  CHECK(!std::filesystem::exists(folder.path() + "/kws/accuracy/log.txt.new"));
}

TEST_CASE("a link below the folder is not followed") {
  TemporaryFolder folder;
  TemporaryFolder elsewhere;
  REQUIRE(::symlink(elsewhere.path().c_str(), (folder.path() + "/kws").c_str()) == 0);
  for (const bool force : {false, true}) {
    const auto written = write_results(folder.path(), "kws", all_modes(), force);
    REQUIRE(!written);
    CHECK(written.error().stable_code() == "bench.results_failed");
  }
  CHECK(std::filesystem::is_empty(elsewhere.path()));
}

TEST_CASE("each of several devices has a folder of its own") {
  const inference::tiny::Task& task = *inference::tiny::find_task("ic01");
  CHECK(results_folder(*parse_address("tcp://board-7:5555"), task, false) == "ic");
  CHECK(results_folder(*parse_address("tcp://board-7:5555"), task, true) == "tcp-board-7-5555/ic");
}

TEST_CASE("a run writes its results, and looks for room before it measures") {
  TemporaryFolder folder;
  for (const bool first : {true, false}) {
    VirtualLab lab{LabOptions()};
    lab.request.phases.performance = true;
    lab.request.results = folder.path();
    const DutReport report = lab.run();
    CHECK(report.error.has_value() != first);
    if (first) {
      CHECK(has_line(folder.read("kws/performance/results.txt"),
                     ".* Median throughput is\\s+71.4.. inf\\./sec\\."));
    } else {
      CHECK(report.error->stable_code() == "bench.results_exist");
      CHECK(lab.clock.elapsed() < std::chrono::seconds(10));
    }
  }
}

TEST_CASE("a place for results is tried, and nothing stays of it") {
  TemporaryFolder folder;
  folder.write("file", as_bytes("x"));
  const std::vector<std::string> modes = {"performance", "accuracy"};
  const auto code = [&](const std::string& place) {
    const auto tried = try_results(place, "kws", modes);
    return tried ? std::string() : tried.error().stable_code();
  };
  CHECK(code(folder.path()).empty());
  CHECK(code(folder.path() + "/new/").empty());
  CHECK(code(folder.path() + "/no/such") == "bench.unwritable");
  CHECK(code(folder.path() + "/file") == "bench.unwritable");
  CHECK(code("/proc") == "bench.unwritable");
  const auto alone = try_results(folder.path() + "/file", "", {});
  REQUIRE(!alone);
  CHECK(alone.error().condition() == Condition::resource);
  CHECK(try_results(folder.path(), "", {}));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  std::filesystem::create_directory(folder.path() + "/kws");
  folder.write("kws/accuracy", as_bytes("no folder"));
  CHECK(code(folder.path()) == "bench.unwritable");
}

TEST_CASE("results of a disk that is full are not there, and what was there stays") {
  TemporaryFolder folder;
  // A limit on file sizes stands in for a full disk: write() fails part of the way.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto on_full_disk = [&](auto&& work) {
    const rlimit small{20, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto done = work();
    ::setrlimit(RLIMIT_FSIZE, &before);
    REQUIRE(!done);
    return done.error();
  };
  const auto files = [&] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  };
  const auto write = [&](bool force) {
    return write_results(folder.path(), "kws", all_modes(), force);
  };
  const Error failed = on_full_disk([&] { return write(false); });
  CHECK(failed.stable_code() == "bench.results_failed");
  CHECK(failed.condition() == Condition::not_recorded);
  CHECK(files() == 0);
  const Error tried = on_full_disk([&] { return try_results(folder.path(), "kws", {"accuracy"}); });
  CHECK(tried.stable_code() == "bench.unwritable");
  CHECK(files() == 0);
  REQUIRE(write(false));
  const std::string whole = folder.read("kws/energy/results.txt");
  on_full_disk([&] { return write(true); });
  CHECK(files() == 9);
  CHECK(folder.read("kws/energy/results.txt") == whole);
  std::signal(SIGXFSZ, handler);
}

TEST_CASE("a folder that cannot be written is reported before anything is measured") {
  TemporaryFolder folder;
  folder.write("kws", as_bytes("no folder"));
  VirtualLab lab{LabOptions()};
  lab.request.phases.performance = true;
  lab.request.results = folder.path();
  lab.request.force = true;
  const DutReport report = lab.run();
  REQUIRE(report.error.has_value());
  CHECK(report.error->stable_code() == "bench.unwritable");
  CHECK(lab.clock.elapsed() < std::chrono::seconds(10));
}
