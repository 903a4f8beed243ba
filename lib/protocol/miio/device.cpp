#include "protocol/miio/device.hpp"

#include <boost/json.hpp>

namespace aiot::miio {
namespace {

namespace json = boost::json;
using provisioning::FaultKind;

json::object refusal(int code, std::string_view words) {
  return {{"code", code}, {"message", std::string(words)}};
}

json::array ok() { return json::array{"ok"}; }

/// The value of the property that `name` names, null for one that there is not.
json::value property_of(const std::map<std::string, std::string>& properties,
                        const json::value& name) {
  if (!name.is_string()) return nullptr;
  const auto it = properties.find(std::string(name.get_string()));
  if (it == properties.end()) return nullptr;
  boost::system::error_code error;
  json::value value = json::parse(it->second, error);
  return error ? json::value(it->second) : value;
}

/// What the answer to a command leads to.
provisioning::Stage stage_of(std::string_view method) {
  if (method == "miIO.config_router") return provisioning::Stage::credentials_sent;
  if (method == "miIO.wifi_assoc_state") return provisioning::Stage::joined;
  return provisioning::Stage::authenticated;
}

}  // namespace

Device::Device(DeviceOptions options, net::TimePoint booted)
    : options_(std::move(options)), booted_(booted) {
  if (provisioning::has_fault(options_.faults, FaultKind::wrong_state)) options_.provisioned = true;
}

std::optional<std::string> Device::fault_at(provisioning::Stage stage) {
  const auto strikes = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind, stage);
  };
  if (strikes(FaultKind::silent) || strikes(FaultKind::drop)) silent_ = true;
  if (silent_) return "";
  if (strikes(FaultKind::garbage)) return "}{";
  return std::nullopt;
}

void Device::try_to_join(net::TimePoint now) {
  if (!joins_at_ || now < *joins_at_) return;
  joins_at_.reset();
  const provisioning::WifiCredentials& wifi = options_.wifi;
  const bool is_here = wifi.ssid.empty() || ssid_ == wifi.ssid;
  const bool fits = wifi.ssid.empty() || password_ == wifi.password;
  const auto strikes = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind);
  };
  if (!is_here || strikes(FaultKind::no_network)) {
    ++failures_.no_network;
  } else if (!fits || strikes(FaultKind::refuse_password)) {
    ++failures_.refused;
  } else if (strikes(FaultKind::no_address)) {
    ++failures_.no_address;
  } else {
    return;
  }
  options_.provisioned = false;
  ssid_.clear();
}

void Device::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  using provisioning::Stage;
  try_to_join(now);
  const auto up_s = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now - booted_).count());
  if (is_hello(datagram.payload)) {
    for (const Stage stage : {Stage::found, Stage::connected}) {
      if (const auto fault = fault_at(stage)) {
        if (!fault->empty()) output_.push_back({datagram.from, Bytes(header_bytes, 0x5A), {}});
        return;
      }
    }
    const auto shown = options_.provisioned ? std::nullopt : std::optional(options_.token);
    output_.push_back({datagram.from, hello_reply(options_.device_id, up_s, shown), {}});
    return;
  }
  const Result<std::string> request = open(datagram.payload, options_.token);
  if (!request) return;
  const std::string text = answer(now, *request);
  if (text.empty()) return;
  output_.push_back({datagram.from, seal(options_.device_id, up_s, text, options_.token), {}});
}

std::string Device::answer(net::TimePoint now, std::string_view request) {
  boost::system::error_code error;
  const json::value parsed = json::parse(request, error);
  if (error || !parsed.is_object()) return {};
  const json::object& call = parsed.get_object();
  const json::value* method = call.if_contains("method");
  const json::value* id = call.if_contains("id");
  if (method == nullptr || id == nullptr || !method->is_string()) return {};
  const json::value* params = call.if_contains("params");
  const std::string_view name = method->get_string();
  ++calls_;
  // It joins once it has a network: a question before leads to nothing.
  const bool idle = name == "miIO.wifi_assoc_state" && password_.empty() && ssid_.empty();
  if (!idle) {
    if (const auto fault = fault_at(stage_of(name))) return *fault;
  }

  json::object reply{{"id", *id}};
  if (name == "miIO.info") {
    reply["result"] =
        json::object{{"model", options_.model},         {"mac", options_.mac},
                     {"fw_ver", options_.firmware},     {"life", 1},
                     {"token", to_hex(options_.token)}, {"ap", json::object{{"ssid", ssid_}}}};
  } else if (name == "miIO.config_router") {
    const json::value* ssid = params != nullptr && params->is_object()
                                  ? params->get_object().if_contains("ssid")
                                  : nullptr;
    if (ssid != nullptr && ssid->is_string()) {
      const json::value* password = params->get_object().if_contains("passwd");
      ssid_ = std::string(ssid->get_string());
      password_ =
          password != nullptr && password->is_string() ? password->get_string().c_str() : "";
      options_.provisioned = true;
      joins_at_ = now + options_.join_time;
      try_to_join(now);
      reply["result"] = ok();
    } else {
      reply["error"] = refusal(-5001, "invalid_arg");
    }
  } else if (name == "miIO.wifi_assoc_state") {
    const bool online = options_.provisioned && !joins_at_;
    reply["result"] = json::object{{"state", joins_at_ ? "CONNECTING"
                                             : online  ? "ONLINE"
                                                       : "FAILED"},
                                   {"auth_fail_count", failures_.refused},
                                   {"conn_success_count", online ? 1 : 0},
                                   {"conn_fail_count", failures_.no_network},
                                   {"dhcp_fail_count", failures_.no_address}};
  } else if (name == "get_prop" && params != nullptr && params->is_array()) {
    json::array values;
    for (const json::value& wanted : params->get_array())
      values.push_back(property_of(options_.properties, wanted));
    reply["result"] = std::move(values);
  } else {
    reply["error"] = refusal(-32601, "Method not found.");
  }
  return json::serialize(reply);
}

std::optional<net::OutgoingDatagram> Device::take_output() {
  if (output_.empty()) return std::nullopt;
  net::OutgoingDatagram out = std::move(output_.front());
  output_.pop_front();
  return out;
}

}  // namespace aiot::miio
