#include "protocol/coap/block.hpp"

#include "protocol/coap/message.hpp"

namespace aiot::coap {

std::optional<Block> parse_block(ByteSpan value) {
  const std::optional<std::uint32_t> number = parse_uint(value);
  if (!number || value.size() > 3 || (*number & 7U) == 7) return std::nullopt;
  Block out;
  out.number = *number >> 4;
  out.more = (*number & 8U) != 0;
  out.size_exponent = static_cast<std::uint8_t>(*number & 7U);
  return out;
}

}  // namespace aiot::coap
