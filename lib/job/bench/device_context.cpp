#include "job/bench/device_context.hpp"

#include <array>
#include <ctime>

namespace aiot::bench {
namespace {

std::string stamp_of_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%m%d.%H%M%S", &local)};
}

}  // namespace

DeviceEnvironment real_device_environment() {
  DeviceEnvironment out;
  out.open = net::open_link;
  out.clock = &net::steady_clock();
  out.stamp = stamp_of_now;
  return out;
}

Result<std::unique_ptr<inference::Engine>> DeviceEnvironment::reference_engine(
    std::shared_ptr<const inference::Model> model) {
  const inference::EngineOptions options;
  return inference::make_reference_engine(std::move(model), options);
}

}  // namespace aiot::bench
