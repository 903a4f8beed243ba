#include "job/flash/output_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "aiot/flash.hpp"

using namespace aiot;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "aiot-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a file appears whole, for its owner only") {
  const Folder folder;
  const std::string path = folder.path / "flash.bin";
  {
    auto file = flash::OutputFile::create(path);
    REQUIRE(file.has_value());
    REQUIRE(file->write(as_bytes("abc")).has_value());
    CHECK_FALSE(fs::exists(path));
    REQUIRE(file->commit().has_value());
  }
  CHECK(content(path) == "abc");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a file that is not finished leaves nothing, and the old one stays") {
  const Folder folder;
  const std::string path = folder.path / "flash.bin";
  std::ofstream(path) << "old";
  {
    auto file = flash::OutputFile::create(path);
    REQUIRE(file.has_value());
    REQUIRE(file->write(as_bytes("new")).has_value());
  }
  CHECK(content(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("a full disk and a missing folder are errors of the disk") {
  auto full = flash::OutputFile::create("/dev/full");
  REQUIRE(full.has_value());
  const auto wrote = full->write(as_bytes("x"));
  REQUIRE_FALSE(wrote.has_value());
  CHECK(wrote.error().condition() == Condition::resource);
  CHECK(wrote.error().hint.find("space") != std::string::npos);
  CHECK_FALSE(flash::OutputFile::create("/nonexistent/flash.bin").has_value());
}

TEST_CASE("placements: offset, partition, or the file alone") {
  CHECK(flash::parse_placement("app.bin")->path == "app.bin");
  CHECK(*flash::parse_placement("app.bin@0x10000")->offset == 0x10000);
  CHECK(flash::parse_placement("app.bin@factory")->partition == "factory");
  CHECK(flash::parse_placement("a@b.bin@64k")->path == "a@b.bin");
  CHECK_FALSE(flash::parse_placement("app.bin@").has_value());
  CHECK_FALSE(flash::parse_placement("@0").has_value());
  CHECK_FALSE(flash::parse_placement("app.bin@0x10000zz").has_value());
}

TEST_CASE("a file whose name holds an @ and exists is taken whole") {
  const Folder folder;
  const std::string path = folder.path / "app@2x";
  std::ofstream(path) << "x";
  const auto placement = flash::parse_placement(path);
  CHECK(placement->path == path);
  CHECK_FALSE(placement->offset.has_value());
  CHECK(placement->partition.empty());
}
