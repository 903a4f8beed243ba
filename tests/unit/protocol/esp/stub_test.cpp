#include "protocol/esp/stub.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "paths.hpp"
#include "show.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::esp;

namespace {

constexpr const char* good =
    R"({"entry":1074429954,"text":"AAECAwQFBgc=","text_start":1074429952,
        "data":"/w==","data_start":1073605996,"bss_start":1073528832})";

const Chip& esp32() { return *chip_by_name("esp32"); }

std::string changed(std::string from, std::string to) {
  std::string text = good;
  text.replace(text.find(from), from.size(), to);
  return text;
}

/// A directory that goes with the test.
struct Directory {
  std::filesystem::path path;
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aiot-stub-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
};

}  // namespace

TEST_CASE("a stub file is read") {
  Result<Stub> stub = parse_stub(esp32(), good);
  REQUIRE(stub);
  CHECK(stub->chip == &esp32());
  CHECK(stub->entry == 1074429954);
  CHECK(to_hex(stub->text) == "0001020304050607");
  CHECK(to_hex(stub->data) == "ff");
  CHECK(stub->data_start == 1073605996);
  CHECK(stub->bss_start == 1073528832);
}

TEST_CASE("a damaged stub file is told by what is wrong") {
  const std::string bad[] = {
      "",
      "[]",
      "{}",
      std::string(300 * 1024, ' '),
      changed("1074429954", "-1"),
      changed("1074429954", "1074429960"),
      changed("1074429954", "1074429951"),
      changed("1074429952", "4294967295"),
      changed("1074429952", "4294967296"),
      changed("AAECAwQFBgc=", "AAECAwQFBgc"),
      changed("AAECAwQFBgc=", ""),
      changed("1073605996", "\"x\""),
      std::string(64, '[') + std::string(64, ']'),
  };
  for (const std::string& text : bad) {
    Result<Stub> stub = parse_stub(esp32(), text);
    REQUIRE_MESSAGE(!stub, text.substr(0, 200));
    CHECK(stub.error().stable_code() == "esp.stub_invalid");
    CHECK(!stub.error().hint.empty());
  }
}

TEST_CASE("the stub for this silicon is found, in the first directory that has one") {
  Directory first;
  Directory second;
  second.put("esp32.json", good);
  second.put("2/esp32c3.json", good);
  first.put("esp32p4-rev1.json", good);
  const std::vector<std::string> where = {first.path.string(), second.path.string(),
                                          "/nonexistent"};
  CHECK((*find_stub(esp32(), 300, where)).has_value());
  CHECK((*find_stub(*chip_by_name("esp32c3"), 4, where)).has_value());
  CHECK(!(*find_stub(*chip_by_name("esp32s3"), 0, where)).has_value());
  const Chip& p4 = *chip_by_name("esp32p4");
  CHECK((*find_stub(p4, 103, where)).has_value());
  CHECK(!(*find_stub(p4, 300, where)).has_value());
  first.put("esp32.json", "{");
  Result<std::optional<Stub>> damaged = find_stub(esp32(), 300, where);
  REQUIRE(!damaged);
  CHECK(damaged.error().context.find("esp32.json") != std::string::npos);
}

TEST_CASE("silicon that runs no stub gets none") {
  Directory directory;
  directory.put("esp32c2.json", good);
  const std::vector<std::string> where = {directory.path.string()};
  CHECK(!(*find_stub(*chip_by_name("esp32c2"), 0, where)).has_value());
  CHECK((*find_stub(*chip_by_name("esp32c2"), 100, where)).has_value());
}

TEST_CASE("the stubs of npm esptool-js are read, all of them") {
  const char* modules = std::getenv("AIOT_TEST_NODE_MODULES");
  const std::string root =
      modules != nullptr ? modules : tests::source_dir() + "/tests/node_modules";
  const std::string directory = root + "/esptool-js/lib/targets/stub_flasher";
  if (!std::filesystem::exists(directory)) {
    AIOT_SKIP("npm esptool-js is not installed (npm ci in tests/)");
  }
  const std::vector<std::string> where = {directory};
  for (const Chip& chip : chips()) {
    Result<std::optional<Stub>> stub = find_stub(chip, 400, where);
    REQUIRE(stub);
    REQUIRE(stub->has_value());
    CHECK((*stub)->text.size() > 4000);
    CHECK((*stub)->data_start != 0);
  }
  CHECK((*find_stub(*chip_by_name("esp32"), 300, where))->entry == 1074434092);
  CHECK((*find_stub(*chip_by_name("esp32p4"), 103, where))->entry == 1341199446);
}
