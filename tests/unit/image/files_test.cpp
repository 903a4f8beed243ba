#include "image/files.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "files.hpp"
#include "temporary_folder.hpp"

using namespace aiot;
using namespace aiot::image;
namespace fs = std::filesystem;

namespace {

std::string code(const Error& error) { return error.stable_code(); }

}  // namespace

TEST_CASE("only regular files of a bearable size are read") {
  const test::TemporaryFolder folder;
  CHECK(*read_file(folder.put("a", "abc")) == Bytes{'a', 'b', 'c'});
  CHECK(read_file(folder.put("empty", ""))->empty());
  CHECK(code(read_file(folder.path("none")).error()) == "image.unreadable");
  CHECK(code(read_file(folder.path()).error()) == "image.unreadable");
  CHECK(code(read_file(folder.path("a"), 2).error()) == "image.large");
  CHECK(code(read_file("/dev/zero").error()) == "image.unreadable");
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  const Error pipe = read_file(folder.path("pipe")).error();  // does not wait for a writer
  CHECK(code(pipe) == "image.unreadable");
  CHECK(pipe.condition() == Condition::invalid_input);
}

TEST_CASE("a path that must stay below its folder") {
  const test::TemporaryFolder folder;
  folder.put("build/sub/a.bin", "a");
  folder.put("secret", "s");
  folder.put("build2/b", "b");
  const std::string build = folder.path("build");
  CHECK(fs::path(*path_below(build, "sub/a.bin")) == fs::canonical(build + "/sub/a.bin"));
  fs::create_symlink("sub/a.bin", build + "/inside");
  CHECK(path_below(build, "inside").has_value());
  fs::create_symlink("../secret", build + "/outside");
  fs::create_directory_symlink("../build2", build + "/folder");
  for (const std::string& bad :
       {std::string("../secret"), std::string("sub/../../secret"), folder.path("secret"),
        std::string("outside"), std::string("folder/b"), std::string(), std::string("a\0b", 3)}) {
    CAPTURE(bad);
    CHECK(code(path_below(build, bad).error()) == "image.path");
  }
  CHECK(code(path_below(build, "missing").error()) == "image.unreadable");
}

TEST_CASE("a file is written whole or not at all") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("out");
  const mode_t mask = ::umask(027);
  CHECK(write_file(path, as_bytes("one")).has_value());
  ::umask(mask);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(write_file(path, as_bytes("two")).has_value());
  CHECK(to_string(test::read_all(path)) == "two");
  CHECK(code(write_file(path, as_bytes("three"), false).error()) == "image.unwritable");
  CHECK(to_string(test::read_all(path)) == "two");
  CHECK(write_file(folder.path("new"), as_bytes("n"), false).has_value());
  CHECK(folder.entries() == 2);  // no temporary file stays
  CHECK(write_file(folder.path("no/such/folder"), {}).error().condition() == Condition::resource);
  CHECK(write_file("/dev/full", as_bytes("x")).error().condition() == Condition::resource);
}

TEST_CASE("a place is tried without a trace") {
  const test::TemporaryFolder folder;
  const std::string old = folder.put("out", "old");
  CHECK(try_write(old).has_value());
  CHECK(to_string(test::read_all(old)) == "old");
  CHECK(try_write(folder.path("new")).has_value());
  CHECK(folder.entries() == 1);
  for (const std::string& bad : {folder.path("no/such"), folder.path(), old + "/below",
                                 std::string("/dev/full"), std::string("/proc/x")}) {
    CAPTURE(bad);
    REQUIRE_FALSE(try_write(bad).has_value());
    CHECK(code(try_write(bad).error()) == "image.unwritable");
  }
}

TEST_CASE("when the disk is full the old file stays") {
  const test::TemporaryFolder folder;
  const std::string path = folder.put("out", "old");
  // A limit on file sizes stands in for a full disk: write() fails part of the way.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto result = write_file(path, Bytes(4096, 1));
  const auto tried = try_write(path);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().condition() == Condition::resource);
  REQUIRE_FALSE(tried.has_value());
  CHECK(tried.error().condition() == Condition::resource);
  CHECK(to_string(test::read_all(path)) == "old");
  CHECK(folder.entries() == 1);
}
