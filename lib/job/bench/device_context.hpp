#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aiot/bench_device.hpp"
#include "gang/place.hpp"
#include "inference/engine.hpp"
#include "net/link.hpp"

namespace aiot::bench {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct DeviceEnvironment {
  using MakeEngine = std::function<Result<std::unique_ptr<inference::Engine>>(
      std::shared_ptr<const inference::Model>)>;

  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
  net::Clock* clock = nullptr;
  /// Month, day and time as the submission's lines have them: "1124.093801".
  std::function<std::string()> stamp;
  /// Of the model to compare with, one for each device; called and run beside the loop.
  MakeEngine engine = reference_engine;

  /// Errors of inference::make_reference_engine().
  static Result<std::unique_ptr<inference::Engine>> reference_engine(
      std::shared_ptr<const inference::Model> model);
};
/// The real links, the machine's clocks.
DeviceEnvironment real_device_environment();

/// One device's place in a run of the job, and what that brings from outside.
class DeviceContext : public gang::Place {
 public:
  DeviceContext(Address address, unsigned number, const DeviceRequest& request,
                DeviceEnvironment& environment, EventSink& sink)
      : Place(std::move(address), number, sink), request_(request), environment_(environment) {}

  const DeviceRequest& request() const { return request_; }
  DeviceEnvironment& environment() { return environment_; }
  net::Clock& clock() { return *environment_.clock; }

 private:
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
};

}  // namespace aiot::bench
