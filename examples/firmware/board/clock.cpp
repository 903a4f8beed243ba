#include "board/clock.hpp"

namespace board {
namespace {

// CMSDK APB timer 0: counts down at the system's 25 MHz and starts again from `reload`.
struct Timer {
  volatile std::uint32_t control, value, reload, interrupt;
};
Timer& timer() { return *reinterpret_cast<Timer*>(0x40000000); }
constexpr std::uint32_t ticks_per_us = 25;

std::uint32_t last = 0;
std::uint64_t ticks = 0;

}  // namespace

void clock_start() {
  timer().reload = 0xFFFFFFFF;
  timer().value = 0xFFFFFFFF;
  timer().control = 1;
  last = timer().value;
}

std::uint32_t clock_us() {
  const std::uint32_t now = timer().value;
  // The period is 2^32 ticks, so the difference is right across the reload.
  ticks += last - now;
  last = now;
  return static_cast<std::uint32_t>(ticks / ticks_per_us);
}

}  // namespace board
