#include "job/bench/pin.hpp"

#include <fmt/format.h>

#include <utility>

#include "job/bench/error.hpp"

namespace aiot::bench {
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
