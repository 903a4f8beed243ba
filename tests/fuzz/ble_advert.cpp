// Advertising data: what it says stays within it, and every format may look at it.
#include <cstdlib>

#include "protocol/ble/beacon.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ble::Advert advert;
  ble::add_advertising_data({data, size}, advert);
  std::size_t said = advert.name.size();
  for (const auto& part : advert.service_data) said += part.data.size() + 2;
  for (const auto& part : advert.manufacturer_data) said += part.data.size() + 2;
  if (said > size) std::abort();
  for (const auto& finding : ble::beacon::find_all(advert)) {
    if (finding.format.empty()) std::abort();
    for (const auto& reading : finding.readings) {
      if (full_name(reading).empty()) std::abort();
    }
  }
  return 0;
}
