#pragma once

#include <deque>

#include "protocol/improv/session.hpp"

namespace aiot::improv {

struct DeviceOptions {
  DeviceInfo info{"Virtual firmware", "1.0.0", "esp32c3", "Virtual lamp", "", ""};
  std::string hostname = "virtual-lamp";
  provisioning::WifiCredentials wifi;  ///< the network around it; ssid "" takes any
  std::string url = "http://192.0.2.1/";
  std::vector<provisioning::Fault> faults;
  bool provisioned = false;
  bool needs_button = false;  ///< BLE: it awaits an authorization
  net::Duration join_time = std::chrono::milliseconds(300);
};

/// A device's side of Improv without a wire: calls and time go in, reports come out.
class Device {
 public:
  enum class Wire { serial, ble };
  struct Output {
    Report report;
    bool noise = false;  ///< bytes of no meaning, in place of a report
  };

  Device(DeviceOptions options, Wire wire);

  /// nullopt: a call that was damaged.
  void on_call(net::TimePoint now, const std::optional<Call>& call);
  void press_button();
  std::optional<net::TimePoint> next_timer() const { return joins_at_; }
  void on_timer(net::TimePoint now);
  std::optional<Output> take_output();

  bool link_up() const { return up_; }
  State state() const { return state_; }
  Failure failure() const { return failure_; }
  std::uint8_t capabilities() const;
  /// The network that it joined; "" before.
  const std::string& ssid() const { return ssid_; }
  /// How often it was asked to let itself be seen.
  unsigned identified() const { return identified_; }
  unsigned calls() const { return calls_; }

 private:
  void answer(net::TimePoint now, const Call& call);
  void on_settings(net::TimePoint now, const Call& call);
  void report(State state);
  void report(Failure failure);
  void report(Command command, std::vector<std::string> strings);
  void report_networks();
  void set_text(Command command, const Call& call, std::string& text);
  /// Whether a fault takes the place of the step that leads to `stage`.
  bool fails(provisioning::Stage stage);
  bool has(provisioning::FaultKind kind) const;

  DeviceOptions options_;
  Wire wire_;
  State state_ = State::ready;
  Failure failure_ = Failure::none;
  std::string ssid_;
  std::optional<Settings> joining_;
  std::optional<net::TimePoint> joins_at_;
  std::deque<Output> output_;
  bool up_ = true;
  bool silent_ = false;
  unsigned identified_ = 0;
  unsigned calls_ = 0;
};

}  // namespace aiot::improv
