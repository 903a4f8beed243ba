// Pairing messages of HomeKit, the list of an accessory's services, and setup codes.
#include <cstdlib>

#include "protocol/homekit/controller.hpp"

using namespace aiot;
using namespace aiot::homekit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  if (const Result<Tlv> message = Tlv::decode(bytes)) {
    const Result<Tlv> again = Tlv::decode(message->encode());
    if (!again || again->items() != message->items()) std::abort();
  }
  const std::string text = to_string(bytes);
  parse_accessories(text).has_value();
  if (const auto code = normal_code(text)) {
    if (normal_code(*code) != code) std::abort();
    is_allowed_code(*code);
  }
  return 0;
}
