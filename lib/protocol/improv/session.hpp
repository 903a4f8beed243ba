#pragma once

#include <string>
#include <vector>

#include "protocol/improv/line.hpp"
#include "provisioning/flow.hpp"

namespace aiot::improv {

/// What a device says of itself.
struct DeviceInfo {
  std::string firmware;
  std::string version;
  std::string hardware;
  std::string name;
  std::string os_name;
  std::string os_version;
};

/// The answer to a command: strings, or the failure that the device reports.
struct Answer {
  Failure failure = Failure::none;
  std::vector<std::string> strings;
};

/// The host's side of a conversation with one device. Errors are provisioning::Errc: no_reply,
/// link_lost, protocol_violated, device_refused, window_closed; and net::Errc::cancelled.
class Session {
 public:
  static constexpr std::chrono::seconds reply_patience{30};  ///< for each command
  static constexpr std::chrono::seconds ask_again{1};

  explicit Session(Line& line) : line_(line) {}

  /// Asks for the state each second: a device may still boot. Errc::unsupported_version.
  net::Task<State> detect(net::Duration patience);
  /// Waits until it takes credentials: BLE devices may ask for a press of a button.
  net::Task<void> wait_until_ready(net::Duration patience, provisioning::Flow& flow);

  /// Four to six strings. `failure` is unknown_command where the device does not know the command.
  net::Task<Answer> call(Command command, Bytes data = {}, net::Duration patience = reply_patience);
  net::Task<DeviceInfo> info();
  /// The networks that the device sees; errors when it does not scan.
  net::Task<std::vector<pair::VisibleNetwork>> scan();
  /// Sets the hostname or the name of the device and gives what it is then; "" only asks.
  net::Task<std::string> hostname(std::string wanted = {});
  net::Task<std::string> name(std::string wanted = {});

  /// Gives the credentials, and waits until the device has joined. Where to go on, "" for nowhere.
  /// `flow` gets credentials_sent and joined. Errc::bad_wifi, network_refused.
  net::Task<std::string> join(const provisioning::WifiCredentials& wifi, provisioning::Flow& flow);

  State state() const { return state_; }
  /// Of a device that was provisioned before.
  const std::string& url() const { return url_; }

 private:
  net::Task<Report> next(net::TimePoint deadline, std::string step);
  net::Task<std::string> text(Command command, std::string wanted, std::string step);
  Error refusal(Failure failure, std::string step) const;
  Error explain(Error error, std::string step) const;

  Line& line_;
  State state_ = State::stopped;
  std::string url_;
};

/// From the state to the device's URL: fills in what the device says of itself and sees.
/// Errc::network_not_found when the device does not see the network.
net::Task<void> provision(Session& session, const provisioning::WifiCredentials& wifi,
                          provisioning::Flow& flow, pair::PairResult& result);

}  // namespace aiot::improv
