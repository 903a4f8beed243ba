#include "protocol/miio/device.hpp"

#include <boost/json.hpp>

namespace aiot::miio {
namespace {

namespace json = boost::json;

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

}  // namespace

void Device::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  const auto up_s = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now - booted_).count());
  if (is_hello(datagram.payload)) {
    const auto shown = options_.provisioned ? std::nullopt : std::optional(options_.token);
    output_.push_back({datagram.from, hello_reply(options_.device_id, up_s, shown), {}});
    return;
  }
  const Result<std::string> request = open(datagram.payload, options_.token);
  if (!request) return;
  const std::string text = answer(*request);
  if (text.empty()) return;
  output_.push_back({datagram.from, seal(options_.device_id, up_s, text, options_.token), {}});
}

std::string Device::answer(std::string_view request) {
  boost::system::error_code error;
  const json::value parsed = json::parse(request, error);
  if (error || !parsed.is_object()) return {};
  const json::object& call = parsed.get_object();
  const json::value* method = call.if_contains("method");
  const json::value* id = call.if_contains("id");
  if (method == nullptr || id == nullptr || !method->is_string()) return {};
  const json::value* params = call.if_contains("params");
  const std::string_view name = method->get_string();

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
      ssid_ = std::string(ssid->get_string());
      options_.provisioned = true;
      reply["result"] = ok();
    } else {
      reply["error"] = refusal(-5001, "invalid_arg");
    }
  } else if (name == "miIO.wifi_assoc_state") {
    reply["result"] = json::object{{"state", options_.provisioned ? "ONLINE" : "FAILED"}};
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
