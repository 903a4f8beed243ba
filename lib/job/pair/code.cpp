#include "job/pair/code.hpp"

#include <fmt/format.h>

#include "aiot/pair.hpp"
#include "protocol/setup_code/code.hpp"

namespace aiot::pair {
namespace {

using setup_code::Code;

/// Collects what a code has; a field that it does not have stays unset.
class Explainer {
 public:
  Explainer(CodeInfo& info, bool reveal) : info_(info), reveal_(reveal) {}

  void operator()(const setup_code::Esp& esp) {
    info_.name = esp.name;
    info_.version = esp.version;
    info_.transport = esp.transport;
    show(info_.network, esp.network);
    show(info_.security, esp.security);
    hide("username", esp.username);
    hide("pop", esp.pop);
    hide("password", esp.password);
  }
  void operator()(const setup_code::Dpp& dpp) {
    show(info_.version, dpp.version);
    show(info_.channels, dpp.channels);
    show(info_.mac, dpp.mac);
    show(info_.info, dpp.info);
    show(info_.host, dpp.host);
    hide("key", to_base64(dpp.key));
  }
  void operator()(const setup_code::HomeKit& homekit) {
    show(info_.setup_id, homekit.setup_id);
    if (homekit.category != 0) {
      info_.category = homekit.category;
      auto& transports = info_.transports.emplace();
      if (homekit.ble) transports.emplace_back("ble");
      if (homekit.ip) transports.emplace_back("ip");
    }
    hide("code", homekit.code);
  }
  void operator()(const setup_code::Matter& matter) {
    info_.vendor_id = matter.vendor;
    info_.product_id = matter.product;
    info_.discriminator = matter.discriminator;
    if (!matter.manual) {
      info_.flow = matter.flow;
      auto& transports = info_.transports.emplace();
      if ((matter.discovery & 2U) != 0) transports.emplace_back("ble");
      if ((matter.discovery & 4U) != 0) transports.emplace_back("ip");
      if ((matter.discovery & 1U) != 0) transports.emplace_back("softap");
    }
    hide("passcode", fmt::format("{:08}", matter.passcode));
  }
  void operator()(const setup_code::Wifi& wifi) {
    info_.ssid = wifi.credentials.ssid;
    show(info_.security, wifi.credentials.security);
    info_.hidden = wifi.credentials.hidden;
    hide("password", wifi.credentials.password);
  }

 private:
  static void show(std::optional<std::string>& field, const std::string& value) {
    if (!value.empty()) field = value;
  }
  void hide(const char* name, const std::string& value) {
    if (value.empty()) return;
    info_.secrets.emplace_back(name);
    if (reveal_) info_.revealed[name] = value;
  }

  CodeInfo& info_;
  bool reveal_;
};

}  // namespace

std::string label_of_code(std::string_view code) {
  const Result<Code> parsed = setup_code::parse(code);
  if (!parsed) return {};
  const std::string label = setup_code::label(*parsed);
  return label.empty() ? label : fmt::format("{}/{}", setup_code::kind_of(*parsed), label);
}

bool looks_like_code(std::string_view text) { return setup_code::looks_like_code(text); }

Result<Target> parse_target(std::string_view text) {
  Target target;
  if (!looks_like_code(text)) {
    AIOT_TRY(target.address, parse_address(text));
    return target;
  }
  AIOT_CHECK(setup_code::parse(text));
  target.code = text;
  return target;
}

std::optional<WifiCredentials> wifi_of(const Target& target) {
  if (target.code.empty()) return std::nullopt;
  const Result<Code> parsed = setup_code::parse(target.code);
  const auto* wifi = parsed ? std::get_if<setup_code::Wifi>(&*parsed) : nullptr;
  return wifi == nullptr ? std::nullopt : std::optional(wifi->credentials);
}

Result<CodeInfo> explain_code(std::string_view code, bool reveal) {
  AIOT_TRY(const Code parsed, setup_code::parse(code));
  CodeInfo info;
  info.kind = setup_code::kind_of(parsed);
  info.label = setup_code::label(parsed);
  Explainer explain(info, reveal);
  std::visit(explain, parsed);
  return info;
}

SchemaInfo schema_of(const CodeInfo&) {
  return {"aiot.setup_code/1", "What `aiotctl pair show` reads in a setup code"};
}

void describe(FieldVisitor& v, CodeInfo& info) {
  static constexpr std::array<std::string_view, 5> kinds = {"esp", "dpp", "homekit", "matter",
                                                            "wifi"};
  v.one_of("kind", info.kind, kinds, "of code");
  v("label", info.label, "what distinguishes its device", Presence::if_set);
  v("name", info.name, "ESP: of the device");
  v("version", info.version, "of the code or the protocol");
  v("transport", info.transport, "ESP: ble or softap");
  v("network", info.network, "ESP: wifi or thread");
  v("security", info.security, "ESP: the scheme; Wi-Fi: such as wpa3");
  v("channels", info.channels, "DPP: class/channel, where the device listens");
  v("mac", info.mac, "DPP: lower case, with colons");
  v("info", info.info, "DPP: the maker's text");
  v("host", info.host, "DPP: over TCP");
  v("setup_id", info.setup_id, "HomeKit: as the device announces a hash of it");
  v("category", info.category, "HomeKit: of the accessory");
  v("transports", info.transports, "HomeKit, Matter: by which it can be set up");
  v("vendor_id", info.vendor_id, "Matter: of the maker");
  v("product_id", info.product_id, "Matter: of the product");
  v("discriminator", info.discriminator, "Matter: 12 bits, or the upper 4 of a code of digits");
  v("flow", info.flow, "Matter: 0 standard, 1 user intent, 2 custom");
  v("ssid", info.ssid, "Wi-Fi: the network's name");
  v("hidden", info.hidden, "Wi-Fi: the network does not announce its name");
  v("secrets", info.secrets, "what is secret in it");
  v("revealed", info.revealed, "these secrets, when they were asked for", Presence::if_set);
}

}  // namespace aiot::pair
