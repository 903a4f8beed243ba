#include "protocol/alibaba/softap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/aes.hpp"
#include "crypto/digest.hpp"

namespace aiot::alibaba {
namespace {

namespace json = boost::json;
using provisioning::FaultKind;

constexpr std::size_t block_bytes = 16;
constexpr std::size_t nonce_chars = 32;
constexpr std::size_t most_password_chars = 64;
/// Of the device's own: it takes what it was given, and did not get in.
constexpr std::int64_t join_errcode = 0xC402;

/// Key and IV of one password.
struct Keys {
  Bytes key;
  Bytes iv;
};

std::optional<Keys> keys_of(const Nonce& nonce, std::string_view product_secret) {
  const std::optional<Bytes> iv = from_hex(nonce.text);
  if (!iv || iv->size() != block_bytes) return std::nullopt;
  std::string text(product_secret);
  if (!text.empty()) text += ',';
  text += nonce.text;
  const crypto::Sha256 hash = crypto::sha256(as_bytes(text));
  return Keys{Bytes(hash.begin(), hash.begin() + block_bytes), *iv};
}

/// The JSON object in `text`, and in it the object "params" or "data".
std::optional<json::object> object_in(std::string_view text) {
  boost::system::error_code error;
  json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string()).substr(0, 256);
  return value->is_number() ? json::serialize(*value) : std::string();
}

/// Text that the small parsers of devices read as it is.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
}

}  // namespace

Nonce Nonce::from(ByteSpan random) {
  Nonce out;
  for (std::size_t i = 0; i < nonce_chars; ++i)
    out.text += static_cast<char>('0' + (i < random.size() ? random[i] : 0) % 10);
  return out;
}

std::string seal_password(std::string_view password, const Nonce& nonce,
                          std::string_view product_secret) {
  const std::optional<Keys> keys = keys_of(nonce, product_secret);
  if (!keys) return {};
  Bytes text(password.begin(), password.end());
  text.resize((text.size() + block_bytes - 1) / block_bytes * block_bytes, 0);
  // Behind whole blocks the padding is a block of its own, which is left away.
  Bytes sealed = crypto::aes_cbc_encrypt(keys->key, keys->iv, text);
  sealed.resize(text.size());
  return to_hex(sealed);
}

std::optional<std::string> open_password(std::string_view sealed, const Nonce& nonce,
                                         std::string_view product_secret) {
  const std::optional<Keys> keys = keys_of(nonce, product_secret);
  std::optional<Bytes> cipher = from_hex(sealed);
  if (!keys || !cipher || cipher->size() % block_bytes != 0 ||
      cipher->size() > 2 * most_password_chars) {
    return std::nullopt;
  }
  if (cipher->empty()) return std::string();
  // The padding that was left away: the block that goes on behind the last one.
  const Bytes last(cipher->end() - block_bytes, cipher->end());
  append(*cipher, crypto::aes_cbc_encrypt(keys->key, last, {}));
  const std::optional<Bytes> text = crypto::aes_cbc_decrypt(keys->key, keys->iv, *cipher);
  if (!text) return std::nullopt;
  std::string out = to_string(*text);
  out.resize(std::min(out.find('\0'), out.size()));
  return out;
}

std::string switch_request(unsigned id, const provisioning::WifiCredentials& wifi,
                           const Nonce& nonce, std::string_view product_secret) {
  json::object params;
  if (is_plain(wifi.ssid)) {
    params["ssid"] = wifi.ssid;
  } else {
    params["xssid"] = to_hex(as_bytes(wifi.ssid));
  }
  params["passwd"] = seal_password(wifi.password, nonce, product_secret);
  params["random"] = nonce.text;
  if (product_secret.empty()) params["security"] = "2.0";
  return json::serialize(json::object{{"id", std::to_string(id)},
                                      {"version", "1.0"},
                                      {"method", "awss.device.softap.switchap"},
                                      {"params", std::move(params)}});
}

Result<DeviceInfo> parse_switch_reply(std::string_view text) {
  const auto whole = object_in(text);
  if (!whole) return make_error(Errc::bad_content, "not an answer to the credentials");
  const std::string code = text_in(*whole, "code");
  if (code != "200") {
    return make_error(code == "-3" ? Errc::bad_password : Errc::refused,
                      "code " + code.substr(0, 8))
        .with_peer_text(text_in(*whole, "data"));
  }
  DeviceInfo out;
  const json::value* data = whole->if_contains("data");
  if (data == nullptr || !data->is_object()) return out;
  const json::object& info = data->get_object();
  out.product_key = text_in(info, "productKey");
  out.device_name = text_in(info, "deviceName");
  out.mac = text_in(info, "mac");
  out.firmware = text_in(info, "fwVersion");
  out.binding_token = !text_in(info, "token").empty();
  return out;
}

std::string errcode_request(unsigned id) {
  return fmt::format(
      R"({{"id":"{}","version":"1.0","method":"awss.device.errcode.get","params":{{}}}})", id);
}

Result<std::int64_t> parse_errcode(std::string_view text) {
  const auto whole = object_in(text);
  const json::value* data = whole ? whole->if_contains("data") : nullptr;
  const json::value* code =
      data != nullptr && data->is_object() ? data->get_object().if_contains("code") : nullptr;
  boost::system::error_code error;
  if (code == nullptr || !code->is_number()) return make_error(Errc::bad_content, "no error code");
  return code->to_number<std::int64_t>(error);
}

SoftApDevice::SoftApDevice(SoftApOptions options) : options_(std::move(options)) {}

bool SoftApDevice::fails(provisioning::Stage stage) {
  const auto strikes = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind, stage);
  };
  silent_ = silent_ || strikes(FaultKind::silent) || strikes(FaultKind::drop);
  garbage_ = strikes(FaultKind::garbage);
  return silent_ || garbage_;
}

std::optional<std::string> SoftApDevice::answer(std::string_view path, std::string_view request) {
  using provisioning::Stage;
  if (silent_) return std::nullopt;
  const auto whole = object_in(request);
  const std::string id = whole ? text_in(*whole, "id") : std::string("0");
  const bool joined = !joined_ssid_.empty();
  const auto faulty = [&](std::initializer_list<Stage> stages) {
    return std::ranges::any_of(stages, [&](Stage stage) { return fails(stage); });
  };
  const auto garbled = [&]() -> std::optional<std::string> {
    return garbage_ ? std::optional<std::string>("}{") : std::nullopt;
  };
  if (path == switch_path && !joined) {
    ++calls_;
    if (faulty({Stage::found, Stage::connected, Stage::authenticated, Stage::credentials_sent}))
      return garbled();
    if (provisioning::has_fault(options_.faults, FaultKind::wrong_state)) return std::nullopt;
    return take(request);
  }
  if (path == info_path && joined) {
    ++calls_;
    if (faulty({Stage::joined})) return garbled();
    return info(id);
  }
  if (path == errcode_path && has_failed()) {
    ++calls_;
    return fmt::format(R"({{"id":{},"code":200,"data":{{"ver":"2.0","code":{},"msg":""}}}})", id,
                       errcode_);
  }
  return std::nullopt;
}

std::string SoftApDevice::info(std::string_view id) const {
  return json::serialize(json::object{{"id", id},
                                      {"code", 200},
                                      {"data",
                                       {{"productKey", options_.product_key},
                                        {"deviceName", options_.device_name},
                                        {"mac", options_.mac},
                                        {"fwVersion", "1.0.0"},
                                        {"token", "00000000000000000000000000000000"}}}});
}

std::string SoftApDevice::take(std::string_view request) {
  const auto whole = object_in(request);
  const std::string id = whole ? text_in(*whole, "id") : std::string("0");
  const auto refusal = [&](int code, std::string_view words) {
    return json::serialize(json::object{{"id", id}, {"code", code}, {"data", words}});
  };
  const json::value* found = whole ? whole->if_contains("params") : nullptr;
  if (found == nullptr || !found->is_object()) return refusal(-1, "params error");
  const json::object& params = found->get_object();
  std::string ssid = text_in(params, "ssid");
  if (const auto hex = from_hex(text_in(params, "xssid")); hex && ssid.empty())
    ssid = to_string(*hex);
  if (ssid.empty() || ssid.size() > 32) return refusal(-1, "ssid error");
  const Nonce nonce{text_in(params, "random")};
  if (nonce.text.size() != nonce_chars || !from_hex(nonce.text))
    return refusal(-4, "random len error");
  const bool open_security = text_in(params, "security") == "2.0";
  const auto password =
      open_password(text_in(params, "passwd"), nonce, open_security ? "" : options_.product_secret);
  if (!password || !is_utf8(*password)) return refusal(-3, "passwd content error");
  ssid_ = ssid;
  password_ = *password;
  errcode_ = 0;
  waiting_ = true;
  return info(id);
}

void SoftApDevice::try_to_join() {
  if (!waiting_) return;
  waiting_ = false;
  const provisioning::WifiCredentials& wifi = options_.wifi;
  bool fits = wifi.ssid.empty() || (ssid_ == wifi.ssid && password_ == wifi.password);
  for (const FaultKind kind :
       {FaultKind::no_network, FaultKind::refuse_password, FaultKind::no_address}) {
    fits = fits && !provisioning::has_fault(options_.faults, kind);
  }
  if (fits) {
    joined_ssid_ = ssid_;
  } else {
    errcode_ = join_errcode;
  }
}

}  // namespace aiot::alibaba
