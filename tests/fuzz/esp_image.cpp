#include "image/esp_image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const aiot::ByteSpan file(data, size);
  const auto info = aiot::image::parse_esp_image(file);
  if (!info) return 0;
  if (info->length_bytes > size) __builtin_trap();
  (void)info->kind();
  if (info->chip && info->intact()) {
    // A sound image stays sound when its header changes.
    aiot::Bytes copy(data, data + size);
    const auto changed = aiot::image::patch_header(
        copy, *info->chip, {"dout", "", std::string(info->chip->sizes[2].name)});
    if (!changed) __builtin_trap();
    if (!aiot::image::parse_esp_image(copy)->intact()) __builtin_trap();
  }
  return 0;
}
