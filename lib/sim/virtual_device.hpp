#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/sim.hpp"
#include "net/clock.hpp"

namespace aiot::sim {

/// A virtual device behind a port of its own.
class VirtualDevice {
 public:
  virtual ~VirtualDevice() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  /// What a client opens; a setup code when there is no address.
  virtual std::string address() const = 0;
  /// A code that a label on the device would have; "" for none.
  virtual std::string code() const { return {}; }
  /// As it announces itself; "" for none.
  virtual std::string name() const { return {}; }
  virtual DeviceResult report() const = 0;
};

/// Makes device `index`, counting from 0.
using MakeDevice = std::function<Result<std::unique_ptr<VirtualDevice>>(
    const net::asio::any_io_executor& executor, unsigned index)>;

/// Serves `count` devices until `stop`; `ready` is called for each once all listen. `chip` is what
/// a Ready says of their kind.
Result<Report> serve_devices(unsigned count, const std::string& chip, const MakeDevice& make,
                             const std::function<void(const Ready&)>& ready, EventSink& sink,
                             std::stop_token stop);

}  // namespace aiot::sim
