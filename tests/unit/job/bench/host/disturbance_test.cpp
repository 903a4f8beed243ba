#include "job/bench/host/machine.hpp"

#include <doctest/doctest.h>

namespace aiot::bench {
namespace {

using namespace std::chrono_literals;

/// Two seconds on a quiet machine of two CPUs: one thread that had its CPU all the time.
Usage quiet() {
  Usage usage;
  usage.wall = 2s;
  usage.thread_cpu = 1990ms;
  usage.process_cpu = 2s;
  usage.before.ticks = {{-1, {1000, 2000, 0}}, {0, {500, 1000, 0}}, {1, {500, 1000, 0}}};
  usage.after.ticks = {{-1, {1200, 2200, 0}}, {0, {700, 1000, 0}}, {1, {500, 1200, 0}}};
  return usage;
}

std::vector<std::string> codes(const Usage& usage) {
  std::vector<std::string> found;
  for (const Disturbance& reason : disturbances_in(usage, {})) {
    CHECK_FALSE(reason.message.empty());
    CHECK_FALSE(reason.hint.empty());
    found.push_back(reason.code);
  }
  return found;
}

using Codes = std::vector<std::string>;

TEST_CASE("nothing speaks against a run on a quiet machine") {
  CHECK(codes(quiet()).empty());
  CHECK(others_during(quiet()).cpus == 0);
}

TEST_CASE("another process on the other CPU") {
  Usage usage = quiet();
  usage.after.ticks[1] = {700, 1000, 0};
  CHECK(codes(usage) == Codes{"bench.busy"});
  CHECK(others_during(usage).cpus == doctest::Approx(1));
  CHECK(others_during(usage).share == doctest::Approx(0.5));
  CHECK(disturbances_in(usage, {})[0].message == "other processes used 50 % of the CPUs");
  // Held to CPU 0, it does not matter.
  usage.cpus = {0};
  CHECK(codes(usage).empty());
}

TEST_CASE("the only CPU is shared") {
  Usage usage = quiet();
  usage.cpus = {0};
  usage.thread_cpu = usage.process_cpu = 1s;
  usage.preempted = 400;
  CHECK(codes(usage) == Codes{"bench.busy", "bench.preempted"});
}

TEST_CASE("more threads than CPUs") {
  Usage usage = quiet();
  usage.threads = 2;
  usage.allowed_cpus = 2;
  CHECK(codes(usage).empty());
  usage.allowed_cpus = 0;  // not known
  CHECK(codes(usage).empty());
  usage.allowed_cpus = 1;
  CHECK(codes(usage) == Codes{"bench.crowded"});
  CHECK(disturbances_in(usage, {})[0].message == "2 threads shared 1 CPU");
  usage.allowed_cpus = 2;
  usage.threads = 8;
  CHECK(disturbances_in(usage, {}).at(0).message == "8 threads shared 2 CPUs");
}

TEST_CASE("threads that wait for each other were not taken off their CPU") {
  Usage usage = quiet();
  usage.threads = 2;
  usage.thread_cpu = 1s;
  CHECK(codes(usage).empty());
  usage.preempted = 101;
  CHECK(codes(usage) == Codes{"bench.preempted"});
  // What share of the time they had their CPUs is not measured, and not said.
  CHECK(disturbances_in(usage, {})[0].message == "preempted 101 times");
  usage.threads = 1;
  CHECK(disturbances_in(usage, {})[0].message ==
        "preempted 101 times, got 50 % of CPU time");
}

TEST_CASE("a short run that is preempted once or twice is not disturbed") {
  Usage usage;
  usage.wall = usage.thread_cpu = 1ms;
  usage.preempted = 4;
  CHECK(codes(usage).empty());
  usage.preempted = 5;
  CHECK(codes(usage) == Codes{"bench.preempted"});
}

TEST_CASE("a hypervisor that takes the time") {
  Usage usage = quiet();
  usage.after.ticks[0] = {680, 1000, 20};
  usage.process_cpu = 1800ms;
  CHECK(codes(usage) == Codes{"bench.stolen"});
  CHECK(others_during(usage).steal == doctest::Approx(0.05));
}

TEST_CASE("heat, and a frequency that moves") {
  Usage usage = quiet();
  usage.before.throttled = 7;
  usage.after.throttled = 7;
  usage.before.mhz = 3000;
  usage.after.mhz = 2900;
  CHECK(codes(usage).empty());
  usage.after.throttled = 9;
  usage.after.mhz = 2400;
  CHECK(codes(usage) == Codes{"bench.throttled", "bench.frequency"});
  Machine machine;
  machine.governors = {"powersave"};
  const auto reasons = disturbances_in(usage, machine);
  CHECK(reasons[1].message == "the CPU went from 3000 to 2400 MHz (governor: powersave)");
}

TEST_CASE("a machine that tells nothing is not blamed") {
  Usage usage = quiet();
  usage.before.ticks.clear();
  usage.after.ticks.clear();
  CHECK(codes(usage).empty());
}

TEST_CASE("idle counters that step back are no work") {
  Usage usage = quiet();
  usage.after.ticks[1].idle = usage.before.ticks[1].idle - 1;
  CHECK(others_during(usage).cpus == 0);
}

}  // namespace
}  // namespace aiot::bench
