#pragma once

#include <string>
#include <vector>

#include "job/bench/machine.hpp"
#include "job/bench/statistics.hpp"

namespace aiot::bench {

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

/// A reason not to trust a figure.
struct Reason {
  std::string code;  ///< stable: "bench.busy"
  std::string text;  ///< with the figures
  std::string hint;
};
/// Why the figures of a measurement are not this machine's best, worst first; empty when nothing
/// speaks against them. Codes: bench.crowded (more threads than CPUs), bench.busy (other
/// processes), bench.stolen (the hypervisor), bench.throttled, bench.preempted, bench.frequency (it
/// changed).
std::vector<Reason> reasons_against(const Usage& usage, const Machine& machine);

}  // namespace aiot::bench
