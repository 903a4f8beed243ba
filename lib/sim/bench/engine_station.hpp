#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "net/device_engine.hpp"
#include "sim/port.hpp"

namespace aiot::sim::bench {

/// An engine and the port it is plugged into, driven by the machine's clock. The engine outlives
/// it.
class EngineStation {
 public:
  EngineStation(const net::asio::any_io_executor& executor, net::DeviceEngine& engine,
                std::unique_ptr<Port> port);

  void start();
  void stop();
  std::string address() const { return port_->address(); }
  /// Asks the engine again when it has something to do: it was told something by another.
  void pump();

 private:
  void flush();

  net::DeviceEngine& engine_;
  std::unique_ptr<Port> port_;
  net::asio::steady_timer timer_;
  Bytes unsent_;
  bool stopped_ = false;
};

}  // namespace aiot::sim::bench
