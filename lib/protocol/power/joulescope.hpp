#pragma once

#include "protocol/power/line_stream.hpp"
#include "protocol/power/monitor.hpp"

namespace aiot::power::joulescope {

/// A Joulescope by what its tool prints: always measuring, and nothing can be told to it. It gives
/// the target no power; the voltage asked for is whoever's supply is used.
class Joulescope final : public Monitor {
 public:
  explicit Joulescope(std::unique_ptr<net::Link> link) : link_(std::move(link)), lines_(*link_) {}

  /// Waits for a first line.
  net::Task<MonitorInfo> prepare(Supply supply) override;
  net::Task<void> start() override { co_return Result<void>(); }
  net::Task<void> stream(Recorder& recorder) override;
  net::Task<void> stop() override;
  net::Task<void> release() override;

 private:
  std::unique_ptr<net::Link> link_;
  LineStream lines_;
  std::string device_;
  bool stopping_ = false;
};

}  // namespace aiot::power::joulescope
