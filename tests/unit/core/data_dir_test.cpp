#include "core/data_dir.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <map>

namespace {

namespace fs = std::filesystem;
using aiot::core::data_directories;
using aiot::core::DataDirSources;
using aiot::core::find_data;

DataDirSources sources(std::map<std::string, std::string> variables) {
  DataDirSources s;
  s.environment = [variables](const std::string& name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
  s.executable = "/opt/aiot/bin/aiotctl";
  s.installed = "/usr/share/aiotctl";
  return s;
}

}  // namespace

TEST_CASE("data directories come in order of precedence") {
  const auto found = data_directories(
      sources({{"AIOT_DATA_DIR", "/t/data"}, {"XDG_DATA_HOME", "/x"}, {"HOME", "/home/u"}}));
  CHECK(found == std::vector<fs::path>{"/t/data", "/x/aiotctl", "/opt/aiot/share/aiotctl",
                                       "/usr/share/aiotctl"});
}

TEST_CASE("HOME stands in for XDG_DATA_HOME, and relative values are ignored") {
  const auto found = data_directories(
      sources({{"AIOT_DATA_DIR", "data"}, {"XDG_DATA_HOME", "."}, {"HOME", "/home/u"}}));
  CHECK(found == std::vector<fs::path>{"/home/u/.local/share/aiotctl", "/opt/aiot/share/aiotctl",
                                       "/usr/share/aiotctl"});
}

TEST_CASE("a directory is named once") {
  auto s = sources({});
  s.executable = "/usr/bin/aiotctl";
  CHECK(data_directories(s) == std::vector<fs::path>{"/usr/share/aiotctl"});
}

TEST_CASE("the real program has a directory beside it") {
  DataDirSources s;
  s.environment = [](const std::string&) { return std::nullopt; };
  const auto found = data_directories(s);
  REQUIRE(!found.empty());
  CHECK(found.front() ==
        fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/aiotctl");
}

TEST_CASE("find_data takes the first directory that holds the name") {
  const fs::path root = fs::temp_directory_path() / ("aiot-data-dir-" + std::to_string(::getpid()));
  fs::create_directories(root / "a");
  fs::create_directories(root / "x/aiotctl/stubs");
  const auto s =
      sources({{"AIOT_DATA_DIR", (root / "a").string()}, {"XDG_DATA_HOME", (root / "x").string()}});
  CHECK(find_data("stubs", s) == root / "x/aiotctl/stubs");
  fs::create_directories(root / "a/stubs");
  CHECK(find_data("stubs", s) == root / "a/stubs");
  CHECK(find_data("no-such-thing-anywhere", s) == std::nullopt);
  fs::remove_all(root);
}
