#include "protocol/power/monitor.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/power/joulescope.hpp"
#include "protocol/power/lpm01a.hpp"

namespace aiot::power {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_answer, "power.no_answer", "the power monitor did not answer", Condition::timeout,
     true},
    {Errc::refused, "power.refused", "the power monitor refused", Condition::protocol},
    {Errc::bad_setting, "power.bad_setting", "the power monitor has no such setting",
     Condition::usage},
    {Errc::bad_stream, "power.bad_stream", "this is not what such a power monitor sends",
     Condition::protocol},
    {Errc::lost_samples, "power.lost_samples", "the power monitor lost samples",
     Condition::protocol, true},
    {Errc::lost_edges, "power.lost_edges", "the power monitor lost an edge", Condition::protocol,
     true},
    {Errc::no_edges, "power.no_edges", "the power monitor saw no edge of the device's pin",
     Condition::protocol},
};
const ErrorTable table("power", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

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

net::Task<std::string> LineStream::next(net::TimePoint deadline) {
  std::array<std::uint8_t, 4096> buffer;
  while (lines_.empty()) {
    Result<std::size_t> got = co_await link_.read_some(buffer, deadline);
    if (!got) co_return std::move(got).error();
    arrived_ = link_.clock().now();
    for (const std::uint8_t byte : ByteSpan(buffer).first(*got)) {
      if (byte == '\n' || byte == '\r') {
        if (!tail_.empty() && !overlong_) lines_.push_back(std::move(tail_));
        tail_.clear();
        overlong_ = false;
      } else if (tail_.size() == most_chars) {
        overlong_ = true;
      } else if (byte != 0) {
        tail_.push_back(static_cast<char>(byte));
      }
    }
  }
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  co_return line;
}

void LineStream::clear() {
  lines_.clear();
  tail_.clear();
  overlong_ = false;
}

std::vector<std::string> monitor_kinds() { return {"lpm01a", "joulescope"}; }

std::unique_ptr<Monitor> make_monitor(const std::string& kind, std::unique_ptr<net::Link> link) {
  if (kind == "lpm01a") return std::make_unique<lpm01a::Lpm01a>(std::move(link));
  if (kind == "joulescope") return std::make_unique<joulescope::Joulescope>(std::move(link));
  return nullptr;
}

std::uint32_t baud_of(const std::string& kind) {
  return kind == "lpm01a" ? lpm01a::baud_bps : 115200;
}

}  // namespace aiot::power
