// A bundle of RAUC: payload and message lie within it; its hash tree is read within its payload.
#include <cstdlib>

#include "image/rauc.hpp"

using namespace aiot;
using namespace aiot::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<RaucBundle> bundle = parse_rauc({data, size});
  if (!bundle) return 0;
  if (bundle->payload_bytes + bundle->signature_bytes + 8 != size) std::abort();
  (void)is_tree_valid({data, size}, *bundle);
  return 0;
}
