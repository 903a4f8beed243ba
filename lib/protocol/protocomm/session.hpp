#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/protocomm/security.hpp"
#include "protocol/protocomm/transport.hpp"
#include "provisioning/flow.hpp"

namespace aiot::protocomm {

/// How long a device may take. A device computes for a second or two during the handshake.
struct Patience {
  std::chrono::milliseconds handshake{10000};
  std::chrono::milliseconds request{5000};
  std::chrono::milliseconds scan{15000};
  std::chrono::milliseconds join{60000};
};

/// What provision() does beside the network.
struct Plan {
  provisioning::Secrets secrets;  ///< proof; username of security 2
  provisioning::WifiCredentials wifi;
  std::string endpoint;  ///< of the application, asked before the network is set; "" for none
  std::string endpoint_data;
  Patience patience;
};

/// The host's side of ESP-IDF's provisioning, step by step. Devices say little when they refuse:
/// the cause of a failure follows from the step (README.md). All errors are provisioning::Errc, or
/// net::Errc::cancelled.
class Session {
 public:
  Session(EndpointTransport& transport, provisioning::Flow& flow, Random random,
          Patience patience = {});

  /// Asks for version and capabilities, which come first.
  net::Task<Version> ask_version();
  /// Errc::wrong_proof, missing_secret, unsupported_version, busy.
  net::Task<void> authenticate(provisioning::Secrets secrets);
  /// The networks that the device sees, the strongest first.
  net::Task<std::vector<pair::VisibleNetwork>> scan();
  /// Asks an endpoint of the application.
  net::Task<Bytes> ask(std::string endpoint, Bytes body);
  /// Hands the credentials over and makes the device use them, after a reset where an earlier try
  /// needs one. Errc::bad_wifi, window_closed.
  net::Task<void> configure(provisioning::WifiCredentials wifi);
  /// Asks for the status as fast as the device answers, until it is connected.
  /// Errc::network_refused and network_not_found leave it ready for other credentials;
  /// Errc::no_address when it goes on connecting.
  net::Task<WifiStatus> join();

 private:
  using Errc = provisioning::Errc;
  net::TimePoint in(std::chrono::milliseconds time) { return transport_.clock().now() + time; }
  /// One exchange, its failures by their cause; `when_refused` for a request that was dropped.
  net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body,
                            std::chrono::milliseconds time, Errc when_refused);
  /// The same within the session's cipher.
  net::Task<Bytes> sealed(std::string_view endpoint, Bytes body, std::chrono::milliseconds time);
  net::Task<void> shake_hands(const Credentials& credentials);
  net::Task<Bytes> open_session(Bytes command0);
  net::Task<ConfigMessage> config(ConfigMessage message, ConfigMessage::Kind reply);
  net::Task<ScanMessage> scan_step(ScanMessage message, ScanMessage::Kind reply);
  net::Task<void> control(ControlMessage::Kind kind);
  net::Task<Status> set_and_apply(const provisioning::WifiCredentials& wifi);
  /// Makes a device that has refused to apply credentials take them.
  net::Task<void> make_ready();
  net::Task<WifiStatus> wait_for_join();

  EndpointTransport& transport_;
  provisioning::Flow& flow_;
  Random random_;
  Patience patience_;
  Version version_;
  bool other_form_ = false;  ///< the last handshake has another form to try
  std::unique_ptr<Cipher> cipher_;
};

/// The whole of it: version, handshake, the application's endpoint, credentials, join. Fills
/// `result` as far as it comes, and reports the stages.
net::Task<void> provision(EndpointTransport& transport, const Plan& plan, provisioning::Flow& flow,
                          pair::PairResult& result, Random random);

}  // namespace aiot::protocomm
