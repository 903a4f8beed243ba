#pragma once

#include <deque>
#include <string>
#include <utility>

#include "net/device_engine.hpp"

namespace aiot::power::lpm01a {

/// The monitor's side as an engine: its caller states what it measures, ahead of time if need be.
class VirtualMonitor final : public net::DeviceEngine {
 public:
  /// `idle_watts`: of the target unless stated otherwise.
  explicit VirtualMonitor(double idle_watts) : idle_watts_(idle_watts) {}

  /// The target takes so much from `begin` to `end`. In the order of time.
  void on_work(net::TimePoint begin, net::TimePoint end, double watts);
  /// The target's pin falls then.
  void on_mark(net::TimePoint when);
  /// Swallows so many of the samples that are due next, as an overrun does.
  void lose_samples(std::uint64_t count) { lose_ = count; }
  /// The same from that time on.
  void lose_samples_at(net::TimePoint when, std::uint64_t count) { overrun_ = {when, count}; }

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override;
  void on_timer(net::TimePoint now) override;
  Bytes take_output(net::TimePoint now) override;
  bool link_up() const override { return true; }

  bool target_powered() const { return powered_; }
  bool controlled() const { return controlled_; }
  std::uint32_t millivolts() const { return millivolts_; }

 private:
  struct Work {
    net::TimePoint begin;
    net::TimePoint end;
    double watts;
  };

  void obey(net::TimePoint now, const std::string& line);
  bool set(const std::string& verb, const std::string& argument);
  void say(std::string_view text);
  void sample(net::TimePoint at);
  double joules_between(net::TimePoint begin, net::TimePoint end);

  double idle_watts_;
  std::deque<Work> work_;
  std::deque<net::TimePoint> marks_;
  std::string incoming_;
  Bytes output_;
  std::uint32_t millivolts_ = 3300;
  std::uint32_t rate_ = 100;
  bool controlled_ = false;
  bool powered_ = false;
  bool running_ = false;
  net::TimePoint started_{};
  std::uint64_t samples_ = 0;  ///< since the start, lost ones too
  std::uint64_t lose_ = 0;
  std::pair<net::TimePoint, std::uint64_t> overrun_{net::TimePoint::max(), 0};
  std::uint32_t events_ = 0;
};

}  // namespace aiot::power::lpm01a
