#include "core/data_dir.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace aiot::core {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

std::vector<fs::path> data_directories(const DataDirSources& sources) {
  const auto variable = [&](const std::string& name) -> fs::path {
    const auto value = sources.environment ? sources.environment(name) : process_environment(name);
    fs::path path = value.value_or("");
    return path.is_absolute() ? path : fs::path();
  };
  std::vector<fs::path> found;
  const auto add = [&](const fs::path& path) {
    if (!path.is_absolute()) return;
    auto clean = path.lexically_normal();
    if (std::find(found.begin(), found.end(), clean) == found.end()) found.push_back(clean);
  };

  add(variable("AIOT_DATA_DIR"));
  if (const auto xdg = variable("XDG_DATA_HOME"); !xdg.empty()) {
    add(xdg / "aiotctl");
  } else if (const auto home = variable("HOME"); !home.empty()) {
    add(home / ".local/share/aiotctl");
  }
  std::error_code ignored;  // without /proc there is one place less to look in
  const auto executable =
      sources.executable.empty() ? fs::read_symlink("/proc/self/exe", ignored) : sources.executable;
  if (!executable.empty()) add(executable.parent_path().parent_path() / "share/aiotctl");
  add(sources.installed.empty() ? fs::path(AIOT_INSTALLED_DATA_DIR) : sources.installed);
  return found;
}

std::optional<fs::path> find_data(const fs::path& name, const DataDirSources& sources) {
  for (const auto& directory : data_directories(sources)) {
    std::error_code ignored;  // a directory that cannot be searched holds nothing for us
    auto path = directory / name;
    if (fs::exists(path, ignored)) return path;
  }
  return std::nullopt;
}

}  // namespace aiot::core
