#pragma once

#include <sched.h>

#include <vector>

#include "aiot/result.hpp"

namespace aiot::bench {

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
