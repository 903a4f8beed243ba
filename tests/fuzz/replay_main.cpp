// Replays a corpus through a fuzz target, without libFuzzer: replay NAME FOLDER…
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

using Target = int (*)(const std::uint8_t*, std::size_t);

// tests/fuzz/NAME.cpp, whose entry point the build renames.
#define AIOT_FUZZER(name) extern "C" int fuzz_##name(const std::uint8_t*, std::size_t);
#include "fuzzers.inc"
#undef AIOT_FUZZER

int main(int argc, char** argv) {
  const std::map<std::string_view, Target> targets = {
#define AIOT_FUZZER(name) {#name, fuzz_##name},
#include "fuzzers.inc"
#undef AIOT_FUZZER
  };
  const auto target = argc > 2 ? targets.find(argv[1]) : targets.end();
  if (target == targets.end()) {
    std::fprintf(stderr, "usage: replay NAME FOLDER...\n");
    return 2;
  }
  std::size_t count = 0;
  for (int i = 2; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
      target->second(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++count;
    }
  }
  std::printf("%zu inputs replayed\n", count);
  return count == 0 ? 1 : 0;
}
