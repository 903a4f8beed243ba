#include "job/listen/log_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace aiot;
using listen::LogFile;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "aiot-log-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(path_ / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("lines are appended to a file that is its owner's alone") {
  const Folder folder;
  for (const char* line : {"one", "two"}) {
    LogFile log = *LogFile::open({folder.file("log"), 0, 5}, nullptr);
    log.add(line);
  }
  CHECK(folder.text("log") == "one\ntwo\n");
  struct stat status {};
  REQUIRE(::stat(folder.file("log").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("rotation keeps whole lines, every one of them, and as many files as asked for") {
  const Folder folder;
  {
    LogFile log = *LogFile::open({folder.file("log"), 30, 100}, nullptr);
    for (int i = 100; i < 200; ++i) log.add("line " + std::to_string(i));  // 9 bytes each
    CHECK(log.lost_lines() == 0);
  }
  std::string all;
  for (std::size_t n = folder.files(); n-- > 1;) all += folder.text("log." + std::to_string(n));
  all += folder.text("log");
  std::string expected;
  for (int i = 100; i < 200; ++i) expected += "line " + std::to_string(i) + "\n";
  CHECK(all == expected);
  CHECK(folder.text("log.1").size() == 27);

  {
    LogFile log = *LogFile::open({folder.file("few"), 10, 2}, nullptr);
    for (int i = 0; i < 9; ++i) log.add("line " + std::to_string(i));
  }
  CHECK(folder.text("few") == "line 8\n");
  CHECK(folder.text("few.1") == "line 7\n");
  CHECK(folder.text("few.2") == "line 6\n");
  CHECK_FALSE(std::filesystem::exists(folder.file("few.3")));
}

TEST_CASE("a full disk is told once, and the lines are counted") {
  int troubles = 0;
  LogFile log = *LogFile::open({"/dev/full", 0, 5}, [&](const Error& error) {
    ++troubles;
    CHECK(error.stable_code() == "listen.log_incomplete");
    CHECK(error.hint.find("free some space") != std::string::npos);
  });
  for (int i = 0; i < 3; ++i) {
    log.add("lost");
    log.flush();
  }
  CHECK(troubles == 1);
  CHECK(log.lost_lines() == 3);
}

TEST_CASE("a file that cannot be made") {
  const auto log = LogFile::open({"/nonexistent/log", 0, 5}, nullptr);
  CHECK(log.error().condition() == Condition::resource);
}
