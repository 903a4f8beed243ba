#include "protocol/energyrunner/device/virtual_device.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/energyrunner/message.hpp"

namespace aiot::energyrunner {
namespace {

using namespace std::chrono_literals;
using net::TimePoint;

constexpr auto boot_time = 200ms;
/// What a host may send before the device has run it; more is lost, as in a UART.
constexpr std::size_t most_waiting_commands = 64;

Identity identity_of(const VirtualOptions& options, const Faults& faults) {
  Identity out;
  out.vendor = options.vendor;
  out.model = options.model;
  out.energy_mode = options.energy_mode;
  out.bare_errors = faults.standing(FaultKind::bare_errors) != nullptr;
  return out;
}

/// Flips a bit of the character in the middle; the highest of a hexadecimal digit's four.
std::uint8_t flipped(std::uint8_t c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t digit = digits.find(static_cast<char>(c));
  if (digit == std::string_view::npos) return static_cast<std::uint8_t>(c ^ 1);
  return static_cast<std::uint8_t>(digits[digit ^ 8]);
}
template <class Text>
void flip(Text& text) {
  if (text.empty()) return;
  auto& middle = text[text.size() / 2];
  middle = static_cast<typename Text::value_type>(flipped(static_cast<std::uint8_t>(middle)));
}

}  // namespace

VirtualDevice::VirtualDevice(VirtualOptions options, std::unique_ptr<Network> network)
    : options_(std::move(options)),
      network_(std::move(network)),
      faults_(options_.faults),
      buffer_(options_.buffer_bytes),
      firmware_(*this, identity_of(options_, faults_), buffer_) {
  results_ = network_->results();
}

void VirtualDevice::power_on(TimePoint now) {
  if (powered_) return;
  powered_ = true;
  start_ = device_now_ = wire_in_free_ = now;
  boot();
}

void VirtualDevice::boot() {
  incoming_.clear();
  device_now_ += boot_time;
  said_.clear();
  firmware_.boot();
  for (Output& part : said_) output_.push_back(std::move(part));
  said_.clear();
}

net::Duration VirtualDevice::wire_time(std::size_t bytes) const {
  // Ten bits a byte.
  return std::chrono::nanoseconds(bytes * 10'000'000'000ULL / options_.baud_bps);
}

bool VirtualDevice::has_same_baud() const {
  if (host_baud_ == 0) return true;
  const double ratio = static_cast<double>(host_baud_) / options_.baud_bps;
  return ratio > 0.97 && ratio < 1.03;
}

void VirtualDevice::on_host_baud(TimePoint, std::uint32_t baud_bps) { host_baud_ = baud_bps; }

void VirtualDevice::on_bytes(TimePoint now, ByteSpan bytes) {
  power_on(now);
  counters_.bytes_in += bytes.size();
  wire_in_free_ = std::max(wire_in_free_, now);
  for (const std::uint8_t byte : bytes) {
    if (options_.paced) wire_in_free_ += wire_time(1);
    if (!has_same_baud()) continue;
    const char c = static_cast<char>(byte);
    // A command that does not end is kept no further than a firmware looks at it.
    if (c == command_end || incoming_.size() < 2 * most_command_chars) incoming_.push_back(c);
    if (c != command_end) continue;
    if (commands_.size() < most_waiting_commands) commands_.push_back({wire_in_free_, incoming_});
    incoming_.clear();
  }
}

std::optional<TimePoint> VirtualDevice::next_timer() const {
  std::optional<TimePoint> next;
  if (!commands_.empty()) {
    next = commands_.front().at;
    if (options_.paced) next = std::max(*next, device_now_);
  }
  if (!output_.empty() && (!next || output_.front().at < *next)) next = output_.front().at;
  return next;
}

void VirtualDevice::on_timer(TimePoint now) {
  power_on(now);
  while (!commands_.empty()) {
    TimePoint at = commands_.front().at;
    if (options_.paced) at = std::max(at, device_now_);
    if (at > now) return;
    Command command = std::move(commands_.front());
    commands_.pop_front();
    command.at = at;
    execute(std::move(command));
  }
}

Bytes VirtualDevice::take_output(TimePoint now) {
  Bytes out;
  while (!output_.empty() && output_.front().at <= now) {
    append(out, output_.front().bytes);
    output_.pop_front();
  }
  counters_.bytes_out += out.size();
  if (!has_same_baud()) {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(byte * 7 + 0x81);
  }
  return out;
}

void VirtualDevice::execute(Command command) {
  ++counters_.commands;
  device_now_ = std::max(device_now_, command.at);
  const std::string_view bare(command.text.data(), command.text.size() - 1);
  if (bare.starts_with("db load")) ++counters_.uploads;
  const std::vector<Fault*> struck = faults_.at_command(bare);
  bool lost = false;
  bool reboots = false;
  for (const Fault* fault : struck) {
    if (fault->kind == FaultKind::lose && fault->amount == 0) lost = true;
    if (fault->kind == FaultKind::reboot) reboots = true;
    if (fault->kind != FaultKind::stall) continue;
    device_now_ += fault->time;
    if (!options_.paced) wire_in_free_ = std::max(wire_in_free_, command.at) + fault->time;
  }
  if (lost) return;
  if (reboots) return boot();
  if (faults_.standing(FaultKind::echo) != nullptr) write(command.text);
  for (const Fault* fault : struck) spoil(command.text, *fault);
  for (const char c : command.text) firmware_.on_char(c);
  // A reply's faults concern all that it says; when each part leaves stays as it was.
  Bytes reply;
  for (const Output& part : said_) append(reply, part.bytes);
  std::size_t keep = reply.size();
  for (const Fault* fault : struck) {
    if (fault->kind == FaultKind::lose_reply) keep = 0;
    if (fault->kind == FaultKind::cut_reply) keep = reply.size() / 2;
    if (fault->kind == FaultKind::garbage && !said_.empty()) {
      constexpr std::string_view noise = "\xFE\x13~\x80 ets Jul 29\x1B[31m";
      output_.push_back({said_.front().at, Bytes(noise.begin(), noise.end())});
    }
    if (fault->kind == FaultKind::corrupt_reply && !said_.empty()) flip(said_.front().bytes);
  }
  for (Output& part : said_) {
    part.bytes.resize(std::min(part.bytes.size(), keep));
    keep -= part.bytes.size();
    if (!part.bytes.empty()) output_.push_back(std::move(part));
  }
  said_.clear();
}

void VirtualDevice::spoil(std::string& command, const Fault& fault) {
  if (fault.kind == FaultKind::lose) {
    const auto count = std::min(static_cast<std::size_t>(fault.amount), command.size() - 1);
    command.erase(command.size() - 1 - count, count);
  }
  if (fault.kind == FaultKind::corrupt) {
    command.pop_back();
    flip(command);
    command.push_back(command_end);
  }
}

void VirtualDevice::write(std::string_view text) {
  Bytes bytes;
  const bool feeds = faults_.standing(FaultKind::line_feeds) != nullptr;
  const bool returns = faults_.standing(FaultKind::returns) != nullptr;
  for (const char c : text) {
    if ((c == '\r' && feeds) || (c == '\n' && returns)) continue;
    bytes.push_back(static_cast<std::uint8_t>(c));
  }
  // A firmware's printf waits for its UART.
  device_now_ += wire_time(bytes.size());
  said_.push_back({host_time(), std::move(bytes)});
}

TimePoint VirtualDevice::host_time() const { return options_.paced ? device_now_ : wire_in_free_; }

std::uint32_t VirtualDevice::clock_us() {
  double us = std::chrono::duration<double, std::micro>(device_now_ - start_).count();
  if (const Fault* fast = faults_.standing(FaultKind::clock_fast)) us *= fast->amount;
  auto clock = static_cast<std::uint64_t>(us);
  if (const Fault* wrap = faults_.standing(FaultKind::clock_wrap)) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(wrap->time).count();
    clock += (1ULL << 32) - static_cast<std::uint64_t>(left);
  }
  return static_cast<std::uint32_t>(clock);
}

void VirtualDevice::mark() {
  if (options_.on_mark) options_.on_mark(device_now_);
  device_now_ += 1ms;  // the pin stays low so long
}

Board::Loaded VirtualDevice::load(std::span<const std::uint8_t> bytes) {
  input_is_fresh_ = true;
  return network_->load(bytes, faults_.standing(FaultKind::wrong_input) != nullptr ? 1 : 0);
}

void VirtualDevice::infer(std::uint32_t times) {
  if (faults_.standing(FaultKind::forgets_input) != nullptr) {
    // What the last of these inferences finds in the arena.
    if (!input_is_fresh_ || times > 1) network_->load(Bytes(network_->input_bytes(), 0x55), 0);
    input_is_fresh_ = false;
  }
  network_->run();
  results_ = network_->results();
  spoil_results();
  counters_.inferences += times;
  const Fault* slow = faults_.standing(FaultKind::slow);
  const double each = static_cast<double>(options_.latency.count()) * (slow ? slow->amount : 1.0);
  const TimePoint begin = device_now_;
  device_now_ += std::chrono::nanoseconds(std::llround(each * times));
  if (options_.on_work) options_.on_work(begin, device_now_);
}

void VirtualDevice::spoil_results() {
  const float step = network_->step();
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (const Fault* scale = faults_.standing(FaultKind::wrong_scale)) {
      results_[i] *= static_cast<float>(scale->amount);
    }
    if (i % 2 == 1 && faults_.standing(FaultKind::wrong_rounding)) results_[i] += step;
    const Fault* output = faults_.standing(FaultKind::wrong_output);
    if (output && static_cast<std::size_t>(output->amount) == i) results_[i] += 20 * step;
  }
}

}  // namespace aiot::energyrunner
