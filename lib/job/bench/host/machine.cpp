#include "job/bench/host/machine.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// "key   : value" of /proc/cpuinfo.
struct Entry {
  std::string_view key, value;
};
std::optional<Entry> entry_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view key = line.substr(0, colon);
  key = key.substr(0, key.find_last_not_of(" \t") + 1);
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return Entry{key, value};
}

}  // namespace

std::map<int, CpuTicks> parse_proc_stat(std::string_view text) {
  std::map<int, CpuTicks> cpus;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::string_view name = take_word(line);
    if (!name.starts_with("cpu")) continue;
    name.remove_prefix(3);
    const std::optional<int> cpu = name.empty() ? -1 : number<int>(name);
    // user nice system idle iowait irq softirq steal; old kernels stop earlier.
    std::array<std::uint64_t, 8> ticks{};
    std::size_t count = 0;
    for (auto& field : ticks) {
      const auto value = number<std::uint64_t>(take_word(line));
      if (!value) break;
      field = *value;
      ++count;
    }
    if (!cpu || count < 4) continue;
    cpus[*cpu] = {ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[3] + ticks[4],
                  ticks[7]};
  }
  return cpus;
}

std::optional<double> parse_load(std::string_view text) { return number<double>(take_word(text)); }

std::string parse_cpu_model(std::string_view text) {
  std::string_view board;
  while (!text.empty()) {
    const auto entry = entry_of(take_line(text));
    if (!entry) continue;
    if (entry->key == "model name") return std::string(entry->value);
    if (entry->key == "Model" || (entry->key == "Hardware" && board.empty())) board = entry->value;
  }
  return std::string(board);
}

std::map<int, double> parse_cpu_mhz(std::string_view text) {
  std::map<int, double> mhz;
  std::optional<int> cpu;
  while (!text.empty()) {
    const auto entry = entry_of(take_line(text));
    if (!entry) continue;
    if (entry->key == "processor") cpu = number<int>(entry->value);
    if (entry->key != "cpu MHz" || !cpu) continue;
    if (const auto value = number<double>(entry->value)) mhz[*cpu] = *value;
  }
  return mhz;
}

namespace {

namespace fs = std::filesystem;

/// Files of /proc and /sys have no size: read up to a bound. "" when it cannot be read.
std::string text_of(const std::string& path) {
  constexpr std::size_t most = 1U << 20;
  std::ifstream file(path, std::ios::binary);
  std::string text(most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::string first_line(const std::string& path) {
  const std::string text = text_of(path);
  return text.substr(0, text.find('\n'));
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const std::string line = first_line(path);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (line.empty() || error != std::errc()) return std::nullopt;
  return value;
}

/// The number behind `prefix` in a folder's name, such as cpu3.
std::optional<int> numbered(const std::string& name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return std::nullopt;
  int value = 0;
  const char* last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

struct Numbered {
  int number = 0;
  std::string path;
};
std::vector<Numbered> folders(const std::string& parent, std::string_view prefix) {
  std::vector<Numbered> found;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, none)) {
    if (const auto number = numbered(entry.path().filename().string(), prefix)) {
      found.push_back({*number, entry.path().string()});
    }
  }
  return found;
}

std::optional<double> hottest(const std::string& root) {
  std::optional<double> hottest;
  for (const Numbered& zone : folders(root + "/sys/class/thermal", "thermal_zone")) {
    const auto millidegrees = number_in(zone.path + "/temp");
    // Zones that are switched off say absurd things.
    if (!millidegrees || *millidegrees < -50'000 || *millidegrees > 200'000) continue;
    const double degrees = static_cast<double>(*millidegrees) / 1000;
    hottest = std::max(hottest.value_or(degrees), degrees);
  }
  return hottest;
}

}  // namespace

Machine read_machine(const std::string& root) {
  Machine machine;
  const std::string cpuinfo = text_of(root + "/proc/cpuinfo");
  machine.cpu_model = parse_cpu_model(cpuinfo);
  if (machine.cpu_model.empty()) {
    machine.cpu_model = first_line(root + "/proc/device-tree/model");
    std::erase(machine.cpu_model, '\0');
  }
  machine.virtual_machine = cpuinfo.find(" hypervisor") != std::string::npos;
  machine.kernel = first_line(root + "/proc/sys/kernel/osrelease");
  utsname name{};
  if (::uname(&name) == 0) machine.architecture = name.machine;
  const auto ticks = parse_proc_stat(text_of(root + "/proc/stat"));
  machine.cpus = static_cast<unsigned>(ticks.size() - ticks.count(-1));
  std::set<std::string> governors;
  for (const Numbered& cpu : folders(root + "/sys/devices/system/cpu", "cpu")) {
    const std::string governor = first_line(cpu.path + "/cpufreq/scaling_governor");
    if (!governor.empty()) governors.insert(governor);
  }
  machine.governors.assign(governors.begin(), governors.end());
  return machine;
}

MachineState read_machine_state(const std::string& root, int cpu) {
  MachineState state;
  state.cpu = cpu;
  state.ticks = parse_proc_stat(text_of(root + "/proc/stat"));
  state.load = parse_load(text_of(root + "/proc/loadavg"));
  for (const Numbered& folder : folders(root + "/sys/devices/system/cpu", "cpu")) {
    const auto khz = number_in(folder.path + "/cpufreq/scaling_cur_freq");
    if (khz && folder.number == cpu) state.mhz = static_cast<double>(*khz) / 1000;
    const auto throttled = number_in(folder.path + "/thermal_throttle/core_throttle_count");
    if (throttled && *throttled >= 0) {
      state.throttled = state.throttled.value_or(0) + static_cast<std::uint64_t>(*throttled);
    }
  }
  if (!state.mhz) {
    const auto mhz = parse_cpu_mhz(text_of(root + "/proc/cpuinfo"));
    if (const auto mine = mhz.find(cpu); mine != mhz.end()) state.mhz = mine->second;
  }
  state.temperature_c = hottest(root);
  return state;
}

namespace {

// Limits beyond which a measurement counts as disturbed: each alone moves a median by more than the 1 %
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

Conditions conditions_of(const Usage& usage) {
  const Others others = others_during(usage);
  Conditions c;
  c.wall_s = seconds(usage.wall);
  c.thread_cpu_s = seconds(usage.thread_cpu);
  c.process_cpu_s = seconds(usage.process_cpu);
  c.thread_cpu_share = c.wall_s > 0 ? c.thread_cpu_s / c.wall_s : 0;
  c.preempted = usage.preempted;
  c.others_cpus = others.cpus;
  c.others_share = others.share;
  c.steal_share = others.steal;
  c.load_before = usage.before.load;
  c.load_after = usage.after.load;
  c.mhz_before = usage.before.mhz;
  c.mhz_after = usage.after.mhz;
  c.temperature_before_c = usage.before.temperature_c;
  c.temperature_after_c = usage.after.temperature_c;
  if (usage.before.throttled && usage.after.throttled) {
    c.throttled = *usage.after.throttled - *usage.before.throttled;
  }
  return c;
}

std::vector<Disturbance> disturbances_in(const Usage& usage, const Machine& machine) {
  std::vector<Disturbance> reasons;
  const Others others = others_during(usage);
  const double wall = seconds(usage.wall);
  if (usage.allowed_cpus > 0 && usage.threads > usage.allowed_cpus) {
    reasons.push_back({"bench.crowded",
                       fmt::format("{} threads shared {} CPU{}", usage.threads, usage.allowed_cpus,
                                   usage.allowed_cpus == 1 ? "" : "s"),
                       "use at most as many threads as CPUs"});
  }
  if (others.share > most_others_share) {
    reasons.push_back(
        {"bench.busy",
         fmt::format("other processes used {:.0f} % of the CPUs", others.share * 100),
         "stop them, or measure again after they end"});
  }
  if (others.steal > most_steal_share) {
    reasons.push_back(
        {"bench.stolen",
         fmt::format("the hypervisor took {:.1f} % of the CPU time", others.steal * 100),
         "measure on a dedicated machine, or again at a quiet time"});
  }
  if (usage.before.throttled && usage.after.throttled &&
      *usage.after.throttled > *usage.before.throttled) {
    reasons.push_back({"bench.throttled",
                       fmt::format("the CPU was throttled for heat {} times",
                                   *usage.after.throttled - *usage.before.throttled),
                       "let it cool down, or improve its cooling"});
  }
  // Threads that wait for each other leave the CPU of their own accord.
  const double off = usage.threads == 1 && wall > 0 ? 1 - seconds(usage.thread_cpu) / wall : 0;
  const auto preempted = static_cast<double>(usage.preempted);
  const bool often = usage.preempted >= few_preempted && preempted > most_preempted_per_s * wall;
  if (off > most_time_off_cpu || often) {
    std::string text = fmt::format("preempted {:.0f} times", preempted);
    if (usage.threads == 1) {
      text += fmt::format(", got {:.0f} % of CPU time", std::clamp(1 - off, 0.0, 1.0) * 100);
    }
    reasons.push_back({"bench.preempted", std::move(text),
                       usage.threads == 1 ? "stop other processes, or reserve a CPU"
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
         "fix the frequency (governor \"performance\"), or measure for longer"});
  }
  return reasons;
}

namespace {

std::string listed(const cpu_set_t& set) {
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return fmt::format("{}", fmt::join(cpus, ", "));
}

}  // namespace

Result<Pin> Pin::to(const std::vector<unsigned>& cpus) {
  if (cpus.empty()) return Pin();
  cpu_set_t before;
  CPU_ZERO(&before);
  if (::sched_getaffinity(0, sizeof before, &before) != 0) {
    return make_error(Errc::pin_failed, "asking for the CPUs of this process");
  }
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (const unsigned cpu : cpus) {
    // The kernel would quietly leave out a CPU that is not allowed while another one is.
    if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &before)) {
      return make_error(Errc::pin_failed, fmt::format("CPU {}", cpu),
                        fmt::format("it may run on {}", listed(before)));
    }
    CPU_SET(cpu, &wanted);
  }
  if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0) {
    return make_error(Errc::pin_failed, fmt::format("CPUs {}", listed(wanted)),
                      fmt::format("it may run on {}", listed(before)));
  }
  return Pin(before);
}

Pin::Pin(Pin&& other) noexcept
    : before_(other.before_), active_(std::exchange(other.active_, false)) {}

Pin::~Pin() {
  if (active_) ::sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace aiot::bench
