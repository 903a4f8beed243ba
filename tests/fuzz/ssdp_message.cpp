#include "protocol/ssdp/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = aiot::ssdp::parse_message(aiot::ByteSpan(data, size));
  if (!message) return 0;
  const auto udn = message->udn();
  const auto target = message->target();
  const auto age = message->max_age();
  return udn.size() + target.size() > 20000 || age.count() < 0 ? 1 : 0;
}
