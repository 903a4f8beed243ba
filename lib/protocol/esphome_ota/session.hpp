#pragma once

#include <functional>
#include <string>

#include "net/link.hpp"
#include "protocol/esphome_ota/message.hpp"

namespace aiot::esphome {

/// What the host brings.
struct Update {
  ByteSpan firmware;     ///< outlives the session
  std::string password;  ///< "" for none
  /// Random bytes; tests bring their own.
  std::function<Bytes(std::size_t count)> random;
  /// Called with the bytes that the device has taken, of all that are sent.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
  /// Called when the device is ready for data.
  std::function<void()> uploading;
};

/// Sends a firmware over a connection that was just made, to the device's last word: it has the
/// firmware, and restarts. The count of bytes that were sent, fewer where the device takes gzip.
/// Errors of this room; net::Errc::link_lost, cancelled.
net::Task<std::uint64_t> update(net::Link& link, const Update& what);

/// Whether an ESPHome device answers: its first reply to the magic bytes.
net::Task<void> greet(net::Link& link);

}  // namespace aiot::esphome
