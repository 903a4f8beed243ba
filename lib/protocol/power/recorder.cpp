#include "protocol/power/recorder.hpp"

#include <algorithm>

namespace aiot::power {
namespace {

/// Between two notes of the time, and how many are kept: some three minutes.
constexpr std::chrono::milliseconds note_every{5};
constexpr std::size_t most_notes = 40'000;

}  // namespace

void Recorder::on_time(net::TimePoint arrived) {
  if (!history_.empty() && arrived - history_.back().arrived < note_every) return;
  history_.push_back(here(arrived));
  if (history_.size() > most_notes) history_.pop_front();
}

std::optional<Edge> Recorder::at(net::TimePoint when) const {
  const auto next = std::ranges::lower_bound(history_, when, {}, &Edge::arrived);
  if (next == history_.end() || next == history_.begin()) return std::nullopt;
  const Edge& before = *(next - 1);
  const double share = std::chrono::duration<double>(when - before.arrived) /
                       std::chrono::duration<double>(next->arrived - before.arrived);
  Edge out = before;
  out.arrived = when;
  out.seconds += share * (next->seconds - before.seconds);
  out.joules += share * (next->joules - before.joules);
  out.samples +=
      static_cast<std::uint64_t>(share * static_cast<double>(next->samples - before.samples));
  return out;
}

void Recorder::on_sample(double joules) { on_sample(joules, period_s_); }

void Recorder::on_sample(double joules, double seconds) {
  ++samples_;
  joules_ += joules;
  seconds_ += seconds;
  if (seconds <= 0) return;
  const double watts = joules / seconds;
  least_watts_ = samples_ == 1 ? watts : std::min(least_watts_, watts);
  most_watts_ = samples_ == 1 ? watts : std::max(most_watts_, watts);
}

void Recorder::on_lost(std::uint64_t samples) {
  samples_ += samples;
  lost_samples_ += samples;
  seconds_ += static_cast<double>(samples) * period_s_;
}

void Recorder::on_edge(std::uint32_t number, net::TimePoint arrived) {
  // Counted anew with each start; it may have two digits only.
  if (!edges_.empty() && number != edges_.back().number + 1 &&
      number != (edges_.back().number + 1) % 100) {
    ++lost_edges_;
  }
  Edge edge = here(arrived);
  edge.number = number;
  edges_.push_back(edge);
  ++edge_count_;
  if (edges_.size() > most_edges) edges_.pop_front();
}

void Recorder::on_timestamp(std::uint64_t samples_between, unsigned buffer_percent) {
  fullest_percent_ = std::max(fullest_percent_, buffer_percent);
  if (at_timestamp_) {
    const std::uint64_t came = samples_ - *at_timestamp_;
    if (came < samples_between) on_lost(samples_between - came);
  }
  at_timestamp_ = samples_;
}

Edge Recorder::here(net::TimePoint now) const { return {0, samples_, seconds_, joules_, now}; }

Stretch between(const Edge& begin, const Edge& end) {
  return {end.seconds - begin.seconds, end.joules - begin.joules, end.samples - begin.samples};
}

}  // namespace aiot::power
