// BTHome: the first byte is the service, the rest its data, encrypted or not.
#include <array>
#include <cstdlib>

#include "protocol/ble/bthome.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array<std::uint16_t, 3> services = {
      ble::bthome::service_v2, ble::bthome::service_v1, ble::bthome::service_v1_encrypted};
  const ble::Uuid service = ble::Uuid::of(services[data[0] % services.size()]);
  const auto frame = ble::bthome::parse_frame(service, {data + 1, size - 1});
  if (!frame) return 0;
  if (frame->payload.size() > size) std::abort();
  const Bytes key(16, 0x11);
  Bytes objects(frame->payload.begin(), frame->payload.end());
  if (frame->encrypted) {
    if (auto opened = open(*frame, {}, key)) objects = std::move(*opened);
  }
  const auto told = ble::bthome::parse_objects(frame->version, objects);
  if (told.readings.size() > 2 * objects.size()) std::abort();
  for (const auto& reading : told.readings) {
    if (reading.name.empty()) std::abort();
  }
  return 0;
}
