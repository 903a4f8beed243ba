#include "sim/ota/kind.hpp"
#include "sim/ota/smp.hpp"

namespace aiot::sim::ota {
namespace {

/// One row for each: NAME, what it is, where it listens, what can go wrong, what makes it.
const std::vector<Kind>& table() {
  static const std::vector<Kind> rows = {
      {"smp", "a Zephyr device with MCUboot, updated over SMP", "udp:PORT, pty or tcp:PORT",
       smp_faults(), make_smp},
  };
  return rows;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

}  // namespace aiot::sim::ota
