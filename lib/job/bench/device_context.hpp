#pragma once

#include <functional>
#include <memory>
#include <string>

#include "aiot/bench_device.hpp"
#include "net/link.hpp"

namespace aiot::bench {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct DeviceEnvironment {
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
  net::Clock* clock = nullptr;
  /// Month, day and time as the submission's lines have them: "1124.093801".
  std::function<std::string()> stamp;
};
/// The real links, the machine's clocks.
DeviceEnvironment real_device_environment();

/// One device's place in a run: what it reports, and to whom.
class DeviceContext {
 public:
  DeviceContext(Address address, unsigned number, const DeviceRequest& request,
                DeviceEnvironment& environment, EventSink& sink)
      : address_(std::move(address)),
        name_(address_.str()),
        number_(number),
        request_(request),
        environment_(environment),
        sink_(sink) {}

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  unsigned number() const { return number_; }  ///< from 1, in the order given
  const DeviceRequest& request() const { return request_; }
  DeviceEnvironment& environment() { return environment_; }
  net::Clock& clock() { return *environment_.clock; }

  /// Enters a step. `weight` is its share of the device's time, in any unit.
  void step(std::string name, double weight);
  const std::string& current_step() const { return step_; }
  void progress(std::uint64_t done, std::uint64_t total, std::string unit);
  void log(std::string text);
  void notice(std::string code, std::string text, std::string hint);

  /// What is known of the device so far; becomes the report.
  Object fields;
  /// It was cancelled because the time allowed for it is over.
  bool out_of_time = false;

 private:
  Address address_;
  std::string name_;
  unsigned number_;
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
  EventSink& sink_;
  std::string step_;
};

}  // namespace aiot::bench
