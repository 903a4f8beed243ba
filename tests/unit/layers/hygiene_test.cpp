#include <doctest/doctest.h>

#include <array>

#include "paths.hpp"
#include "tree.hpp"

using aiot::layers::files_under;
using aiot::layers::is_cpp;
using aiot::layers::text_of;

namespace {

/// Words that only make sense on the machine of whoever wrote them. Put together here, so that this
/// file does not hold them itself.
std::string machine_word_in(const std::string& text) {
  const std::array<std::string, 4> words = {std::string("/ro") + "ot/", std::string("/wo") + "rk/",
                                            std::string("registry.") + "npmjs",
                                            std::string("deb.") + "debian.org"};
  for (const auto& word : words) {
    if (text.find(word) != std::string::npos) return word;
  }
  return {};
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a file holds what its name says: at most 600 lines") {
  for (const char* folder : {"lib", "cli"}) {
    for (const auto& file : files_under(folder)) {
      if (!is_cpp(file)) continue;
      const auto lines = lines_of(text_of(file));
      CHECK_MESSAGE(lines <= 600, file << " has " << lines << " lines: split it by meaning");
    }
  }
}

TEST_CASE("nothing in the tree names the machine it was written on") {
  CHECK(machine_word_in(std::string("see /ro") + "ot/x") != "");
  CHECK(machine_word_in("see /usr/share/doc") == "");
  std::size_t files = 0;
  for (const char* folder : {"lib", "cli", "cmake", "completions", "examples", "man", "tests"}) {
    for (const auto& file : files_under(folder)) {
      ++files;
      const auto word = machine_word_in(text_of(file));
      CHECK_MESSAGE(word.empty(), file << " holds " << word);
    }
  }
  for (const std::string file : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CMakeLists.txt",
                                 "CMakePresets.json", "apt-packages.txt", ".ci/run"}) {
    const auto text = text_of(file);
    CHECK_MESSAGE(!text.empty(), file << " is missing");
    CHECK_MESSAGE(machine_word_in(text).empty(), file);
  }
  CHECK(files > 50);
}

TEST_CASE("the changelog has a place for what is not released, and this version") {
  const auto text = text_of("CHANGELOG.md");
  CHECK(text.find("\n## [Unreleased]\n") != std::string::npos);
  CHECK(text.find("\n## [" AIOT_VERSION "]") != std::string::npos);
}

TEST_CASE("scripts can be run") {
  namespace fs = std::filesystem;
  for (const std::string file : {".ci/run", "tests/run.sh", "examples/quickstart.sh"}) {
    const auto mode = fs::status(fs::path(aiot::tests::source_dir()) / file).permissions();
    CHECK_MESSAGE((mode & fs::perms::owner_exec) != fs::perms::none, file);
  }
}
