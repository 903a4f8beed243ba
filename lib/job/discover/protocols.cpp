#include <algorithm>
#include <array>

#include "job/discover/source.hpp"

namespace aiot::discover {

// Each is defined in the file of its name.
Protocol alibaba_protocol();
Protocol ble_protocol();
Protocol bluetooth_protocol();
Protocol coap_protocol();
Protocol mdns_protocol();
Protocol miio_protocol();
Protocol ssdp_protocol();
Protocol tuya_protocol();
Protocol usb_protocol();
Protocol wifi_protocol();
Protocol wsd_protocol();

std::span<const Protocol> protocols() {
  static const std::array all = {
      alibaba_protocol(),
      ble_protocol(),
      bluetooth_protocol(),
      coap_protocol(),
      mdns_protocol(),
      miio_protocol(),
      ssdp_protocol(),
      tuya_protocol(),
      usb_protocol(),
      wifi_protocol(),
      wsd_protocol(),
  };
  return all;
}

bool understands(const Protocol& protocol, std::uint16_t from, std::uint16_t to) {
  if (protocol.decode == nullptr) return false;
  return std::ranges::any_of(protocol.wire->ports,
                             [&](std::uint16_t port) { return port == from || port == to; });
}

std::vector<std::unique_ptr<Source>> make_sources() {
  std::vector<std::unique_ptr<Source>> all;
  for (const Protocol& protocol : protocols()) all.push_back(protocol.make_source());
  return all;
}

std::vector<SourceInfo> sources() {
  std::vector<SourceInfo> all;
  for (const auto& source : make_sources()) all.push_back(source->info());
  return all;
}

}  // namespace aiot::discover
