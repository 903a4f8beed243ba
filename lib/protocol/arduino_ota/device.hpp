#pragma once

#include <functional>
#include <optional>
#include <string>

#include "protocol/arduino_ota/message.hpp"

namespace aiot::arduino {

struct DeviceOptions {
  std::string password;       ///< "" for none
  bool sha256 = true;         ///< of the challenge; else MD5
  bool md5_password = false;  ///< the password was set as an MD5 hash
  std::size_t partition_bytes = std::size_t{4} << 20;
  std::function<Bytes(std::size_t count)> random;
  // Faults.
  std::optional<std::uint64_t> corrupt_at;  ///< changes this byte of the upload
  std::optional<std::uint64_t> dead_after;  ///< closes the connection there, and is gone
  bool deaf_once = false;                   ///< loses the first datagram
};

/// The device side, as an engine without I/O.
class Device {
 public:
  explicit Device(DeviceOptions options) : options_(std::move(options)) {}

  /// The answer to a datagram; nullopt for none. After an "OK", take_connection() has a port.
  std::optional<std::string> on_datagram(std::string_view text);
  /// The port at the inviting host to connect to, once.
  std::optional<std::uint16_t> take_connection();
  /// What the device says to data of that connection.
  std::string on_data(ByteSpan bytes);
  /// The connection ended, by either side.
  void on_closed() { receiving_ = false; }
  /// The device closes the connection: it has said its last word.
  bool wants_close() const { return !receiving_; }

  /// Of the last update that was whole; empty before.
  const Bytes& firmware() const { return firmware_; }
  std::uint64_t updates() const { return updates_; }

 private:
  std::string finish();

  DeviceOptions options_;
  std::optional<Invitation> invitation_;
  std::string nonce_;  ///< of the challenge that is under way
  std::optional<std::uint16_t> connect_;
  bool receiving_ = false;
  bool dead_ = false;
  Bytes data_;
  Bytes firmware_;
  std::uint64_t updates_ = 0;
};

}  // namespace aiot::arduino
