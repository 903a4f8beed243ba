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

void DeviceContext::step(std::string name, double weight) {
  step_ = std::move(name);
  sink_.on_event(event::Step{name_, step_, weight});
}

void DeviceContext::progress(std::uint64_t done, std::uint64_t total, std::string unit) {
  sink_.on_event(event::Progress{name_, done, total, std::move(unit)});
}

void DeviceContext::log(std::string text) {
  sink_.on_event(event::Log{name_, event::Level::info, std::move(text)});
}

void DeviceContext::notice(std::string code, std::string text, std::string hint) {
  sink_.on_event(event::Notice{name_, std::move(code), std::move(text), std::move(hint)});
}

}  // namespace aiot::bench
