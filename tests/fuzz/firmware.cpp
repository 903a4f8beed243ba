#include "image/firmware_set.hpp"

using namespace aiot::image;

// Any file: what it is, and where it would go on two chips.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t flash_bytes = 4 << 20;
  for (const char* name : {"file.bin", "file.csv"}) {
    const auto pieces = classify(name, aiot::Bytes(data, data + size));
    if (!pieces) continue;
    for (const char* chip : {"esp32", "esp32c6"}) {
      FirmwareSet set;
      set.pieces = *pieces;
      ResolveOptions options;
      options.force = true;
      options.chip_revision = 1;
      const auto placed = resolve(set, *find_chip(chip), {}, {}, flash_bytes, options);
      if (!placed) continue;
      for (const Piece& piece : set.pieces) {
        if (*piece.offset + piece.data.size() > flash_bytes) __builtin_trap();
      }
    }
  }
  return 0;
}
