#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "protocol/esp/device/loaders.hpp"
#include "protocol/esp/device/options.hpp"
#include "protocol/esp/device/silicon.hpp"

using namespace aiot;
using namespace aiot::esp::device;

namespace {

/// A directory that goes with the test.
struct Directory {
  std::string path = [] {
    std::string name = "/tmp/aiot-flash-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  ~Directory() {
    ::unlink((path + "/flash").c_str());
    ::rmdir(path.c_str());
  }
};

}  // namespace

TEST_CASE("programming clears bits, erasing sets whole sectors") {
  FlashMemory flash = *FlashMemory::in_memory(1 << 20);
  CHECK(flash.program(4095, Bytes{0xF0, 0x0F}));
  CHECK(flash.program(4095, Bytes{0x3C, 0xFF}));
  CHECK(flash.contents()[4095] == 0x30);
  CHECK(flash.contents()[4096] == 0x0F);
  CHECK(flash.erase(4096, 4096));
  CHECK(flash.contents()[4095] == 0x30);
  CHECK(flash.contents()[4096] == 0xFF);
  CHECK(flash.jedec_id() == 0x1440EF);  // W25Q80: EF 40 14
}

TEST_CASE("a flash file is private, filled with FF, and kept") {
  const Directory directory;
  const std::string path = directory.path + "/flash";
  {
    FlashMemory flash = *FlashMemory::in_file(path, 256 * 1024);
    CHECK(flash.program(5, Bytes{0x42}));
  }
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(info.st_size == 256 * 1024);
  {
    FlashMemory again = *FlashMemory::in_file(path, 256 * 1024);
    CHECK(again.contents()[5] == 0x42);
    CHECK(again.contents()[6] == 0xFF);
    const auto shared = FlashMemory::in_file(path, 256 * 1024);
    REQUIRE_FALSE(shared.has_value());
    CHECK(shared.error().code == Errc::flash_file);
  }
  const auto other_size = FlashMemory::in_file(path, 512 * 1024);
  REQUIRE_FALSE(other_size.has_value());
  CHECK(other_size.error().code == Errc::flash_file_size);
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK(info.st_size == 256 * 1024);
  // What is no flash at all stays as it is.
  REQUIRE(::truncate(path.c_str(), 5000) == 0);
  CHECK_FALSE(FlashMemory::in_file(path, 256 * 1024).has_value());
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK(info.st_size == 5000);
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  CHECK(FlashMemory::in_file(path, 256 * 1024).has_value());
  CHECK_FALSE(FlashMemory::in_file(directory.path, 256 * 1024).has_value());
  CHECK_FALSE(FlashMemory::in_memory(1000).has_value());
}

TEST_CASE("program time counts pages, erase time blocks where aligned") {
  const Profile profile = *find_profile("");
  using namespace std::chrono_literals;
  CHECK(FlashMemory::program_time(profile, 0, 0) == 0ns);
  CHECK(FlashMemory::program_time(profile, 0, 256) == 400us);
  CHECK(FlashMemory::program_time(profile, 255, 2) == 800us);
  CHECK(FlashMemory::erase_time(profile, 0, 0x10000) == 150ms);
  CHECK(FlashMemory::erase_time(profile, 0x1000, 0x10000) == 16 * 45ms);
  CHECK(FlashMemory::erase_time(profile, 0, 0x11000) == 195ms);
}

TEST_CASE("a stream inflates in any pieces; damage is noticed") {
  // python3: zlib.compress(b"hello hello hello hello\n", 9)
  const Bytes zlib = from_hex("78dacb48cdc9c957c84027b90070be08bb").value();
  for (std::size_t cut = 0; cut <= zlib.size(); ++cut) {
    Inflater inflater;
    std::string text;
    const auto sink = [&](ByteSpan piece) {
      text += to_string(piece);
      return true;
    };
    inflater.feed(ByteSpan(zlib).first(cut), sink);
    CHECK(inflater.feed(ByteSpan(zlib).subspan(cut), sink) == Inflater::State::done);
    CHECK(text == "hello hello hello hello\n");
  }
  Bytes damaged = zlib;
  damaged.back() ^= 1;  // the Adler-32
  CHECK(Inflater().feed(damaged, [](ByteSpan) { return true; }) == Inflater::State::failed);
}

TEST_CASE("MAC addresses") {
  CHECK(format_mac(*checked_mac("24:0A:C4:00:00:01")) == "24:0a:c4:00:00:01");
  CHECK(format_mac(*checked_mac("240ac4000001")) == "24:0a:c4:00:00:01");
  for (const char* bad : {"", "24:0a", "24:0a:c4:00:00:0g", "24:0a:c4:00:00:01:02"})
    CHECK_FALSE(checked_mac(bad).has_value());
}
