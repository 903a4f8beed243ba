#pragma once

#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/dpp/authentication.hpp"
#include "provisioning/flow.hpp"

/// The configuration that follows the authentication (Wi-Fi Easy Connect 3.0, 6.4): a request of
/// the enrollee's, its credentials, and how it fared with them. All are sealed with the session's
/// ke.
namespace aiot::dpp {

using provisioning::WifiCredentials;

/// What an enrollee says of itself.
struct EnrolleeInfo {
  std::string name;
  std::string role = "sta";  ///< on the network: "sta", "ap", "configurator"
  std::string mud_url;       ///< where its maker describes it; "" when it does not say
};

/// The configuration object for a station in an infrastructure network. `version` is the
/// enrollee's. provisioning::Errc::bad_wifi for a network that DPP cannot describe: one without a
/// password.
Result<std::string> write_configuration(const WifiCredentials& wifi, unsigned version);
/// The network that a configuration object names. protocol_violated.
Result<WifiCredentials> read_configuration(std::string_view json);

/// The end that gives the credentials.
class Configurator {
 public:
  explicit Configurator(const Session& session) : session_(session) {}

  /// What the enrollee says of itself.
  Result<EnrolleeInfo> on_request(const Frame& request);
  /// Its answer: the credentials, and that it should say how it fares with them, or a refusal.
  Frame response(const std::string& configuration) const;
  Frame refusal() const;
  /// Whether it took them. The connection's status follows when it is able to send one.
  Result<Status> on_result(const Frame& result) const;
  /// How it fares on the network.
  Result<Status> on_connection(const Frame& status) const;

  bool sends_result() const { return session_.peer_version >= 2; }

 private:
  Frame answer(Status status, ByteSpan secret) const;
  Result<Attributes> open(const Frame& frame) const;

  const Session& session_;
  std::uint8_t token_ = 0;
  Bytes nonce_;
};

/// The end that takes them.
class Enrollee {
 public:
  /// `nonce` is random, as long as those of the authentication.
  Enrollee(const Session& session, Bytes nonce) : session_(session), nonce_(std::move(nonce)) {}

  Frame request(const EnrolleeInfo& info) const;
  struct Offer {
    WifiCredentials wifi;
    bool wants_connection_status = false;
  };
  /// provisioning::Errc::device_refused when the configurator has none for it.
  Result<Offer> on_response(const Frame& response) const;
  bool sends_result() const { return session_.peer_version >= 2; }
  Frame result(Status status) const;
  Frame connection_status(Status status, std::string_view ssid) const;

 private:
  Frame sealed(FrameKind kind, ByteSpan secret) const {
    return sealed_frame(kind, session_.ke, {}, secret);
  }

  const Session& session_;
  Bytes nonce_;
};

}  // namespace aiot::dpp
