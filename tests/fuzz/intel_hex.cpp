#include "image/intel_hex.hpp"

using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto hex = parse_intel_hex(aiot::to_string(aiot::ByteSpan(data, size)));
  if (!hex) return 0;
  const auto again = parse_intel_hex(write_intel_hex(hex->ranges, hex->entry));
  if (!again || again->entry != hex->entry || again->ranges.size() != hex->ranges.size()) {
    __builtin_trap();
  }
  for (std::size_t i = 0; i < hex->ranges.size(); ++i) {
    if (again->ranges[i].data != hex->ranges[i].data) __builtin_trap();
  }
  return 0;
}
