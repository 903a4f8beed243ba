#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/clock.hpp"
#include "protocol/protocomm/security.hpp"
#include "provisioning/flow.hpp"

namespace aiot::protocomm {

/// A virtual device, as it waits to be provisioned.
struct DeviceOptions {
  Credentials credentials;
  bool tells_security = true;                  ///< proto-ver has sec_ver: from ESP-IDF v5.0 on
  bool keeps_running = false;                  ///< does not stop after its join: takes `reprov`
  provisioning::WifiCredentials wifi;          ///< the network around it; ssid "" takes any
  std::vector<pair::VisibleNetwork> networks;  ///< what else it sees
  std::string ip = "192.168.1.40";
  std::chrono::milliseconds join_takes{0};
  std::vector<provisioning::Fault> faults;
};

/// What becomes of a request.
struct Reply {
  enum class Kind {
    answer,
    dropped,  ///< the handlers reject it: HTTP closes the connection, BLE answers ATT 0x04
    silence,
    lost,  ///< the link breaks
    no_endpoint,
  };
  Kind kind = Kind::answer;
  Bytes body = {};
};

/// The device's side as an engine without I/O, whatever carries the requests: the handlers of
/// protocomm.c and of the provisioning manager. Endpoint "custom-data" stands for an application's.
class Device {
 public:
  Device(DeviceOptions options, Random random);

  /// The transport has begun a new session: another cookie, another connection.
  void new_session();
  Reply on_request(net::TimePoint now, std::string_view endpoint, ByteSpan body);

  /// In the clear, as proto-ver has it.
  Version version() const;
  bool authenticated() const { return handshake_ && handshake_->cipher() != nullptr; }
  /// The network that it has joined by `now`; "" for none.
  std::string joined(net::TimePoint now) const;
  /// It has joined, and its access point is gone for a fault.
  bool has_vanished(net::TimePoint now) const;
  static constexpr std::array<std::string_view, 6> endpoints = {
      "proto-ver", "prov-session", "prov-scan", "prov-config", "prov-ctrl", "custom-data"};

 private:
  enum class Outcome { connected, auth_error, not_found, connecting };
  struct Join {
    std::string ssid;
    net::TimePoint done_at;
    Outcome outcome;
  };
  std::optional<Bytes> on_config(net::TimePoint now, ByteSpan body);
  std::optional<Bytes> on_scan(ByteSpan body);
  std::optional<Bytes> on_control(net::TimePoint now, ByteSpan body);
  std::optional<Reply> fault_at(provisioning::Stage stage) const;
  WifiStatus status(net::TimePoint now) const;
  Outcome outcome_of(const ConfigMessage& set) const;
  bool has(provisioning::FaultKind kind) const {
    return provisioning::has_fault(options_.faults, kind);
  }

  DeviceOptions options_;
  Random random_;
  std::unique_ptr<DeviceHandshake> handshake_;
  std::optional<ConfigMessage> set_;
  std::optional<Join> join_;
};

}  // namespace aiot::protocomm
