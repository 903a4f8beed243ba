#include "image/firmware_set.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)aiot::image::parse_flasher_args({reinterpret_cast<const char*>(data), size});
  return 0;
}
