#include "job/bench/machine.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>

namespace aiot::bench {
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

}  // namespace aiot::bench
