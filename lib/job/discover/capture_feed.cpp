#include "job/discover/capture_feed.hpp"

#include "net/capture/ble_link.hpp"
#include "net/capture/udp_packet.hpp"

namespace aiot::discover {

namespace capture = net::capture;

CaptureFeed::CaptureFeed(BleObserver& ble, std::span<const PortDecoder> decoders)
    : ble_(ble), decoders_(decoders) {}

void CaptureFeed::take(const capture::Record& record,
                       const std::function<void(Observation)>& report) {
  ++counts_.records;
  if (const auto udp = capture::parse_udp(record)) {
    ++counts_.udp_packets;
    Packet packet;
    for (const PortDecoder& decoder : decoders_) {
      if (udp->from.port != decoder.port && udp->to.port != decoder.port) continue;
      if (packet.from_address.empty()) {
        packet.from_address = udp->from.address_text();
        packet.from_port = udp->from.port;
        packet.to_address = udp->to.address_text();
        packet.to_port = udp->to.port;
        if (udp->from_mac) packet.from_mac = to_hex(*udp->from_mac, ":");
        packet.payload = udp->payload;
      }
      for (Observation& seen : decoder.observe(packet)) report(std::move(seen));
    }
  }
  for (const capture::AdvertReport& advert : hci_.take(record)) take_advert(advert, report);
  if (const auto advert = capture::parse_ble_link(record)) take_advert(*advert, report);
}

void CaptureFeed::take_advert(const capture::AdvertReport& heard,
                              const std::function<void(Observation)>& report) {
  ++counts_.adverts;
  ble::Advert advert;
  advert.address = heard.address;
  advert.kind =
      heard.random_address ? ble::AddressKind::random_address : ble::AddressKind::public_address;
  advert.connectable = heard.connectable;
  advert.rssi_dbm = heard.rssi_dbm;
  advert.tx_power_dbm = heard.tx_power_dbm;
  ble::add_advertising_data(heard.data, advert);
  if (!heard.complete) advert.damaged = true;
  report(ble_.observe(advert));
}

}  // namespace aiot::discover
