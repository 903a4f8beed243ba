#include "job/discover/source.hpp"

namespace aiot::discover {

std::vector<std::unique_ptr<Source>> make_sources() {
  std::vector<std::unique_ptr<Source>> all;
  all.push_back(make_alibaba_source());
  all.push_back(make_ble_source());
  all.push_back(make_coap_source());
  all.push_back(make_mdns_source());
  all.push_back(make_miio_source());
  all.push_back(make_ssdp_source());
  all.push_back(make_tuya_source());
  all.push_back(make_usb_source());
  all.push_back(make_wifi_source());
  all.push_back(make_wsd_source());
  return all;
}

std::vector<SourceInfo> sources() {
  std::vector<SourceInfo> all;
  for (const auto& source : make_sources()) all.push_back(source->info());
  return all;
}

}  // namespace aiot::discover
