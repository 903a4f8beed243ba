// Addresses: the canonical spelling of what is taken means the same.
#include "aiot/address.hpp"

#include <cstdlib>

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto address = parse_address({reinterpret_cast<const char*>(data), size});
  if (!address) return 0;
  const auto again = parse_address(address->str());
  if (!again || !(*again == *address)) std::abort();
  return 0;
}
