#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "net/clock.hpp"
#include "protocol/mesh/keys.hpp"

namespace aiot::mesh {

/// AD types (Assigned Numbers, 2.3).
inline constexpr std::uint8_t pb_adv_type = 0x29;
inline constexpr std::uint8_t beacon_type = 0x2B;

/// The beacon of a device that waits to be provisioned (3.9.2), without its AD header.
Bytes unprovisioned_beacon(const Key& uuid, std::uint16_t oob_information);

/// FCS-8 of 3GPP TS 27.010, 5.2.1.6.
std::uint8_t frame_check(ByteSpan pdu);

/// The device's end of a PB-ADV link, as an engine without I/O (5.2, 5.3): takes and gives the
/// payloads of AD structures of type 29. One link at a time; what belongs to none is ignored.
class Bearer {
 public:
  explicit Bearer(const Key& uuid) : uuid_(uuid) {}

  void on_packet(net::TimePoint now, ByteSpan packet);
  std::optional<net::TimePoint> next_timer() const;
  void on_timer(net::TimePoint now);
  /// The next packet to advertise.
  std::optional<Bytes> take_packet();

  /// A PDU that has arrived whole.
  std::optional<Bytes> take_pdu();
  /// Sends a PDU; repeated until it is acknowledged. After those that wait.
  void send(net::TimePoint now, Bytes pdu);
  bool is_open() const { return link_.has_value(); }
  /// Ends the link with a Link Close (5.3.2).
  enum class Reason : std::uint8_t { success = 0, timeout = 1, fail = 2 };
  void close(Reason reason);

  static constexpr std::chrono::milliseconds repeat{200};
  static constexpr std::chrono::seconds transaction_time{30};
  static constexpr std::chrono::seconds idle_time{60};
  static constexpr std::size_t longest_pdu = 65;

 private:
  using LinkId = std::array<std::uint8_t, 4>;
  struct Incoming {
    std::uint8_t transaction = 0;
    std::uint8_t check = 0;
    std::vector<std::optional<Bytes>> segments;
    std::size_t length = 0;
  };
  struct Outgoing {
    std::uint8_t transaction = 0;
    Bytes pdu;
    std::optional<net::TimePoint> end;  ///< once it is sent
  };
  void on_control(net::TimePoint now, std::uint8_t opcode, ByteSpan parameters, const LinkId& link);
  void on_start(std::uint8_t transaction, std::uint8_t last, ByteSpan rest);
  void on_continuation(std::uint8_t transaction, std::uint8_t index, ByteSpan rest);
  void finish();
  void acknowledge(std::uint8_t transaction);
  void transmit(net::TimePoint now);
  void put(std::uint8_t transaction, std::uint8_t control, ByteSpan rest);

  Key uuid_;
  std::optional<LinkId> link_;
  net::TimePoint idle_end_;
  std::optional<std::uint8_t> received_;  ///< the last whole transaction
  std::optional<Incoming> incoming_;
  std::deque<Bytes> pdus_;
  std::uint8_t next_transaction_ = 0x80;
  std::deque<Outgoing> outgoing_;  ///< the first is on the air
  std::optional<net::TimePoint> repeat_at_;
  std::deque<Bytes> packets_;
};

}  // namespace aiot::mesh
