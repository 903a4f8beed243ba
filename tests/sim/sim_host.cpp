// aiot_sim_host DEVICE PORT [profile=NAME] [flash=FILE] [size=N] [fault=TEXT]… [app] [mac=M]
// [count=N]: runs virtual devices until SIGTERM or the end of stdin; a line "ADDRESS MAC" for each,
// and what happened at the end.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "aiot/sim.hpp"

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: aiot_sim_host DEVICE PORT [NAME=VALUE]...\n");
    return 2;
  }
  aiot::sim::Request request;
  request.device = argv[1];
  request.port = argv[2];
  for (int i = 3; i < argc; ++i) {
    const std::string_view option = argv[i];
    const std::string value(option.substr(std::min(option.find('='), option.size() - 1) + 1));
    if (option.starts_with("profile=")) request.profile = value;
    if (option.starts_with("flash=")) request.flash_file = value;
    if (option.starts_with("size=")) request.flash_size = std::strtoull(value.c_str(), nullptr, 0);
    if (option.starts_with("fault=")) request.faults.push_back(value);
    if (option.starts_with("mac=")) request.mac = value;
    if (option.starts_with("count="))
      request.count = static_cast<unsigned>(std::atoi(value.c_str()));
    if (option == "app") request.in_application = true;
  }
  std::stop_source stop;
  // Whoever started this closes our stdin to end it.
  std::jthread watch([&stop](std::stop_token done) {
    while (!done.stop_requested()) {
      pollfd in{0, POLLIN, 0};
      char byte = 0;
      if (::poll(&in, 1, 100) > 0 && ::read(0, &byte, 1) <= 0) break;
    }
    stop.request_stop();
  });
  const auto ready = [](const aiot::sim::Ready& device) {
    fmt::print("{} {}\n", device.address, device.mac);
    std::fflush(stdout);
  };
  const auto record = aiot::sim::run(request, ready, aiot::null_sink(), stop.get_token());
  if (!record) {
    fmt::print(stderr, "{}\n{}\n", record.error().message(), record.error().hint);
    return 1;
  }
  for (const aiot::sim::DeviceResult& device : record->devices) {
    const aiot::Object fields = aiot::fields_of(device);
    for (const auto& [name, value] : fields.fields()) {
      if (const auto* number = std::get_if<std::uint64_t>(&value.storage()))
        fmt::print("{}={} ", name, *number);
    }
    fmt::print("\n");
  }
  return 0;
}
