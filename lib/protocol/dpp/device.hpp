#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/device_engine.hpp"
#include "protocol/dpp/configuration.hpp"

namespace aiot::dpp {

struct DeviceOptions {
  OwnKey own;  ///< of its code
  EnrolleeInfo info;
  /// The network around it: another name or password than its configurator's is refused. With ssid
  /// "" it takes any.
  WifiCredentials network = {};
  std::vector<provisioning::Fault> faults = {};
  /// A configurator whose code it has, for begin().
  std::optional<BootstrapKey> configurator = {};
  /// Randomness, for each exchange anew.
  std::function<Material(crypto::EcCurve)> material = new_material;
};

/// A virtual device that gets its Wi-Fi credentials over TCP, as an engine without I/O. As
/// wpa_supplicant does, it closes its link without an answer to a host that does not have its key.
class Device final : public net::DeviceEngine {
 public:
  explicit Device(DeviceOptions options) : options_(std::move(options)) {}

  /// The link has been opened by this device, to a configurator: it announces itself, or begins the
  /// authentication when it has the configurator's code.
  void begin();
  /// The other end has gone: the exchange is over.
  void on_gone() {
    if (up_) reset();
  }

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return timer_; }
  void on_timer(net::TimePoint now) override;
  Bytes take_output(net::TimePoint now) override;
  bool link_up() const override { return up_; }

  /// What it was given last.
  const std::optional<WifiCredentials>& given() const { return given_; }
  bool joined() const { return joined_; }
  unsigned sessions() const { return sessions_; }  ///< authentications that it took part in

 private:
  void reset();
  void drop(net::TimePoint now);
  Result<void> handle(net::TimePoint now, const Frame& frame);
  Result<void> on_authentication_request(net::TimePoint now, const Frame& frame);
  Result<void> on_authentication_response(net::TimePoint now, const Frame& frame);
  Result<void> on_configuration(net::TimePoint now, const Frame& frame);
  void request_configuration(net::TimePoint now, const Session& session);
  Status join() const;
  bool has(provisioning::FaultKind kind) const {
    return provisioning::has_fault(options_.faults, kind);
  }
  /// Sends the message that leads to a stage, unless a fault is in its way.
  void send(net::TimePoint now, const Frame& frame, provisioning::Stage stage);

  DeviceOptions options_;
  FrameReader reader_;
  std::optional<Responder> responder_;
  std::optional<Initiator> initiator_;
  std::optional<Enrollee> enrollee_;
  std::optional<WifiCredentials> given_;
  std::optional<net::TimePoint> timer_;
  Bytes output_;
  unsigned sessions_ = 0;
  bool joined_ = false;
  bool up_ = true;
};

}  // namespace aiot::dpp
