#include "sim/bench/engine_station.hpp"

#include <algorithm>
#include <utility>

namespace aiot::sim::bench {
namespace {

net::TimePoint now() { return std::chrono::steady_clock::now(); }

/// What nobody reads is dropped beyond this, as by a UART that has no flow control.
constexpr std::size_t most_unsent = 1U << 20;

}  // namespace

EngineStation::EngineStation(const net::asio::any_io_executor& executor, net::DeviceEngine& engine,
                             std::unique_ptr<Port> port)
    : engine_(engine), port_(std::move(port)), timer_(executor) {}

void EngineStation::start() {
  Port::Events events;
  events.bytes = [this](ByteSpan bytes) {
    engine_.on_bytes(now(), bytes);
    pump();
  };
  events.lines = [this](bool dtr, bool rts) { engine_.on_lines(now(), dtr, rts); };
  events.baud = [this](std::uint32_t baud_bps) { engine_.on_host_baud(now(), baud_bps); };
  events.writable = [this] { flush(); };
  events.gone = [this] { unsent_.clear(); };
  port_->start(std::move(events));
  pump();
}

void EngineStation::stop() {
  stopped_ = true;
  timer_.cancel();
  port_->close();
}

void EngineStation::pump() {
  if (stopped_) return;
  port_->poll_baud();
  const net::TimePoint time = now();
  engine_.on_timer(time);
  append(unsent_, engine_.take_output(time));
  if (unsent_.size() > most_unsent) unsent_.clear();
  flush();
  const auto next = engine_.next_timer();
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) pump();
  });
}

void EngineStation::flush() {
  if (unsent_.empty()) return;
  const std::size_t sent = std::min(port_->write(unsent_), unsent_.size());
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace aiot::sim::bench
