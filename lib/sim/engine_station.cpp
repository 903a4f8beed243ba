#include "sim/engine_station.hpp"

#include <algorithm>
#include <utility>

namespace aiot::sim {
namespace {

/// What nobody reads is dropped beyond this, as by a UART that has no flow control.
constexpr std::size_t most_unsent = 1U << 20;

}  // namespace

EngineStation::EngineStation(const net::asio::any_io_executor& executor, net::DeviceEngine& engine,
                             net::Clock& clock, std::unique_ptr<Port> port)
    : engine_(engine), clock_(clock), port_(std::move(port)), timer_(executor) {}

void EngineStation::start() {
  Port::Events events;
  events.bytes = [this](ByteSpan bytes) {
    bytes_in_ += bytes.size();
    engine_.on_bytes(clock_.now(), bytes);
    pump();
  };
  events.lines = [this](bool dtr, bool rts) { engine_.on_lines(clock_.now(), dtr, rts); };
  events.baud = [this](std::uint32_t baud_bps) { engine_.on_host_baud(clock_.now(), baud_bps); };
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
  const net::TimePoint time = clock_.now();
  engine_.on_timer(time);
  append(unsent_, engine_.take_output(time));
  if (unsent_.size() > most_unsent) unsent_.clear();
  if (engine_.link_up() != up_) {
    up_ = engine_.link_up();
    unsent_.clear();
    port_->set_up(up_);
  }
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
  bytes_out_ += sent;
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace aiot::sim
