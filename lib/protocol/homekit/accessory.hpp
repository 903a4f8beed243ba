#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/random.hpp"
#include "crypto/srp.hpp"
#include "net/device_engine.hpp"
#include "net/http_message.hpp"
#include "protocol/homekit/frames.hpp"
#include "provisioning/flow.hpp"

namespace aiot::homekit {

/// A virtual accessory as it comes out of its box.
struct AccessoryOptions {
  std::string device_id = "1A:2B:3C:4D:5E:6F";
  std::string name = "Virtual lamp";
  std::string model = "VL-1";
  std::string serial = "0001";
  std::string firmware = "1.0.0";
  std::string code = "031-45-154";  ///< normal_code
  std::size_t most_pairings = 16;
  unsigned most_tries = 100;        ///< wrong codes, after which nobody may try any more
  std::chrono::seconds backoff{0};  ///< nobody may try for this long after a wrong code
  std::vector<provisioning::Fault> faults;
  Bytes (*random)(std::size_t count) = crypto::random_bytes;
};

/// What an accessory is for all that are connected to it: its identity and its pairings.
/// Connections refer to it and end before it.
class Accessory {
 public:
  explicit Accessory(AccessoryOptions options);

  const AccessoryOptions& options() const { return options_; }
  bool is_paired() const { return !pairings_.empty(); }
  std::uint64_t requests() const { return requests_; }

 private:
  friend class AccessoryConnection;
  struct Peer {
    Bytes key;
    bool admin = false;
  };
  /// Why no pairing may begin now on the connection `who`.
  std::optional<Problem> refusal(const void* who, net::TimePoint now) const;

  AccessoryOptions options_;
  Identity self_;
  std::map<std::string, Peer> pairings_;
  unsigned wrong_codes_ = 0;
  net::TimePoint closed_until_ = net::TimePoint::min();
  // The connection on which a pairing is under way, and until when others wait for it.
  const void* setting_up_ = nullptr;
  net::TimePoint set_up_until_ = net::TimePoint::min();
  std::uint64_t requests_ = 0;
};

/// One controller's connection to an accessory as an engine without I/O: pair-setup, pair-verify,
/// pairings, and the list of accessories.
class AccessoryConnection final : public net::DeviceEngine {
 public:
  explicit AccessoryConnection(Accessory& accessory);
  ~AccessoryConnection() override;
  AccessoryConnection(const AccessoryConnection&) = delete;
  AccessoryConnection& operator=(const AccessoryConnection&) = delete;

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return std::nullopt; }
  void on_timer(net::TimePoint) override {}
  Bytes take_output(net::TimePoint) override { return std::exchange(output_, {}); }
  /// False once it has closed the connection, and everything was taken.
  bool link_up() const override { return !closed_ || !output_.empty(); }

 private:
  void serve(net::TimePoint now, const net::HttpMessage& request);
  net::HttpMessage answer(net::TimePoint now, const net::HttpMessage& request);
  Tlv pair_setup(net::TimePoint now, const Tlv& message);
  Tlv start_setup(net::TimePoint now);
  Tlv check_code(net::TimePoint now, const Tlv& message);
  Tlv exchange_keys(const Tlv& message);
  Tlv pair_verify(const Tlv& message);
  Tlv start_verify(const Tlv& message);
  Tlv finish_verify(const Tlv& message);
  Tlv pairings(const Tlv& message);
  void end_setup();
  bool has_fault(provisioning::FaultKind kind, const net::HttpMessage& request) const;

  Accessory& accessory_;
  net::HttpParser parser_;
  Bytes output_;
  bool closed_ = false;

  std::uint32_t setup_state_ = 0;  ///< of the message that was sent last
  std::optional<crypto::SrpServer> srp_;
  Bytes setup_secret_;

  std::uint32_t verify_state_ = 0;
  Bytes peer_key_;  ///< of this session's key agreement, as is own_key_
  Bytes own_key_;
  Bytes shared_;
  std::string peer_id_;  ///< of the controller, once it is verified
  std::optional<FrameCipher> cipher_;
};

}  // namespace aiot::homekit
