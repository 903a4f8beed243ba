#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "job/discover/ble.hpp"
#include "job/discover/source.hpp"
#include "capture/packet.hpp"
#include "capture/file.hpp"

namespace aiot::discover {

/// Gives the records of a capture to the decoders that live sources have, one after the other.
/// Pure; what it remembers does not grow with the capture.
class CaptureFeed {
 public:
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t udp_packets = 0;
    std::uint64_t adverts = 0;
  };

  /// Both outlive the feed. Of `all`, each protocol with a decoder sees the packets of its ports.
  CaptureFeed(BleObserver& ble, std::span<const Protocol> all) : ble_(ble), protocols_(all) {}

  /// What the record says, in the order of the decoders.
  void take(const capture::Record& record, const std::function<void(Observation)>& report);
  const Counts& counts() const { return counts_; }

 private:
  void take_advert(const net::ScannedAdvert& advert,
                   const std::function<void(Observation)>& report);

  BleObserver& ble_;
  std::span<const Protocol> protocols_;
  capture::HciAdverts hci_;
  Counts counts_;
};

/// True when the request names captures: they are read instead of the network.
bool has_captures(const Request& request);

/// Refuses what would make the search useless before it starts: a capture that cannot be read or is
/// none, and a file of keys that is not its owner's alone. The errors are those of capture and
/// config.
Result<void> check_files(const Request& request);

/// Reads the captures of a request, one after the other, and ends when it has. Of what is in them,
/// `only` and `except` choose by the name of the source that would have found it live.
std::unique_ptr<Source> make_capture_source(const Request& request);

}  // namespace aiot::discover
