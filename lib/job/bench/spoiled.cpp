#include "job/bench/spoiled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aiot::bench {
namespace {

// Limits beyond which a figure is called spoiled: each alone moves a median by more than the 1 %
// within which medians repeat on a quiet machine.
constexpr double most_others_share = 0.10;
constexpr double most_steal_share = 0.02;
constexpr double most_time_off_cpu = 0.05;
constexpr double most_frequency_change = 0.05;
constexpr double most_preempted_per_s = 50;
constexpr std::uint64_t few_preempted = 5;  // happens in any short run
constexpr double ticks_per_second = 100;

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

CpuTicks difference(const CpuTicks& before, const CpuTicks& after) {
  // Counters of idle CPUs are known to step back a little.
  const auto less = [](std::uint64_t a, std::uint64_t b) { return b > a ? b - a : 0; };
  return {less(before.busy, after.busy), less(before.idle, after.idle),
          less(before.steal, after.steal)};
}

/// Of the CPUs that `usage` could run on.
CpuTicks ticks_during(const Usage& usage) {
  CpuTicks sum;
  for (const auto& [cpu, after] : usage.after.ticks) {
    if (cpu < 0) continue;
    const auto before = usage.before.ticks.find(cpu);
    const bool mine = usage.cpus.empty() ||
                      std::find(usage.cpus.begin(), usage.cpus.end(), static_cast<unsigned>(cpu)) !=
                          usage.cpus.end();
    if (!mine || before == usage.before.ticks.end()) continue;
    const CpuTicks ticks = difference(before->second, after);
    sum = {sum.busy + ticks.busy, sum.idle + ticks.idle, sum.steal + ticks.steal};
  }
  return sum;
}

}  // namespace

Others others_during(const Usage& usage) {
  const CpuTicks ticks = ticks_during(usage);
  const auto all = static_cast<double>(ticks.busy + ticks.idle + ticks.steal);
  const double wall = seconds(usage.wall);
  if (all <= 0 || wall <= 0) return {};
  Others others;
  const double busy = static_cast<double>(ticks.busy) / ticks_per_second;
  others.cpus = std::max(0.0, busy - seconds(usage.process_cpu)) / wall;
  const double cpus = all / ticks_per_second / wall;
  // A tick or two either way is all that a short run can tell.
  others.share = cpus > 0 ? std::clamp(others.cpus / cpus, 0.0, 1.0) : 0;
  others.steal = static_cast<double>(ticks.steal) / all;
  return others;
}

std::vector<Reason> reasons_against(const Usage& usage, const Machine& machine) {
  std::vector<Reason> reasons;
  const Others others = others_during(usage);
  const double wall = seconds(usage.wall);
  if (usage.allowed_cpus > 0 && usage.threads > usage.allowed_cpus) {
    reasons.push_back({"bench.crowded",
                       fmt::format("{} threads shared {} CPU{}", usage.threads, usage.allowed_cpus,
                                   usage.allowed_cpus == 1 ? "" : "s"),
                       "use no more threads than CPUs: these wait for each other"});
  }
  if (others.share > most_others_share) {
    reasons.push_back(
        {"bench.busy",
         fmt::format("other processes used {:.0f} % of the CPUs meanwhile", others.share * 100),
         "stop them, or measure again when they are done"});
  }
  if (others.steal > most_steal_share) {
    reasons.push_back(
        {"bench.stolen",
         fmt::format("the hypervisor gave {:.1f} % of the time to others", others.steal * 100),
         "measure on a machine of its own, or again at a quiet time"});
  }
  if (usage.before.throttled && usage.after.throttled &&
      *usage.after.throttled > *usage.before.throttled) {
    reasons.push_back({"bench.throttled",
                       fmt::format("the CPU was slowed for its heat {} times",
                                   *usage.after.throttled - *usage.before.throttled),
                       "let it cool down, or cool it better"});
  }
  // Threads that wait for each other leave the CPU of their own accord.
  const double off = usage.threads == 1 && wall > 0 ? 1 - seconds(usage.thread_cpu) / wall : 0;
  const auto preempted = static_cast<double>(usage.preempted);
  const bool often = usage.preempted >= few_preempted && preempted > most_preempted_per_s * wall;
  if (off > most_time_off_cpu || often) {
    std::string text = fmt::format("it was taken off its CPU {:.0f} times", preempted);
    if (usage.threads == 1) {
      text += fmt::format(", and had it {:.0f} % of the time", std::clamp(1 - off, 0.0, 1.0) * 100);
    }
    reasons.push_back({"bench.preempted", std::move(text),
                       usage.threads == 1 ? "stop other processes, or give it a CPU of its own"
                                          : "stop other processes, or use fewer threads"});
  }
  const double from = usage.before.mhz.value_or(0);
  const double to = usage.after.mhz.value_or(0);
  if (from > 0 && to > 0 && std::abs(to - from) / from > most_frequency_change) {
    reasons.push_back(
        {"bench.frequency",
         fmt::format("the CPU went from {:.0f} to {:.0f} MHz (governor: {})", from, to,
                     machine.governors.empty()
                         ? "unknown"
                         : fmt::format("{}", fmt::join(machine.governors, ", "))),
         "hold the frequency (the governor \"performance\"), or measure for longer"});
  }
  return reasons;
}

}  // namespace aiot::bench
