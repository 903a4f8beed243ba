#include "protocol/improv/device.hpp"

#include <algorithm>
#include <cctype>

namespace aiot::improv {

using provisioning::FaultKind;

Device::Device(DeviceOptions options, Wire wire) : options_(std::move(options)), wire_(wire) {
  if (options_.provisioned) state_ = State::provisioned;
  if (options_.needs_button) state_ = State::awaiting_authorization;
  if (has(FaultKind::wrong_state))
    state_ = wire == Wire::serial ? State::stopped : State::awaiting_authorization;
}

bool Device::has(FaultKind kind) const { return provisioning::has_fault(options_.faults, kind); }

std::uint8_t Device::capabilities() const {
  return can_identify | can_info | can_scan | can_hostname;
}

bool Device::fails(provisioning::Stage stage) {
  const auto strikes = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind, stage);
  };
  if (strikes(FaultKind::drop)) up_ = false;
  if (strikes(FaultKind::silent)) silent_ = true;
  if (strikes(FaultKind::garbage)) output_.push_back({{}, true});
  return silent_ || !up_ || strikes(FaultKind::garbage);
}

void Device::report(State state) {
  state_ = state;
  Report out;
  out.state = state;
  output_.push_back({out, false});
}

void Device::report(Failure failure) {
  failure_ = failure;
  Report out;
  out.kind = Report::Kind::failure;
  out.failure = failure;
  output_.push_back({out, false});
}

void Device::report(Command command, std::vector<std::string> strings) {
  Report out;
  out.kind = Report::Kind::result;
  out.result = {command, std::move(strings)};
  output_.push_back({std::move(out), false});
}

void Device::on_call(net::TimePoint now, const std::optional<Call>& call) {
  if (silent_ || !up_) return;
  ++calls_;
  if (call) {
    answer(now, *call);
  } else {
    report(Failure::bad_packet);
  }
}

void Device::answer(net::TimePoint now, const Call& call) {
  using provisioning::Stage;
  const bool serial = wire_ == Wire::serial;
  if (serial && call.command == Command::state) {
    if (fails(Stage::found) || fails(Stage::connected)) return;
    report(Failure::none);
    report(state_);
    if (state_ == State::provisioned) report(Command::state, {options_.url});
    return;
  }
  if (call.command == Command::settings) return on_settings(now, call);
  if (fails(Stage::authenticated)) return;
  report(Failure::none);
  if (call.command == Command::identify) {
    ++identified_;
  } else if (call.command == Command::info) {
    const DeviceInfo& info = options_.info;
    std::vector<std::string> strings = {info.firmware, info.version, info.hardware, info.name};
    if (!info.os_name.empty()) strings.insert(strings.end(), {info.os_name, info.os_version});
    report(Command::info, std::move(strings));
  } else if (call.command == Command::scan) {
    report_networks();
  } else if (call.command == Command::hostname) {
    set_text(Command::hostname, call, options_.hostname);
  } else if (call.command == Command::name) {
    set_text(Command::name, call, options_.info.name);
  } else if (call.command == Command::network_state) {
    const bool is_online = state_ == State::provisioned;
    std::vector<std::string> strings = {std::to_string(has_wifi | (is_online ? online : 0))};
    if (is_online) strings.push_back(options_.url);
    report(Command::network_state, std::move(strings));
  } else {
    report(Failure::unknown_command);
  }
}

void Device::report_networks() {
  const bool serial = wire_ == Wire::serial;
  std::vector<std::string> all = {"virtual-guest", "-71", "NO"};
  if (!options_.wifi.ssid.empty() && !has(FaultKind::no_network)) {
    const bool open = options_.wifi.password.empty();
    all.insert(all.end(), {options_.wifi.ssid, "-48", open ? "NO" : serial ? "YES" : "WPA2"});
  }
  if (!serial) return report(Command::scan, std::move(all));
  for (std::size_t i = 0; i < all.size(); i += 3)
    report(Command::scan, {all[i], all[i + 1], all[i + 2]});
  report(Command::scan, {});
}

void Device::set_text(Command command, const Call& call, std::string& text) {
  if (!call.data.empty()) {
    const std::string wanted = to_string(call.data);
    // RFC 1123: letters, digits and hyphens.
    const bool fits = std::ranges::all_of(
        wanted, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    if (command == Command::hostname && !fits) return report(Failure::bad_hostname);
    text = wanted;
  }
  report(command, {text});
}

void Device::on_settings(net::TimePoint now, const Call& call) {
  if (fails(provisioning::Stage::credentials_sent)) return;
  auto settings = decode_settings(call.data);
  if (!settings) return report(Failure::bad_packet);
  if (state_ == State::awaiting_authorization || state_ == State::stopped)
    return report(wire_ == Wire::ble ? Failure::not_authorized : Failure::unknown);
  report(Failure::none);
  report(State::provisioning);
  joining_ = std::move(settings);
  joins_at_ = now + options_.join_time;
}

void Device::press_button() {
  if (state_ == State::awaiting_authorization) report(State::ready);
}

void Device::on_timer(net::TimePoint now) {
  if (!joins_at_ || now < *joins_at_) return;
  joins_at_.reset();
  if (fails(provisioning::Stage::joined)) return;
  const provisioning::WifiCredentials& wifi = options_.wifi;
  const bool other =
      !wifi.ssid.empty() && (joining_->ssid != wifi.ssid || joining_->password != wifi.password);
  if (other || has(FaultKind::no_network) || has(FaultKind::refuse_password) ||
      has(FaultKind::no_address)) {
    report(Failure::cannot_connect);
    report(State::ready);
    return;
  }
  ssid_ = joining_->ssid;
  report(State::provisioned);
  report(Command::settings, {options_.url});
}

std::optional<Device::Output> Device::take_output() {
  if (output_.empty()) return std::nullopt;
  Output out = std::move(output_.front());
  output_.pop_front();
  return out;
}

}  // namespace aiot::improv
