#include "image/elf.hpp"

using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const aiot::ByteSpan file(data, size);
  (void)check_elf(file);
  const auto elf = parse_elf(file);
  if (!elf) return 0;
  (void)chip_of_elf(*elf);
  for (const char* name : {"esp32", "esp32c6", "esp32p4"}) {
    EncodeOptions options;
    options.chip = find_chip(name);
    if (const auto image = elf_to_esp_image(file, *elf, options)) {
      if (!parse_esp_image(*image)->intact()) __builtin_trap();
    }
  }
  return 0;
}
