// The source behind addresses, from a program file of a stranger.
#include "image/dwarf.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = ::memfd_create("elf", 0);
  if (fd < 0 || ::write(fd, data, size) != static_cast<ssize_t>(size)) std::abort();
  const auto map = image::SourceMap::open("/proc/self/fd/" + std::to_string(fd));
  if (map) {
    for (std::uint64_t address = 0x42000000; address < 0x42000100; address += 2) {
      if (map->frames(address).size() > 64) std::abort();
    }
  }
  ::close(fd);
  return 0;
}
