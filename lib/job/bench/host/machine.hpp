#pragma once

#include <sched.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bench.hpp"
#include "aiot/result.hpp"
#include "job/bench/host/measure.hpp"

namespace aiot::bench {

/// What one CPU, or all of them, have done since the machine started; in clock ticks of 1/100 s
/// (proc(5), /proc/stat). Guests' time is part of user and nice.
struct CpuTicks {
  std::uint64_t busy = 0;   ///< user, nice, system, irq, softirq
  std::uint64_t idle = 0;   ///< idle, iowait
  std::uint64_t steal = 0;  ///< taken by the hypervisor
};
/// By the CPU's number; -1 is all of them. Lines of another form are left out.
std::map<int, CpuTicks> parse_proc_stat(std::string_view text);

/// The first number of /proc/loadavg; nullopt when there is none.
std::optional<double> parse_load(std::string_view text);

/// "model name" of /proc/cpuinfo, else its "Model" or "Hardware" (Arm boards); "" for none.
std::string parse_cpu_model(std::string_view text);
/// "cpu MHz" of each CPU, in MHz; empty where the machine does not report it.
std::map<int, double> parse_cpu_mhz(std::string_view text);

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

/// What a measurement used, and the machine's state around it.
struct Usage {
  Nanoseconds wall{0};
  Nanoseconds thread_cpu{0};    ///< of the measuring thread
  Nanoseconds process_cpu{0};   ///< of all threads of this process
  std::uint64_t preempted = 0;  ///< involuntary context switches of this process
  MachineState before, after;
  std::vector<unsigned> cpus;  ///< that it was held to; none: it could run on any
  unsigned threads = 1;
  unsigned allowed_cpus = 0;  ///< how many it could run on; 0: not known
};

/// How busy the machine was with other things meanwhile.
struct Others {
  double cpus = 0;   ///< CPUs' worth of work that was not this process's
  double share = 0;  ///< of the CPUs it could run on, 0 to 1
  double steal = 0;  ///< of their time, taken by the hypervisor, 0 to 1
};
Others others_during(const Usage& usage);

Conditions conditions_of(const Usage& usage);

/// Why the figures of a measurement are not this machine's best, worst first; empty when none is
/// found. Codes: bench.crowded (more threads than CPUs), bench.busy (other
/// processes), bench.stolen (the hypervisor), bench.throttled, bench.preempted, bench.frequency (it
/// changed).
std::vector<Disturbance> disturbances_in(const Usage& usage, const Machine& machine);

/// Holds the calling thread, and those it starts, to some CPUs until the end of its life.
class Pin {
 public:
  /// Errc::pin_failed for a CPU that is not there, or that the process may not use. None: all as
  /// it was.
  static Result<Pin> to(const std::vector<unsigned>& cpus);
  Pin(Pin&& other) noexcept;
  Pin& operator=(Pin&&) = delete;
  ~Pin();

 private:
  explicit Pin(const cpu_set_t& before) : before_(before), active_(true) {}
  Pin() = default;

  cpu_set_t before_{};
  bool active_ = false;
};

}  // namespace aiot::bench
