#pragma once

#include "protocol/miio/session.hpp"
#include "provisioning/flow.hpp"

namespace aiot::miio {

/// What carries calls to one device.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual net::Clock& clock() = 0;
  /// Runs `call` to its result.
  virtual net::Task<std::string> run(Call& call, net::TimePoint deadline) = 0;
  /// Looks for a device on all networks, and speaks to it where it is from then on.
  /// net::Errc::timed_out.
  virtual net::Task<void> find(std::uint64_t device_id, net::TimePoint deadline) = 0;
};

/// Broadcasts a hello to all networks of this host. Errors of the socket alone.
Result<void> send_hellos(net::UdpSocket& socket, std::uint16_t port);

/// UDP; looks for devices by broadcasts. Until it has found one elsewhere, it speaks by
/// `interface`, unless that is "".
class UdpChannel final : public Channel {
 public:
  UdpChannel(const net::asio::ip::udp::endpoint& device, net::Clock& clock,
             std::string interface = {})
      : device_(device), clock_(clock), interface_(std::move(interface)) {}

  net::Clock& clock() override { return clock_; }
  net::Task<std::string> run(Call& call, net::TimePoint deadline) override;
  net::Task<void> find(std::uint64_t device_id, net::TimePoint deadline) override;
  const net::asio::ip::udp::endpoint& device() const { return device_; }

 private:
  net::asio::ip::udp::endpoint device_;
  net::Clock& clock_;
  std::string interface_;
};

/// What a device answers to miIO.info; its token is left out.
struct Info {
  std::string model;
  std::string firmware;
  std::string mac;
};

/// Sets one device up: greet(), authenticate(), join(). Errors are provisioning::Errc.
class Provisioner {
 public:
  static constexpr std::chrono::seconds join_patience{40};

  /// Without a token the one that the device shows is used.
  Provisioner(Channel& channel, std::optional<Token> token, provisioning::Flow& flow)
      : channel_(channel), token_(token), flow_(flow) {}

  /// Errc::not_found, missing_secret.
  net::Task<void> greet();
  /// Errc::wrong_proof: a wrong token is answered with silence.
  net::Task<Info> authenticate();
  /// Errc::network_refused, network_not_found, no_address.
  net::Task<void> join(const provisioning::WifiCredentials& wifi);

  std::uint64_t device_id() const { return device_id_; }
  const Token& token() const { return *token_; }

 private:
  net::Task<std::string> ask(std::string method, std::string params);

  Channel& channel_;
  std::optional<Token> token_;
  provisioning::Flow& flow_;
  std::uint64_t device_id_ = 0;
  bool token_was_given_ = true;
};

}  // namespace aiot::miio
