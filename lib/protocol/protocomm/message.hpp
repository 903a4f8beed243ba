#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/pair.hpp"
#include "aiot/result.hpp"

/// The messages of ESP-IDF's unified provisioning (components/protocomm/proto, wifi_provisioning
/// and network_provisioning): Protocol Buffers, one kind for each endpoint. A message has at most
/// 64 KiB. decode_… fail with provisioning::Errc::protocol_violated.
namespace aiot::protocomm {

inline constexpr std::size_t longest_ssid_bytes = 32;
inline constexpr std::size_t longest_password_bytes = 63;
inline constexpr std::size_t most_networks = 256;  ///< of a scan list

enum class Status {
  success,
  bad_scheme,
  bad_protocol,
  too_many_sessions,
  bad_argument,
  internal,
  crypto,
  bad_session,
};
std::string_view name_of(Status status);

/// A step of the handshake: endpoint prov-session.
struct SessionMessage {
  /// 0, 1 or 2. Security 0 has the first two steps alone.
  unsigned security = 0;
  enum class Step { command0, response0, command1, response1 };
  Step step = Step::command0;
  Status status = Status::success;  ///< of a response
  Bytes username;                   ///< security 2, command 0
  Bytes public_key;                 ///< command 0 and response 0
  Bytes random;                     ///< response 0: counter block or salt; response 1: nonce
  Bytes proof;                      ///< command 1 and response 1
};
Bytes encode(const SessionMessage& message);
Result<SessionMessage> decode_session(ByteSpan bytes);

enum class StationState { connected, connecting, disconnected, failed };
enum class FailReason { auth_error, network_not_found };

/// What the device says about joining the network.
struct WifiStatus {
  StationState state = StationState::connected;
  std::optional<FailReason> fail;
  std::optional<std::uint32_t> attempts_remaining;  ///< one of several attempts has failed
  std::string ip;
  pair::VisibleNetwork network;  ///< that it is connected to; without signal strength
};

/// Endpoint prov-config.
struct ConfigMessage {
  enum class Kind { get_status, status, set, set_done, apply, applied };
  Kind kind = Kind::get_status;
  Status status = Status::success;  ///< of a response
  std::string ssid;                 ///< of `set`, as the next three
  std::string passphrase;
  Bytes bssid;
  std::uint32_t channel = 0;
  WifiStatus wifi;  ///< of `status`
};
Bytes encode(const ConfigMessage& message);
Result<ConfigMessage> decode_config(ByteSpan bytes);

/// Endpoint prov-scan.
struct ScanMessage {
  enum class Kind { start, started, get_status, status, get_result, result };
  Kind kind = Kind::start;
  Status status = Status::success;  ///< of a response
  bool blocking = false;            ///< of `start`: it is answered when the scan has ended
  std::uint32_t group_channels = 0;
  std::uint32_t period_ms = 0;
  bool finished = false;    ///< of `status`
  std::uint32_t start = 0;  ///< of `get_result`
  std::uint32_t count = 0;  ///< of `get_result` and `status`
  std::vector<pair::VisibleNetwork> networks;
};
Bytes encode(const ScanMessage& message);
Result<ScanMessage> decode_scan(ByteSpan bytes);

/// Endpoint prov-ctrl: a device whose join failed takes other credentials after `reset`, one that
/// has joined after `reprovision`.
struct ControlMessage {
  enum class Kind { reset = 1, reset_done, reprovision, reprovision_done };
  Kind kind = Kind::reset;
  Status status = Status::success;
};
Bytes encode(const ControlMessage& message);
Result<ControlMessage> decode_control(ByteSpan bytes);

/// What endpoint proto-ver answers: JSON, or from the oldest devices a version alone.
struct Version {
  std::string version;               ///< "v1.1", "netprov-v1.2"
  std::optional<unsigned> security;  ///< not reported before ESP-IDF v5.0
  unsigned patch = 0;                ///< of security 2: which nonces it uses
  std::vector<std::string> capabilities;

  bool has(std::string_view capability) const;
  /// The scheme to use: the one it tells, else by its capability `no_sec`.
  unsigned scheme() const { return security.value_or(has("no_sec") ? 0 : 1); }
};
std::string encode(const Version& version);
Result<Version> decode_version(std::string_view json);

}  // namespace aiot::protocomm
