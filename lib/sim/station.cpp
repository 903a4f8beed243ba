#include "sim/station.hpp"

#include <algorithm>
#include <utility>

namespace aiot::sim {

Mac next_mac(Mac mac, unsigned by) {
  for (std::size_t i = 6; i-- > 3 && by > 0;) {
    by += mac[i];
    mac[i] = static_cast<std::uint8_t>(by);
    by >>= 8;
  }
  return mac;
}

namespace {

using namespace std::chrono_literals;

/// How far ahead of the wire the host's bytes are taken: what an adapter buffers.
constexpr auto read_ahead = 20ms;

net::TimePoint now() { return std::chrono::steady_clock::now(); }

}  // namespace

Station::Station(const net::asio::any_io_executor& executor,
                 std::unique_ptr<esp::device::Device> device, std::unique_ptr<Port> port,
                 std::string flash_file)
    : device_(std::move(device)),
      port_(std::move(port)),
      flash_file_(std::move(flash_file)),
      timer_(executor) {}

void Station::start() {
  Port::Events events;
  events.bytes = [this](ByteSpan bytes) {
    device_->on_bytes(now(), bytes);
    pump();
  };
  events.lines = [this](bool dtr, bool rts) {
    device_->on_lines(now(), dtr, rts);
    pump();
  };
  events.baud = [this](std::uint32_t baud_bps) { device_->on_host_baud(now(), baud_bps); };
  events.writable = [this] { flush(); };
  events.gone = [this] { client_left(); };
  port_->start(std::move(events));
  pump();
}

void Station::stop() {
  stopped_ = true;
  timer_.cancel();
  port_->close();
}

void Station::client_left() {
  if (stopped_) return;
  // What the adapter had taken still goes out; the next client does not wait for the rest.
  device_->cut_input(now() + read_ahead);
  unsent_.clear();
  port_->pause(false);
}

void Station::pump() {
  if (stopped_) return;
  port_->poll_baud();
  const net::TimePoint time = now();
  device_->on_timer(time);
  if (device_->link_up() != up_) {
    up_ = device_->link_up();
    unsent_.clear();
    if (port_->set_up(up_) && back) back(*this);
  }
  append(unsent_, device_->take_output(time));
  flush();
  // Reading goes on when the wire has drained to the read-ahead.
  const net::TimePoint resume = device_->input_done() - read_ahead;
  port_->pause(resume > time);
  std::optional<net::TimePoint> next = device_->next_timer();
  if (resume > time && (!next || resume < *next)) next = resume;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) pump();
  });
}

void Station::flush() {
  if (unsent_.empty()) return;
  // A client that turns out to have left takes what was meant for it along.
  const std::size_t sent = std::min(port_->write(unsent_), unsent_.size());
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
}

DeviceResult Station::report() const {
  const esp::device::Counters& counters = device_->counters();
  DeviceResult result;
  result.chip = device_->chip().name;
  result.mac = esp::device::format_mac(device_->mac());
  result.address = address();
  result.flash_file = flash_file_;
  result.bytes_in = counters.bytes_in;
  result.bytes_out = counters.bytes_out;
  result.commands = counters.commands;
  result.overruns = counters.overruns;
  std::vector<std::string>& fired = result.faults_fired.emplace();
  for (const esp::device::Fault& fault : device_->faults().all()) {
    if (fault.fired > 0) fired.push_back(fault.text);
  }
  return result;
}

}  // namespace aiot::sim
