#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "protocol/mesh/bearer.hpp"
#include "provisioning/flow.hpp"

namespace aiot::mesh {

struct DeviceOptions {
  Key uuid{};
  std::optional<Key> static_oob;  ///< what a provisioner has to know; nullopt: nothing
  Bytes secret;                   ///< of P-256, 32 bytes
  Key random{};
  std::vector<provisioning::Fault> faults;
};

/// A device that waits to be provisioned over PB-ADV, as an engine without I/O (5.4).
class Device {
 public:
  explicit Device(DeviceOptions options);

  /// Payloads of AD structures of type 29, both ways.
  void on_packet(net::TimePoint now, ByteSpan packet);
  std::optional<net::TimePoint> next_timer() const { return bearer_.next_timer(); }
  void on_timer(net::TimePoint now);
  std::optional<Bytes> take_packet() { return bearer_.take_packet(); }

  /// To be advertised while it waits: of AD type 2B. nullopt while a link is open, and once it is
  /// a node.
  std::optional<Bytes> beacon() const;
  /// What it was given; nullopt until it is a node.
  const std::optional<NodeData>& node() const { return node_; }

 private:
  enum class Pdu : std::uint8_t;
  enum class Failure : std::uint8_t;

  void on_pdu(net::TimePoint now, ByteSpan pdu);
  void fail(net::TimePoint now, Failure failure);
  void send(net::TimePoint now, Pdu type, ByteSpan parameters);
  bool on_invite(net::TimePoint now, ByteSpan parameters);
  bool on_start(ByteSpan parameters);
  bool on_public_key(net::TimePoint now, ByteSpan parameters);
  bool on_confirmation(net::TimePoint now, ByteSpan parameters);
  bool on_random(net::TimePoint now, ByteSpan parameters);
  bool on_data(net::TimePoint now, ByteSpan parameters);
  void begin();
  /// True when a fault takes the place of the answer.
  bool is_at_fault(net::TimePoint now, provisioning::Stage stage);

  DeviceOptions options_;
  Bearer bearer_;
  std::uint8_t expected_ = 0;  ///< type of the next PDU
  bool failed_ = false;
  bool silent_ = false;
  bool uses_oob_ = false;
  Bytes inputs_;  ///< of the confirmations
  Bytes shared_secret_;
  Confirmations confirmations_;
  Key provisioner_confirmation_{};
  Key provisioner_random_{};
  std::optional<NodeData> node_;
};

}  // namespace aiot::mesh
