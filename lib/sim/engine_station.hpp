#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "net/device_engine.hpp"
#include "sim/port.hpp"

namespace aiot::sim {

/// An engine and the port it is plugged into, driven by a clock. Both outlive it.
class EngineStation {
 public:
  EngineStation(const net::asio::any_io_executor& executor, net::DeviceEngine& engine,
                net::Clock& clock, std::unique_ptr<Port> port);

  void start();
  void stop();
  std::string address() const { return port_->address(); }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  /// Asks the engine again when it has something to do: another engine changed its state.
  void pump();

 private:
  void flush();

  net::DeviceEngine& engine_;
  net::Clock& clock_;
  std::unique_ptr<Port> port_;
  net::asio::steady_timer timer_;
  Bytes unsent_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  bool up_ = true;
  bool stopped_ = false;
};

}  // namespace aiot::sim
