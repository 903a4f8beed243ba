// A list of links: what is read is written again and reads the same, but for the blanks.
#include "protocol/coap/link_format.hpp"

#include <cstdlib>

#include "aiot/bytes.hpp"

using namespace aiot;
using namespace aiot::coap;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = to_string(ByteSpan(data, size));
  const Result<std::vector<Link>> links = parse_links(text);
  if (!links) return 0;
  for (const Link& link : *links) matches_filter(link, text);
  const Result<std::vector<Link>> again = parse_links(format_links(*links));
  if (!again || again->size() != links->size()) std::abort();
  for (std::size_t i = 0; i < links->size(); ++i) {
    const Link& a = (*links)[i];
    const Link& b = (*again)[i];
    if (a.target != b.target || a.attributes.size() != b.attributes.size()) std::abort();
    for (std::size_t k = 0; k < a.attributes.size(); ++k) {
      if (a.attributes[k].name != b.attributes[k].name) std::abort();
      if (a.attributes[k].value != b.attributes[k].value) std::abort();
    }
  }
  return 0;
}
