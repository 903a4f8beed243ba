// Stub files, for every chip.
#include <cstdlib>

#include "protocol/esp/stub.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const esp::Chip& chip : esp::chips()) {
    const Result<esp::Stub> stub = esp::parse_stub(chip, text);
    if (!stub) continue;
    if (stub->text.empty() || stub->chip != &chip) std::abort();
  }
  return 0;
}
