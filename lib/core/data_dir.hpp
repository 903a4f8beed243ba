#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace aiot::core {

/// What the search for shipped data (flasher stubs, schemas) looks at; tests pass their own.
struct DataDirSources {
  /// Looks a variable up; nullptr reads the real environment.
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::filesystem::path executable;  ///< the running program, "" asks the kernel
  std::filesystem::path installed;   ///< "" is where this build is installed to

  DataDirSources() = default;
};

/// Directories of aiotctl's data, the first to look in first; they need not exist:
/// $AIOT_DATA_DIR, $XDG_DATA_HOME/aiotctl (~/.local/share/aiotctl), ../share/aiotctl beside the
/// executable's folder (a build tree, a copied prefix), the prefix this build is installed to.
/// Relative values of the two variables are ignored (XDG Base Directory Specification).
std::vector<std::filesystem::path> data_directories(const DataDirSources& sources = {});

/// The first data directory that holds `name`, with `name` appended: find_data("stubs").
std::optional<std::filesystem::path> find_data(const std::filesystem::path& name,
                                               const DataDirSources& sources = {});

}  // namespace aiot::core
