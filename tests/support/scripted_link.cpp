#include "support/scripted_link.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/clock.hpp"

namespace aiot::net {
namespace {

LinkInfo scripted() {
  LinkInfo info;
  info.kind = "scripted";
  info.has_lines = true;
  info.has_baud = true;
  return info;
}

/// Up to 48 bytes of `bytes`, from a little before `around`.
std::string excerpt(ByteSpan bytes, std::size_t around) {
  const std::size_t from = std::min(around > 16 ? around - 16 : 0, bytes.size());
  const std::size_t count = std::min<std::size_t>(48, bytes.size() - from);
  return fmt::format("{}{}{}", from > 0 ? "… " : "", to_hex(bytes.subspan(from, count), " "),
                     from + count < bytes.size() ? " …" : "");
}

}  // namespace

ScriptedLink::ScriptedLink(VirtualClock& clock, Script script)
    : ScriptedLink(clock, std::move(script), scripted()) {}

ScriptedLink::ScriptedLink(VirtualClock& clock, Script script, LinkInfo info)
    : clock_(clock), script_(std::move(script)), info_(std::move(info)), other_end_(clock.now()) {
  advance();
}

void ScriptedLink::advance() {
  const auto& steps = script_.steps();
  other_end_ = std::max(other_end_, clock_.now());
  for (; step_ < steps.size(); ++step_) {
    const bool dropped = !arrivals_.empty() && arrivals_.back().bytes.empty();
    if (dropped) break;  // what follows comes after reopen()
    if (const auto* after = std::get_if<Script::After>(&steps[step_])) {
      other_end_ += after->time;
    } else if (const auto* reply = std::get_if<Script::Reply>(&steps[step_])) {
      if (!reply->bytes.empty()) arrivals_.push_back({other_end_, reply->bytes});
    } else if (std::holds_alternative<Script::Drop>(steps[step_])) {
      arrivals_.push_back({other_end_, {}});
    } else {
      break;  // the host's turn
    }
  }
  wake_.notify();
}

std::string ScriptedLink::where() const {
  const auto& steps = script_.steps();
  if (step_ >= steps.size()) return "after the script's end";
  std::string label;
  if (const auto* expect = std::get_if<Script::Expect>(&steps[step_])) label = expect->label;
  return fmt::format("script step {} of {}{}", step_ + 1, steps.size(),
                     label.empty() ? "" : " (" + label + ")");
}

Error ScriptedLink::mismatch(std::string what) {
  failure_ = where() + ": " + what;
  return make_error(Errc::script, failure_);
}

bool ScriptedLink::lost() const {
  return !arrivals_.empty() && arrivals_.back().bytes.empty() &&
         arrivals_.back().when <= clock_.now();
}

Result<void> ScriptedLink::check() {
  if (!failure_.empty()) return make_error(Errc::script, failure_);
  if (closed_) return make_error(Errc::link_lost, "the link is closed");
  return {};
}

Task<std::size_t> ScriptedLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  while (true) {
    AIOT_CO_CHECK(check());
    if (clock_.now() >= deadline) co_return make_error(Errc::timed_out);
    TimePoint next = deadline;
    if (!arrivals_.empty()) {
      if (arrivals_.front().when <= clock_.now()) {
        if (arrivals_.front().bytes.empty()) co_return make_error(Errc::link_lost);
        // What came while the host did something else comes in one piece.
        while (arrivals_.size() > 1 && arrivals_[1].when < clock_.now() &&
               !arrivals_[1].bytes.empty()) {
          arrivals_[1].bytes.insert(arrivals_[1].bytes.begin(), arrivals_[0].bytes.begin(),
                                    arrivals_[0].bytes.end());
          arrivals_.pop_front();
        }
        Arrival& first = arrivals_.front();
        const std::size_t count = std::min(buffer.size(), first.bytes.size());
        const auto end = first.bytes.begin() + static_cast<std::ptrdiff_t>(count);
        std::copy(first.bytes.begin(), end, buffer.begin());
        first.bytes.erase(first.bytes.begin(), end);
        if (first.bytes.empty()) arrivals_.pop_front();
        co_return count;
      }
      next = std::min(deadline, arrivals_.front().when);
    }
    Result<void> waited = co_await clock_.wait(next, wake_);
    AIOT_CO_CHECK(std::move(waited));
  }
}

Task<void> ScriptedLink::write(ByteSpan data, TimePoint) {
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  AIOT_CO_CHECK(check());
  const auto& steps = script_.steps();
  while (!data.empty()) {
    if (lost()) co_return make_error(Errc::link_lost);
    if (step_ < steps.size() && std::holds_alternative<Script::Silence>(steps[step_])) break;
    const auto* expect =
        step_ < steps.size() ? std::get_if<Script::Expect>(&steps[step_]) : nullptr;
    if (!expect) {
      // A link that is about to be lost takes what is written until then.
      if (!arrivals_.empty() && arrivals_.back().bytes.empty()) break;
      co_return mismatch(
          fmt::format("the host wrote where it should not\n  wrote: {}", excerpt(data, 0)));
    }
    const ByteSpan rest = ByteSpan(expect->bytes).subspan(matched_);
    const std::size_t count = std::min(rest.size(), data.size());
    const auto [wrong, _] = std::mismatch(data.begin(), data.begin() + count, rest.begin());
    const auto good = static_cast<std::size_t>(wrong - data.begin());
    if (good < count) {
      co_return mismatch(
          fmt::format("the host wrote something else at byte {}\n  wrote:    {}\n  expected: {}",
                      matched_ + good, excerpt(data, good), excerpt(rest, good)));
    }
    data = data.subspan(count);
    matched_ += count;
    if (matched_ == expect->bytes.size()) {
      matched_ = 0;
      ++step_;
      advance();
    }
  }
  co_return Result<void>();
}

Task<void> ScriptedLink::drain(TimePoint) {
  AIOT_CO_CHECK(check());
  if (lost()) co_return make_error(Errc::link_lost);
  co_return Result<void>();
}

Task<void> ScriptedLink::discard_input() {
  AIOT_CO_CHECK(check());
  while (!arrivals_.empty() && arrivals_.front().when <= clock_.now() &&
         !arrivals_.front().bytes.empty()) {
    arrivals_.pop_front();
  }
  co_return Result<void>();
}

Task<void> ScriptedLink::set_baud(std::uint32_t baud_bps) {
  AIOT_CO_CHECK(check());
  if (lost()) co_return make_error(Errc::link_lost);
  bauds_.push_back(baud_bps);
  const auto& steps = script_.steps();
  if (step_ < steps.size()) {
    if (const auto* expect = std::get_if<Script::ExpectBaud>(&steps[step_])) {
      if (expect->baud_bps != baud_bps) {
        co_return mismatch(
            fmt::format("the host set {} baud, expected {}", baud_bps, expect->baud_bps));
      }
      ++step_;
      advance();
    }
  }
  co_return Result<void>();
}

Task<void> ScriptedLink::set_lines(std::span<const LineStep> steps) {
  AIOT_CO_CHECK(check());
  if (!info_.has_lines) co_return make_error(Errc::not_supported, "DTR and RTS");
  for (const LineStep& step : steps) {
    if (lost()) co_return make_error(Errc::link_lost);
    lines_.push_back(step);
    if (step.hold.count() > 0) {
      Result<void> held = co_await clock_.sleep_for(step.hold);
      AIOT_CO_CHECK(std::move(held));
    }
  }
  if (step_ < script_.steps().size() &&
      std::holds_alternative<Script::ExpectLines>(script_.steps()[step_])) {
    ++step_;
    advance();
  }
  co_return Result<void>();
}

Task<void> ScriptedLink::reopen(TimePoint deadline) {
  if (!failure_.empty()) co_return make_error(Errc::script, failure_);
  if (lost() && step_ >= script_.steps().size()) {
    Result<void> waited = co_await clock_.sleep_until(deadline);
    AIOT_CO_CHECK(std::move(waited));
    co_return make_error(Errc::timed_out, "waiting for the device");
  }
  arrivals_.clear();
  closed_ = false;
  ++reopens_;
  advance();
  co_return Result<void>();
}

Result<void> ScriptedLink::finished() const {
  if (!failure_.empty()) return make_error(Errc::script, failure_);
  const auto& steps = script_.steps();
  if (step_ < steps.size() && !std::holds_alternative<Script::Silence>(steps[step_])) {
    return make_error(Errc::script, where() + ": the host stopped here");
  }
  for (const Arrival& arrival : arrivals_) {
    if (!arrival.bytes.empty()) {
      return make_error(Errc::script, fmt::format("the host left {} bytes unread: {}",
                                                  arrival.bytes.size(), excerpt(arrival.bytes, 0)));
    }
  }
  return {};
}

}  // namespace aiot::net
