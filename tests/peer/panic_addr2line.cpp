// The source behind every instruction of small programs, as Debian's compilers and addr2line know
// it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "image/dwarf.hpp"
#include "job/listen/panic.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"

using namespace aiot;

namespace {

constexpr const char* program = R"(
namespace motor {
volatile int speed;
static inline __attribute__((always_inline)) int clamp(int value) {
  return value > 100 ? 100 : value;
}
static inline __attribute__((always_inline)) void set(int value) {
  speed = clamp(value) * 3;
}
struct Driver {
  __attribute__((noinline)) void run(int value);
};
void Driver::run(int value) {
  set(value);
  speed = speed + 1;
}
}
extern "C" void _start() {
  motor::Driver driver;
  driver.run(7);
  motor::set(9);
}
)";

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char block[4096];
  while (const std::size_t n = std::fread(block, 1, sizeof block, pipe)) out.append(block, n);
  ::pclose(pipe);
  return out;
}

/// "function\nfile:line\n…" as addr2line -f -i -C prints them.
std::string as_addr2line(const std::vector<image::SourceFrame>& frames) {
  std::ostringstream out;
  for (const image::SourceFrame& frame : frames) {
    out << frame.function << '\n' << frame.file << ':' << frame.line << '\n';
  }
  return out.str();
}

void compare(const std::string& prefix, const std::string& flags) {
  if (::access(("/usr/bin/" + prefix + "g++").c_str(), X_OK) != 0) {
    AIOT_SKIP(prefix + "g++ is not here: apt-get install gcc-riscv64-unknown-elf gcc-xtensa-lx106");
  }
  if (::access("/usr/bin/llvm-addr2line", X_OK) != 0) {
    AIOT_SKIP("llvm-addr2line is not here: apt-get install llvm");
  }
  TemporaryFolder folder;
  folder.write("motor.cpp", program);
  const std::string elf = (folder.path() / "motor.elf").string();
  Child compiler({"sh", "-c",
                  "exec " + prefix + "g++ " + flags +
                      " -g -O2 -fno-exceptions -nostdlib -Wl,-Ttext=0x42000000 -o " + elf + " " +
                      (folder.path() / "motor.cpp").string()});
  REQUIRE(compiler.wait() == 0);
  auto map = image::SourceMap::open(elf);
  REQUIRE_MESSAGE(map.has_value(), (map ? "" : map.error().message()));
  int compared = 0;
  bool inlined = false;
  std::string in_run;
  for (std::uint64_t address = 0x42000000; map->is_code(address) && address < 0x42001000;
       address += 2) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%x", static_cast<unsigned>(address));
    std::string expected = output_of("llvm-addr2line -f -i -C -e " + elf + " " + text);
    if (expected.starts_with("??")) continue;
    // A compiler's "(discriminator 2)" is no part of the place.
    for (auto at = expected.find(" (disc"); at != expected.npos; at = expected.find(" (disc")) {
      expected.erase(at, expected.find(')', at) - at + 1);
    }
    CAPTURE(text);
    const auto frames = map->frames(address);
    CHECK(as_addr2line(frames) == expected);
    inlined = inlined || frames.size() == 3;
    if (frames.back().function == "motor::Driver::run(int)") in_run = text;
    ++compared;
  }
  CHECK(compared > 10);
  CHECK(inlined);
  CHECK_FALSE(map->is_code(0x3fc80000));

  listen::PanicDecoder decoder(*map, false);
  CHECK(decoder.decode("Guru Meditation\nBackt").empty());
  const auto rows = decoder.decode("race: " + in_run + ":0x3ffb5030 0x00000000:0x3ffb5050\r\n");
  REQUIRE(!rows.empty());
  CHECK(rows.back().function == "motor::Driver::run(int)");
}

}  // namespace

TEST_CASE("RISC-V: frames are those of addr2line") {
  compare("riscv64-unknown-elf-", "-march=rv32imc -mabi=ilp32");
}

TEST_CASE("Xtensa: frames are those of addr2line") { compare("xtensa-lx106-elf-", ""); }
