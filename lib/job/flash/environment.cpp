#include "core/data_dir.hpp"
#include "job/flash/context.hpp"

namespace aiot::flash {
namespace {

Result<std::optional<esp::Stub>> installed_stub(const esp::Chip& chip, std::uint32_t revision,
                                                const std::string& directory) {
  std::vector<std::string> directories;
  if (!directory.empty()) {
    directories.push_back(directory);
  } else {
    for (const auto& data : core::data_directories())
      directories.push_back((data / "stubs").string());
  }
  return esp::find_stub(chip, revision, directories);
}

}  // namespace

Environment real_environment() {
  Environment environment;
  environment.clock = &net::steady_clock();
  environment.open = [](Address address, net::OpenOptions options) {
    return net::open_link(std::move(address), std::move(options));
  };
  environment.find_stub = installed_stub;
  return environment;
}

}  // namespace aiot::flash
