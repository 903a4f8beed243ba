// A configuration of libconfig, as a sw-description is one.
#include "image/libconfig.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)image::parse_libconfig({reinterpret_cast<const char*>(data), size});
  return 0;
}
