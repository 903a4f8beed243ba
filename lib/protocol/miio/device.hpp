#pragma once

#include <deque>
#include <map>
#include <string>

#include "net/datagram_engine.hpp"
#include "protocol/miio/packet.hpp"
#include "provisioning/flow.hpp"

namespace aiot::miio {

/// A virtual device as it comes out of its box, or as somebody has set it up.
struct DeviceOptions {
  std::uint64_t device_id = 0x0BADF00D;
  Token token{};
  std::string model = "chuangmi.plug.m1";
  std::string mac = "34:CE:00:00:00:01";
  std::string firmware = "1.2.4_16";
  bool provisioned = false;  ///< it has joined a network, and hides its token
  /// What get_prop gives, as JSON: {"power", "\"on\""}.
  std::map<std::string, std::string> properties;
  provisioning::WifiCredentials wifi;  ///< the network around it; ssid "" takes any
  std::vector<provisioning::Fault> faults;
  net::Duration join_time{0};
};

/// The device's side of miIO as an engine without I/O: hello, miIO.info, miIO.config_router,
/// miIO.wifi_assoc_state and get_prop. As real ones do, it answers a wrong token with silence.
class Device final : public net::DatagramEngine {
 public:
  /// `booted` is when its uptime began.
  Device(DeviceOptions options, net::TimePoint booted);

  bool provisioned() const { return options_.provisioned; }
  /// The network that it was to join; "" before.
  const std::string& ssid() const { return ssid_; }
  unsigned calls() const { return calls_; }

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override;
  std::optional<net::OutgoingDatagram> take_output() override;

 private:
  /// The answer to one command; "" for none.
  std::string answer(net::TimePoint now, std::string_view request);
  /// Tries the network that it was given, as if it had been tried at `joins_at_`.
  void try_to_join(net::TimePoint now);
  /// What a fault makes of the answer that leads to `stage`: another text, or none.
  std::optional<std::string> fault_at(provisioning::Stage stage);

  DeviceOptions options_;
  net::TimePoint booted_;
  std::string ssid_;
  std::string password_;
  std::optional<net::TimePoint> joins_at_;
  /// Since it was switched on.
  struct Failures {
    int refused = 0;
    int no_network = 0;
    int no_address = 0;
  } failures_;
  bool silent_ = false;
  unsigned calls_ = 0;
  std::deque<net::OutgoingDatagram> output_;
};

}  // namespace aiot::miio
