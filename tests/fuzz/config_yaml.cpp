// Configuration files: what is read has a name and a place, and is never more than the text.
#include <cstdlib>

#include "config/yaml.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entries = config::parse_yaml(text, "aiot.yaml");
  if (!entries) return 0;
  for (const config::Entry& entry : *entries) {
    if (entry.key.empty() || entry.line < 1) std::abort();
    if (entry.value.size() > size) std::abort();
  }
  return 0;
}
