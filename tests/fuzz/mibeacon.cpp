// MiBeacon: service data, encrypted or not; what a key makes of it, too.
#include <cstdlib>

#include "protocol/ble/mibeacon.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = ble::mibeacon::parse_frame({data, size});
  if (!frame) return 0;
  if (frame->payload.size() > size) std::abort();
  // Without decryption, too: so the objects are reached from any input.
  const auto told = ble::mibeacon::parse_objects(frame->product, frame->payload);
  if (told.readings.size() > size) std::abort();
  for (const std::size_t length : {12, 16}) {
    if (const auto opened = open(*frame, {}, Bytes(length, 0x11))) {
      ble::mibeacon::parse_objects(frame->product, opened->objects);
    }
  }
  return 0;
}
