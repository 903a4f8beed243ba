#pragma once

#include <doctest/doctest.h>

#include <future>
#include <thread>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/event.hpp"
#include "aiot/sim.hpp"

namespace aiot::flash::test {

/// Virtual devices on real ports, for as long as this lives.
class RunningSim {
 public:
  explicit RunningSim(sim::Request request) {
    std::promise<bool> ready;
    auto on_ready = [this, count = request.count, &ready](const sim::Ready& one) {
      addresses_.push_back(*parse_address(one.address));
      if (addresses_.size() == count) ready.set_value(true);
    };
    thread_ = std::jthread([request, on_ready, &ready](const std::stop_token& stop) {
      const Result<sim::Report> ran = sim::run(request, on_ready, null_sink(), stop);
      if (!ran) ready.set_value(false);
    });
    REQUIRE(ready.get_future().get());
  }

  const std::vector<Address>& addresses() const { return addresses_; }

 private:
  std::vector<Address> addresses_;
  std::jthread thread_;
};

inline sim::Request sim_request(const std::string& port, std::vector<std::string> faults = {}) {
  sim::Request request;
  request.device = "esp32";
  request.port = port;
  request.profile = "fast";
  request.faults = std::move(faults);
  return request;
}

}  // namespace aiot::flash::test
