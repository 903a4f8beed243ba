#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "job/discover/ble_observer.hpp"
#include "job/discover/source.hpp"
#include "net/capture/hci.hpp"
#include "net/capture/record.hpp"

namespace aiot::discover {

/// Who understands the UDP packets of a port.
struct PortDecoder {
  std::uint16_t port;
  std::vector<Observation> (*observe)(const Packet& packet);
};
/// Every decoder that captures are given to; several may share a port.
std::span<const PortDecoder> capture_decoders();

/// Gives the records of a capture to the decoders that live sources have, one after the other.
/// Pure; what it remembers does not grow with the capture.
class CaptureFeed {
 public:
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t udp_packets = 0;
    std::uint64_t adverts = 0;
  };

  /// Both outlive the feed.
  CaptureFeed(BleObserver& ble, std::span<const PortDecoder> decoders);

  /// What the record says, in the order of the decoders.
  void take(const net::capture::Record& record, const std::function<void(Observation)>& report);
  const Counts& counts() const { return counts_; }

 private:
  void take_advert(const net::capture::AdvertReport& advert,
                   const std::function<void(Observation)>& report);

  BleObserver& ble_;
  std::span<const PortDecoder> decoders_;
  net::capture::HciAdverts hci_;
  Counts counts_;
};

}  // namespace aiot::discover
