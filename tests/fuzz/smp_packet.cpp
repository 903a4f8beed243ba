// An SMP packet: what decodes is written again and decodes to the same; and a server's answers.
#include <cstdlib>

#include "protocol/smp/device.hpp"
#include "protocol/smp/packet.hpp"

using namespace aiot;
using namespace aiot::smp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  if (const Result<Packet> packet = decode(bytes)) {
    const Bytes written = encode(*packet);
    const Result<Packet> again = decode(written);
    // Not equal to the first when that has a NaN: their bytes are.
    if (!again || encode(*again) != written) std::abort();
  }
  DeviceOptions options;
  options.slot_bytes = 65536;
  options.read_image = [](ByteSpan image) {
    return std::optional(ImageFacts{"2", Bytes(image.begin(), image.begin() + 1)});
  };
  Device device(options, {Bytes(1, 1), "1", Bytes(1, 1)});
  for (int i = 0; i < 2; ++i) {
    const std::optional<Bytes> reply = device.on_packet(bytes);
    if (reply && !decode(*reply)) std::abort();
  }
  if (device.other().bytes.size() > options.slot_bytes) std::abort();
  return 0;
}
