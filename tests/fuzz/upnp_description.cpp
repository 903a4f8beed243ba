#include <cstdlib>

#include "protocol/ssdp/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto found = aiot::ssdp::parse_description(text);
  if (found && found->friendly_name.size() > 256) std::abort();
  return 0;
}
