// What crashes print: at most 64 addresses a line, the same in one piece of text or in many.
#include "job/listen/panic.hpp"

#include <cstdlib>

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  listen::PanicReader reader;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::vector<listen::Mention> mentions = reader.read(line);
    if (mentions.size() > 64) std::abort();
    for (const listen::Mention& mention : mentions) {
      if (mention.role.empty() || mention.role.size() > 64) std::abort();
    }
  }
  return 0;
}
