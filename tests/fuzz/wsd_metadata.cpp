#include <cstdlib>

#include "protocol/wsd/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto found = aiot::wsd::parse_metadata(text);
  if (found && found->name.size() + found->computer.size() > size) std::abort();
  return 0;
}
