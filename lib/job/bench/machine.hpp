#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiot::bench {

/// What one CPU, or all of them, have done since the machine started; in clock ticks of 1/100 s
/// (proc(5), /proc/stat). Guests' time is part of user and nice.
struct CpuTicks {
  std::uint64_t busy = 0;   ///< user, nice, system, irq, softirq
  std::uint64_t idle = 0;   ///< idle, iowait
  std::uint64_t steal = 0;  ///< taken by the hypervisor for somebody else
};
/// By the CPU's number; -1 is all of them. Lines that make no sense are left out.
std::map<int, CpuTicks> parse_proc_stat(std::string_view text);

/// The first number of /proc/loadavg; nullopt when there is none.
std::optional<double> parse_load(std::string_view text);

/// "model name" of /proc/cpuinfo, else its "Model" or "Hardware" (Arm boards); "" for none.
std::string parse_cpu_model(std::string_view text);
/// "cpu MHz" of each CPU, in MHz; empty where the machine does not tell.
std::map<int, double> parse_cpu_mhz(std::string_view text);

/// What stays as it is while a benchmark runs.
struct Machine {
  std::string cpu_model;
  std::string kernel;                  ///< release, "6.1.0-18-amd64"
  std::string architecture;            ///< "x86_64"
  unsigned cpus = 0;                   ///< online
  std::vector<std::string> governors;  ///< of frequency scaling, each once, sorted; none: unknown
  bool virtual_machine = false;        ///< the CPU says that a hypervisor is below
};

/// What changes.
struct MachineState {
  std::map<int, CpuTicks> ticks;
  std::optional<double> load;
  int cpu = 0;                             ///< that the caller ran on
  std::optional<double> mhz;               ///< of that CPU
  std::optional<double> temperature_c;     ///< the hottest thermal zone
  std::optional<std::uint64_t> throttled;  ///< times that CPUs were slowed for their heat, summed
};

/// Reads below `root` ("" for this machine's own /proc and /sys); what is not there stays empty.
Machine read_machine(const std::string& root);
/// The same; `cpu` is the one that the caller runs on.
MachineState read_machine_state(const std::string& root, int cpu);

}  // namespace aiot::bench
