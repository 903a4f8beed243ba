// What a Link Kit device says of itself.
#include <cstdlib>

#include "aiot/bytes.hpp"
#include "protocol/alibaba/device_info.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto info = alibaba::parse_device_info(to_string(ByteSpan(data, size)));
  if (info && (info->product_key.empty() || info->mac.size() > 256)) std::abort();
  return 0;
}
