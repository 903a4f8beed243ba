#include "protocol/power/lpm01a_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace aiot::power::lpm01a {
namespace {

using net::TimePoint;

constexpr std::size_t most_command_chars = 256;
constexpr std::uint64_t samples_a_stamp = 1000;

double seconds(net::Duration time) { return std::chrono::duration<double>(time).count(); }

TimePoint after(TimePoint start, std::uint64_t samples, std::uint32_t rate) {
  return start + std::chrono::nanoseconds(samples * 1'000'000'000ULL / rate);
}

/// "6409-07": four digits, as many as are worth saying.
std::string sample_text(double value) {
  if (!(value > 0)) return "0000-00";
  int exponent = static_cast<int>(std::floor(std::log10(value))) - 3;
  auto mantissa = std::llround(value / std::pow(10.0, exponent));
  if (mantissa == 10'000) {
    mantissa = 1000;
    ++exponent;
  }
  return fmt::format("{:04}{}{:02}", mantissa, exponent < 0 ? '-' : '+', std::abs(exponent));
}

/// "1800m", "3", "1k"
double number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return -1;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty()) return value;
  if (unit == "m") return value / 1000;
  if (unit == "k") return value * 1000;
  return -1;
}

}  // namespace

void VirtualMonitor::on_work(TimePoint begin, TimePoint end, double watts) {
  if (end > begin) work_.push_back({begin, end, watts});
}

void VirtualMonitor::on_mark(TimePoint when) { marks_.push_back(when); }

void VirtualMonitor::say(std::string_view text) { append(output_, as_bytes(text)); }

void VirtualMonitor::on_bytes(TimePoint now, ByteSpan bytes) {
  on_timer(now);
  for (const std::uint8_t byte : bytes) {
    if (byte == '\n') {
      const std::string line = std::exchange(incoming_, {});
      if (!line.empty()) obey(now, line);
    } else if (byte != '\r' && incoming_.size() < most_command_chars) {
      incoming_.push_back(static_cast<char>(byte));
    }
  }
}

bool VirtualMonitor::set(const std::string& verb, const std::string& argument) {
  if (verb == "volt") {
    const double volts = number_of(argument);
    if (!(volts >= 1.8 && volts <= 3.3)) return false;
    millivolts_ = static_cast<std::uint32_t>(std::lround(volts * 1000));
    return true;
  }
  if (verb == "freq") {
    const double rate = number_of(argument);
    if (!(rate >= 1 && rate <= 10'000)) return false;
    rate_ = static_cast<std::uint32_t>(rate);
    return true;
  }
  if (verb == "pwr") {
    if (!argument.starts_with("on") && argument != "off" && argument != "auto") return false;
    powered_ = argument != "off";
    return true;
  }
  if (verb == "output") return argument == "energy";
  if (verb == "format") return argument == "ascii_dec";
  return verb == "acqtime" || verb == "trigsrc" || verb == "trigdelay" || verb == "eventsrc" ||
         verb == "lcd" || verb == "calib";
}

void VirtualMonitor::obey(TimePoint now, const std::string& line) {
  const std::size_t blank = line.find(' ');
  const std::string verb = line.substr(0, blank);
  const std::string argument = blank == std::string::npos ? "" : line.substr(blank + 1);
  if (verb == "powershield") return say("\r\nPowerShield > PowerShield present: 0123456789AB\r\n");
  if (verb == "version") return say("\r\nPowerShield > ack version\r\n1.0.6\r\n");
  if (verb == "stop") {
    if (!running_) return;
    running_ = false;
    return say("\r\nPowerShield > Acquisition completed\r\n");
  }
  bool good = true;
  if (verb == "htc" || verb == "hrc") {
    controlled_ = verb == "htc";
  } else if (!controlled_) {
    good = false;
  } else if (verb == "start") {
    running_ = true;
    started_ = now;
    samples_ = events_ = 0;
    std::erase_if(marks_, [now](TimePoint mark) { return mark < now; });
  } else {
    good = set(verb, argument);
  }
  if (good) return say(fmt::format("\r\nPowerShield > ack {}\r\n\r\n", line));
  say(fmt::format("\r\nPowerShield > error {}\r\nError detail: command or argument\r\n", line));
}

std::optional<TimePoint> VirtualMonitor::next_timer() const {
  if (!running_) return std::nullopt;
  // Ten samples at once at least: a port hands over packets, not characters.
  const std::uint64_t packet = std::max<std::uint64_t>(1, rate_ / 100);
  return after(started_, (samples_ / packet + 1) * packet, rate_);
}

void VirtualMonitor::on_timer(TimePoint now) {
  while (running_ && after(started_, samples_ + 1, rate_) <= now) {
    sample(after(started_, samples_ + 1, rate_));
  }
}

void VirtualMonitor::sample(TimePoint at) {
  const TimePoint begin = after(started_, samples_, rate_);
  ++samples_;
  const double joules = powered_ ? joules_between(begin, at) : 0;
  while (!marks_.empty() && marks_.front() < at) {
    marks_.pop_front();
    say(fmt::format("event {:02} ris\r\n", events_++));
  }
  if (at >= overrun_.first) {
    lose_ = overrun_.second;
    overrun_.first = net::TimePoint::max();
  }
  if (lose_ > 0) {
    --lose_;
  } else {
    say(sample_text(joules) + "\r\n");
  }
  if (samples_ % samples_a_stamp != 0) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at - started_).count();
  say(fmt::format("TimeStamp: {:03}s {:03}ms, buff {:02}%\r\n", ms / 1000, ms % 1000,
                  lose_ > 0 ? 99 : 0));
}

double VirtualMonitor::joules_between(TimePoint begin, TimePoint end) {
  double joules = idle_watts_ * seconds(end - begin);
  while (!work_.empty() && work_.front().end <= begin) work_.pop_front();
  for (const Work& work : work_) {
    if (work.begin >= end) break;
    const net::Duration common = std::min(end, work.end) - std::max(begin, work.begin);
    joules += (work.watts - idle_watts_) * seconds(common);
  }
  return joules;
}

Bytes VirtualMonitor::take_output(TimePoint) { return std::exchange(output_, {}); }

}  // namespace aiot::power::lpm01a
