#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/http_message.hpp"
#include "protocol/http_update/flavour.hpp"

namespace aiot::http_update {

struct DeviceOptions {
  const Flavour* flavour = nullptr;
  std::string version = "1.0.0";  ///< that runs
  std::string password;           ///< "" for none; the user is "admin"
  std::size_t partition_bytes = std::size_t{4} << 20;
  /// The version of a firmware, "" when it is none.
  std::function<std::string(ByteSpan)> read_version;
  // Faults.
  std::optional<std::uint64_t> corrupt_at;  ///< changes this byte of the upload
  std::optional<std::uint64_t> dead_after;  ///< of an upload: closes the connection, and is gone
  bool reverts = false;                     ///< boots the old firmware
  bool never_returns = false;               ///< is gone after the update
  bool refuses = false;                     ///< the write fails
};

/// The device side, as an engine without I/O.
class Device {
 public:
  explicit Device(DeviceOptions options);

  /// A new connection: what was under way is forgotten.
  void on_connect();
  /// What the device says to bytes of the connection.
  Bytes on_bytes(ByteSpan bytes);
  /// The device closes the connection: it has answered, or is gone.
  bool wants_close() const { return closing_; }

  const std::string& version() const { return options_.version; }
  std::uint64_t requests() const { return requests_; }

 private:
  net::HttpMessage answer(const net::HttpMessage& request);
  net::HttpMessage take(const net::HttpMessage& request);

  DeviceOptions options_;
  net::HttpParser parser_;
  std::uint64_t received_ = 0;  ///< on this connection
  bool closing_ = false;
  bool dead_ = false;
  std::uint64_t requests_ = 0;
};

}  // namespace aiot::http_update
