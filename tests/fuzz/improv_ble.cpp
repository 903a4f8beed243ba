// Improv over BLE: a command to a device, a result of one.
#include <cstdlib>

#include "protocol/improv/ble_device.hpp"

using namespace aiot;
using namespace aiot::improv;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 600));
  if (const auto inside = checked(bytes)) {
    const auto result = decode_result(*inside);
    if (result && result->strings.size() <= 1 && encode_result(*result).size() > inside->size())
      std::abort();
  }
  BleDevice device(DeviceOptions{});
  const net::TimePoint now(std::chrono::hours(1));
  device.on_write(now, command_uuid, bytes);
  Bytes call(bytes.begin(),
             bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 255)));
  device.on_write(now, command_uuid, with_sum(std::move(call)));
  device.on_timer(now + std::chrono::seconds(10));
  while (const auto out = device.take_notification()) {
    if (out->uuid == result_uuid && !checked(out->value)) std::abort();
  }
  return 0;
}
