// What a host sends to the virtual device of ESPHome's protocol. The first byte chooses its options
// and the sizes of the pieces.
#include <algorithm>
#include <cstdlib>

#include "protocol/esphome_ota/device.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  esphome::DeviceOptions options;
  options.random = [](std::size_t count) { return Bytes(count, 0x5A); };
  if ((data[0] & 1) != 0) options.password = "secret";
  options.sha256 = (data[0] & 2) != 0;
  options.gzip = (data[0] & 4) != 0;
  options.extended = (data[0] & 8) != 0;
  options.version = (data[0] & 16) != 0 ? 1 : 2;
  options.partition_bytes = 4096;
  const std::size_t piece = 1U << (data[0] >> 5);
  esphome::Device device(options);
  ByteSpan left(data + 1, std::min<std::size_t>(size - 1, 65536));
  const net::TimePoint now{};
  device.on_host_baud(now, 0);
  while (!left.empty()) {
    const ByteSpan part = left.first(std::min(piece, left.size()));
    device.on_bytes(now, part);
    static_cast<void>(device.take_output(now));
    left = left.subspan(part.size());
  }
  if (device.firmware().size() > options.partition_bytes) std::abort();
  return 0;
}
