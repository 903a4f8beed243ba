#include <cstdlib>

#include "protocol/wsd/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto found = aiot::wsd::parse_message(text);
  if (found && (found->empty() || found->size() > 64)) std::abort();
  return 0;
}
