#include "protocol/dpp/configuration.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "provisioning/error.hpp"

namespace aiot::dpp {
namespace {

namespace json = boost::json;

constexpr std::size_t max_ssid_bytes = 32;
constexpr std::size_t psk_digits = 64;

/// RFC 4648, 5, without padding.
std::string base64url(std::string_view text) {
  std::string out = to_base64(as_bytes(text));
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  out.erase(std::min(out.find('='), out.size()));
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const auto bytes = from_base64(padded);
  if (!bytes) return std::nullopt;
  return to_string(*bytes);
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return violation("not a JSON object");
  return std::move(value.get_object());
}

/// The text of a field, "" when there is none.
std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<const json::object*> object_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object())
    return violation("a configuration without " + std::string(name));
  return &value->get_object();
}

/// The way in which a station proves itself to the network (table 9).
std::string akm_of(const WifiCredentials& wifi, unsigned version) {
  if (wifi.security == "wpa3") return "sae";
  if (wifi.security == "wpa2" || wifi.password.size() == psk_digits || version < 2) return "psk";
  return "psk+sae";
}

Error rejected_network(std::string what, std::string hint) {
  return make_error(provisioning::Errc::bad_wifi, std::move(what), std::move(hint));
}

Result<Status> status_in(const Attributes& attributes) {
  AIOT_TRY(const ByteSpan status, attributes.require(Id::status, 1));
  return static_cast<Status>(status[0]);
}

}  // namespace

Result<std::string> write_configuration(const WifiCredentials& wifi, unsigned version) {
  if (wifi.password.empty()) {
    return rejected_network("DPP configures no open networks",
                            "give a network with a password, or pair the device in another way");
  }
  json::object discovery;
  if (is_utf8(wifi.ssid)) {
    discovery["ssid"] = wifi.ssid;
  } else {
    discovery["ssid64"] = base64url(wifi.ssid);
  }
  const bool hashed = wifi.password.size() == psk_digits;
  if (hashed && wifi.security == "wpa3") {
    return rejected_network("WPA3 takes a password, not 64 hexadecimal digits",
                            "give the password that these digits were made from");
  }
  json::object cred{{"akm", akm_of(wifi, version)}};
  cred[hashed ? "psk_hex" : "pass"] = wifi.password;
  return json::serialize(json::object{
      {"wi-fi_tech", "infra"}, {"discovery", std::move(discovery)}, {"cred", std::move(cred)}});
}

Result<WifiCredentials> read_configuration(std::string_view text) {
  AIOT_TRY(const json::object object, parse_object(text));
  if (text_of(object, "wi-fi_tech") != "infra") return violation("not for a network of this kind");
  AIOT_TRY(const json::object* const discovery, object_of(object, "discovery"));
  AIOT_TRY(const json::object* const cred, object_of(object, "cred"));
  WifiCredentials wifi;
  wifi.ssid = text_of(*discovery, "ssid");
  if (const std::string encoded = text_of(*discovery, "ssid64"); !encoded.empty())
    wifi.ssid = from_base64url(encoded).value_or("");
  if (wifi.ssid.empty() || wifi.ssid.size() > max_ssid_bytes)
    return violation("a configuration without the network's name");
  const std::string akm = text_of(*cred, "akm");
  wifi.password = text_of(*cred, "pass");
  if (wifi.password.empty()) wifi.password = text_of(*cred, "psk_hex");
  wifi.security = akm == "psk" ? "wpa2" : akm == "sae" ? "wpa3" : "wpa2/wpa3";
  if (wifi.password.empty() || (akm != "psk" && akm != "sae" && akm != "psk+sae"))
    return violation("a configuration without a password");
  return wifi;
}

Result<Attributes> Configurator::open(const Frame& frame) const {
  AIOT_TRY(const Attributes attributes, Attributes::parse(frame.attributes));
  AIOT_TRY(auto opened, unseal_frame(frame.kind, session_.ke, attributes));
  if (!opened) return violation("a message is sealed with another key");
  AIOT_TRY(const ByteSpan nonce, opened->require(Id::enrollee_nonce));
  if (!std::ranges::equal(nonce, nonce_)) return violation("a nonce is not that of the request");
  return *std::move(opened);
}

Result<EnrolleeInfo> Configurator::on_request(const Frame& request) {
  AIOT_TRY(const Attributes attributes, Attributes::parse(request.attributes));
  AIOT_TRY(const ByteSpan wrapped, attributes.require(Id::wrapped_data));
  const auto opened = unseal(session_.ke, {}, wrapped);
  if (!opened) return violation("the request is sealed with another key");
  AIOT_TRY(const Attributes secret, Attributes::parse(*opened));
  AIOT_TRY(const ByteSpan nonce,
           secret.require(Id::enrollee_nonce, session_.initiator_nonce.size()));
  AIOT_TRY(const ByteSpan text, secret.require(Id::configuration_request));
  AIOT_TRY(const json::object object, parse_object(to_string(text)));
  nonce_.assign(nonce.begin(), nonce.end());
  token_ = request.token;
  return EnrolleeInfo{text_of(object, "name"), text_of(object, "netRole"),
                      text_of(object, "mudurl")};
}

Frame Configurator::answer(Status status, ByteSpan secret) const {
  Bytes attributes;
  append_attribute(attributes, Id::status, static_cast<std::uint8_t>(status));
  const std::array<ByteSpan, 1> associated = {attributes};
  const Bytes wrapped = seal(session_.ke, associated, secret);
  append_attribute(attributes, Id::wrapped_data, wrapped);
  return {FrameKind::configuration_response, token_, 0, std::move(attributes)};
}

Frame Configurator::response(const std::string& configuration) const {
  Bytes secret;
  append_attribute(secret, Id::enrollee_nonce, nonce_);
  append_attribute(secret, Id::configuration_object, as_bytes(configuration));
  if (sends_result()) append_attribute(secret, Id::send_connection_status, ByteSpan());
  return answer(Status::ok, secret);
}

Frame Configurator::refusal() const {
  Bytes secret;
  append_attribute(secret, Id::enrollee_nonce, nonce_);
  return answer(Status::configure_failure, secret);
}

Result<Status> Configurator::on_result(const Frame& result) const {
  AIOT_TRY(const Attributes opened, open(result));
  return status_in(opened);
}

Result<Status> Configurator::on_connection(const Frame& status) const {
  AIOT_TRY(const Attributes opened, open(status));
  AIOT_TRY(const ByteSpan text, opened.require(Id::connection_status));
  AIOT_TRY(const json::object object, parse_object(to_string(text)));
  const json::value* number = object.if_contains("result");
  boost::system::error_code error;
  const auto value = number == nullptr ? 0 : number->to_number<std::uint8_t>(error);
  if (number == nullptr || error) return violation("a connection's status without its result");
  return static_cast<Status>(value);
}

Frame Enrollee::request(const EnrolleeInfo& info) const {
  json::object object{{"name", info.name}, {"wi-fi_tech", "infra"}, {"netRole", info.role}};
  if (!info.mud_url.empty()) object["mudurl"] = info.mud_url;
  Bytes secret;
  append_attribute(secret, Id::enrollee_nonce, nonce_);
  append_attribute(secret, Id::configuration_request, as_bytes(json::serialize(object)));
  Frame frame;
  frame.kind = FrameKind::configuration_request;
  append_attribute(frame.attributes, Id::wrapped_data, seal(session_.ke, {}, secret));
  return frame;
}

Result<Enrollee::Offer> Enrollee::on_response(const Frame& response) const {
  AIOT_TRY(const Attributes attributes, Attributes::parse(response.attributes));
  AIOT_TRY(const ByteSpan wrapped, attributes.require(Id::wrapped_data));
  const std::array<ByteSpan, 1> associated = {attributes.before_wrapped()};
  const auto opened = unseal(session_.ke, associated, wrapped);
  if (!opened) return violation("the configuration is sealed with another key");
  AIOT_TRY(const Attributes secret, Attributes::parse(*opened));
  AIOT_TRY(const ByteSpan nonce, secret.require(Id::enrollee_nonce, nonce_.size()));
  if (!std::ranges::equal(nonce, nonce_)) return violation("a nonce is not that of the request");
  AIOT_TRY(const Status status, status_in(attributes));
  if (status != Status::ok) return make_error(provisioning::Errc::device_refused, describe(status));
  AIOT_TRY(const ByteSpan object, secret.require(Id::configuration_object));
  Offer offer;
  AIOT_TRY(offer.wifi, read_configuration(to_string(object)));
  offer.wants_connection_status = secret.find(Id::send_connection_status).has_value();
  return offer;
}

Frame Enrollee::result(Status status) const {
  Bytes secret;
  append_attribute(secret, Id::status, static_cast<std::uint8_t>(status));
  append_attribute(secret, Id::enrollee_nonce, nonce_);
  return sealed(FrameKind::configuration_result, secret);
}

Frame Enrollee::connection_status(Status status, std::string_view ssid) const {
  const json::object object{{"result", static_cast<unsigned>(status)}, {"ssid64", base64url(ssid)}};
  Bytes secret;
  append_attribute(secret, Id::enrollee_nonce, nonce_);
  append_attribute(secret, Id::connection_status, as_bytes(json::serialize(object)));
  return sealed(FrameKind::connection_status, secret);
}

}  // namespace aiot::dpp
