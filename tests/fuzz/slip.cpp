// SLIP: any bytes, in two pieces; what comes out encodes back to a frame that decodes to itself.
#include <cstdlib>

#include "protocol/esp/codec.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t bound = 256;
  esp::SlipDecoder decoder(bound);
  const ByteSpan all(data, size);
  for (ByteSpan piece : {all.first(size / 2), all.subspan(size / 2)}) {
    while (std::optional<Bytes> frame = decoder.next(piece)) {
      if (frame->empty() || frame->size() > bound) std::abort();
      Bytes wire;
      esp::slip_encode(*frame, wire);
      esp::SlipDecoder again(bound);
      ByteSpan rest = wire;
      if (again.next(rest) != frame || !rest.empty()) std::abort();
    }
  }
  if (decoder.take_noise().size() > esp::SlipDecoder::max_noise) std::abort();
  return 0;
}
