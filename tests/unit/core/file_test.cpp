#include "core/file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace aiot::file {
namespace {

namespace fs = std::filesystem;
using boost::system::errc::errc_t;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "aiot-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  }
  std::string file(const char* name) const { return (path / name).string(); }
  fs::path path;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Descriptor open_file(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST_CASE("a descriptor is closed once, by its last owner") {
  int number = -1;
  {
    Descriptor first = open_file("/dev/null");
    REQUIRE(first.is_open());
    number = first.get();
    const Descriptor second(std::move(first));
    CHECK(!first.is_open());  // NOLINT(bugprone-use-after-move)
    CHECK(second.get() == number);
    CHECK(is_open(number));
  }
  CHECK(!is_open(number));
  Descriptor closed = open_file("/dev/null");
  CHECK(!closed.close().failed());
  CHECK(!closed.is_open());
  CHECK(closed.close().value() == EBADF);
}

TEST_CASE("a file is read whole, up to a bound") {
  const Folder folder;
  const std::string path = folder.file("data");
  std::ofstream(path) << std::string(100'000, 'x');
  for (const std::uint64_t limit : {100'000, 100'001}) {
    const auto bytes = read_all(open_file(path).get(), limit);
    REQUIRE(bytes.has_value());
    CHECK(*bytes == Bytes(100'000, 'x'));
  }
  const auto more = read_all(open_file(path).get(), 99'999);
  REQUIRE(more.has_error());
  CHECK(more.error() == make_error_code(errc_t::file_too_large));
  const auto endless = read_all(open_file("/dev/zero").get(), 1000);
  REQUIRE(endless.has_error());
  CHECK(endless.error() == make_error_code(errc_t::file_too_large));
  std::ofstream(path, std::ios::trunc).flush();
  const auto empty = read_all(open_file(path).get(), 0);
  REQUIRE(empty.has_value());
  CHECK(empty->empty());
}

TEST_CASE("a pipe is read to its end") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  CHECK(!write_all(in.get(), as_bytes("two ")).failed());
  CHECK(!write_all(in.get(), as_bytes("words")).failed());
  CHECK(!in.close().failed());
  const auto bytes = read_all(out.get(), 100);
  REQUIRE(bytes.has_value());
  CHECK(to_string(*bytes) == "two words");
}

TEST_CASE("the system's own reason comes back") {
  const auto folder = read_all(open_file("/").get(), 100);
  REQUIRE(folder.has_error());
  CHECK(folder.error().value() == EISDIR);
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK(write_all(full.get(), as_bytes("x")).value() == ENOSPC);
  const auto missing = PartFile::create("/nonexistent/x", 0600);
  REQUIRE(missing.has_error());
  CHECK(missing.error().value() == ENOENT);
}

TEST_CASE("a part takes the name when it is whole, with its mode") {
  const Folder folder;
  const std::string path = folder.file("out");
  std::ofstream(path) << "old";
  {
    auto part = PartFile::create(path, 0600);
    REQUIRE(part.has_value());
    CHECK(!write_all(part->get(), as_bytes("new")).failed());
    CHECK(content(path) == "old");
    CHECK(!part->replace().failed());
  }
  CHECK(content(path) == "new");
  CHECK(folder.files() == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a part that is given up leaves nothing") {
  const Folder folder;
  const std::string path = folder.file("out");
  {
    auto part = PartFile::create(path, 0600);
    REQUIRE(part.has_value());
    const PartFile moved(*std::move(part));
    CHECK(folder.files() == 1);
  }
  CHECK(folder.files() == 0);
}

TEST_CASE("a part that must not replace anything does not") {
  const Folder folder;
  const std::string path = folder.file("out");
  {
    auto part = PartFile::create(path, 0600);
    REQUIRE(part.has_value());
    CHECK(!write_all(part->get(), as_bytes("first")).failed());
    CHECK(!part->appear().failed());
  }
  CHECK(content(path) == "first");
  CHECK(folder.files() == 1);
  {
    auto part = PartFile::create(path, 0600);
    REQUIRE(part.has_value());
    CHECK(part->appear().value() == EEXIST);
  }
  CHECK(content(path) == "first");
  CHECK(folder.files() == 1);
}

TEST_CASE("a link someone laid is stepped over") {
  const Folder folder;
  const std::string path = folder.file("out");
  const std::string left = path + ".part-" + std::to_string(::getpid());
  fs::create_symlink(folder.path / "victim", left + "-0");
  auto part = PartFile::create(path, 0600);
  REQUIRE(part.has_value());
  CHECK(!write_all(part->get(), as_bytes("new")).failed());
  CHECK(!part->replace().failed());
  CHECK(content(path) == "new");
  CHECK(fs::is_symlink(left + "-0"));
  CHECK(!fs::exists(folder.path / "victim"));
}

TEST_CASE("what a killed run left goes, and what somebody writes or has named so stays") {
  const Folder folder;
  const std::string path = folder.file("out");
  for (const char* name : {"out.part-1-0", "out.part-4194304-12", "other.part-1-0", "out.part-1",
                           "out.part-1-", "out.part-x-0", "out.part-1-0.zip", ".part-1-0"}) {
    std::ofstream(folder.file(name)) << "left";
  }
  fs::create_directory(folder.file("out.part-2-0"));
  auto writing = PartFile::create(path, 0600);
  REQUIRE(writing.has_value());
  CHECK(!fs::exists(folder.file("out.part-1-0")));
  CHECK(!fs::exists(folder.file("out.part-4194304-12")));
  CHECK(folder.files() == 8);
  auto second = PartFile::create(path, 0600);
  REQUIRE(second.has_value());
  remove_left_parts(folder.path.string());
  CHECK(!fs::exists(folder.file("other.part-1-0")));
  CHECK(folder.files() == 8);
  CHECK(!write_all(writing->get(), as_bytes("new")).failed());
  CHECK(!writing->replace().failed());
  CHECK(!second->replace().failed());
  CHECK(fs::exists(path));
}

}  // namespace
}  // namespace aiot::file
