#include "job/pair/record.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "provisioning/error.hpp"

using namespace aiot;
using namespace aiot::pair;
using provisioning::Errc;

namespace {

/// A file's name in a folder of its own.
class Scratch {
 public:
  Scratch() {
    std::string folder = (std::filesystem::temp_directory_path() / "aiot-record-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  std::string file() const { return (folder_ / "done.jsonl").string(); }
  std::string text() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(file()) << text; }

 private:
  std::filesystem::path folder_;
};

/// 2026-12-01T08:00:00Z.
std::chrono::system_clock::time_point at_eight() {
  return std::chrono::sys_days(std::chrono::year(2026) / 12 / 1) + std::chrono::hours(8);
}

}  // namespace

TEST_CASE("pair: what is done is recorded, for its owner alone, and read again") {
  const Scratch scratch;
  {
    auto record = PairedRecord::open(scratch.file(), at_eight);
    REQUIRE(record.has_value());
    CHECK(!record->has("lamp 1"));
    PairResult result;
    result.protocol = "esp";
    result.id = "24:0a:c4:00:00:01";
    REQUIRE(record->add("lamp 1", result).has_value());
    CHECK(record->has("lamp 1"));
    REQUIRE(record->add("", result).has_value());
    CHECK(!record->has(""));
    // Another run meanwhile.
    CHECK(PairedRecord::open(scratch.file(), at_eight).error().code == Errc::record_busy);
  }
  struct stat info {};
  REQUIRE(::stat(scratch.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(scratch.text().find(R"("id":"24:0a:c4:00:00:01")") != std::string::npos);
  CHECK(scratch.text().find(R"("time":"2026-12-01T08:00:00Z")") != std::string::npos);
  auto again = PairedRecord::open(scratch.file(), at_eight);
  REQUIRE(again.has_value());
  CHECK(again->has("lamp 1"));
  CHECK(!again->has("lamp 2"));
}

TEST_CASE("pair: a line of the record that was not finished is no line") {
  const Scratch scratch;
  scratch.write("{\"target\":\"one\"}\n{\"target\":\"tw");
  {
    auto record = PairedRecord::open(scratch.file(), at_eight);
    REQUIRE(record.has_value());
    CHECK(record->has("one"));
    REQUIRE(record->add("three", {}).has_value());
  }
  auto again = PairedRecord::open(scratch.file(), at_eight);
  REQUIRE(again.has_value());
  CHECK(again->has("three"));
}

TEST_CASE("pair: what is no record is not written to") {
  const Scratch scratch;
  scratch.write("root:x:0:0\n");
  const auto record = PairedRecord::open(scratch.file(), at_eight);
  REQUIRE(!record.has_value());
  CHECK(record.error().code == Errc::bad_record);
  CHECK(record.error().message().find("root") == std::string::npos);
  CHECK(scratch.text() == "root:x:0:0\n");
  CHECK(PairedRecord::open("/nowhere/at/all", at_eight).error().code == Errc::bad_record);
  CHECK(PairedRecord::open("/dev/null", at_eight).error().code == Errc::bad_record);
}

TEST_CASE("pair: a target is recorded by what is of one device alone") {
  const auto key = [](const char* text, std::string id = {}) {
    Target target = *parse_target(text);
    target.id = std::move(id);
    return record_key(target);
  };
  CHECK(key("http://192.168.4.1", "lamp 1") == "lamp 1");
  CHECK(key("ble:AA:BB:CC:DD:EE:FF") == "ble:AA:BB:CC:DD:EE:FF");
  CHECK(key("MT:Y.K9042C00KA0648G00") == "matter/fff1-8000-3840");
  CHECK(key("usb:303a:1001?serial=24:0A") == "usb:303a:1001?serial=24:0A");
  // Where one device after another is.
  CHECK(key("http://192.168.4.1").empty());
  CHECK(key("serial:/dev/ttyUSB0").empty());
  CHECK(key("usb:303a:1001").empty());
  // Nothing but the secret distinguishes it.
  CHECK(key("031-45-154").empty());
}
