#include "protocol/setup_code/code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "crypto/digest.hpp"
#include "provisioning/error.hpp"

namespace aiot::setup_code {
namespace {

constexpr std::string_view homekit_start = "X-HM://";
/// Characters of the number in a HomeKit code, and of the setup id behind it.
constexpr std::size_t homekit_number = 9;
constexpr std::size_t setup_id_size = 4;

Error bad(std::string_view kind, std::string_view why) {
  return make_error(provisioning::Errc::bad_code, fmt::format("{}: {}", kind, why),
                    "scan or copy the whole code again");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "031-45-154"
bool is_typed_homekit(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 3 || i == 6 ? text[i] != '-' : !is_digit(text[i])) return false;
  }
  return true;
}

/// 11 or 21 digits, in groups or not.
bool is_typed_matter(std::string_view text) {
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(text, is_digit));
  return (digits == 11 || digits == 21) && std::ranges::all_of(text, [](char c) {
           return is_digit(c) || c == '-' || c == ' ';
         });
}

Result<Code> parse_esp(std::string_view text) {
  boost::system::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return bad("ESP", "it is not JSON");
  Esp out;
  const auto take = [&](const char* name, std::string& field) {
    const boost::json::value* there = object->if_contains(name);
    if (there == nullptr) return true;
    if (const auto* number = there->if_int64()) {
      field = std::to_string(*number);
      return true;
    }
    if (!there->is_string()) return false;
    field = std::string(there->as_string());
    return field.find('\0') == std::string::npos;
  };
  const bool taken = take("ver", out.version) && take("name", out.name) &&
                     take("username", out.username) && take("pop", out.pop) &&
                     take("transport", out.transport) && take("security", out.security) &&
                     take("password", out.password) && take("network", out.network);
  if (!taken) return bad("ESP", "a field is not a text");
  if (out.version != "v1") return bad("ESP", "the version is not v1");
  if (out.name.empty()) return bad("ESP", "the device's name is missing");
  if (out.transport != "ble" && out.transport != "softap") {
    return bad("ESP", "the transport is neither ble nor softap");
  }
  return out;
}

/// `A:value;B:value;;`: values may have escapes where `escapes`. nullopt when it does not end so.
std::optional<std::map<char, std::string>> fields_of(std::string_view text, bool escapes) {
  std::map<char, std::string> out;
  while (!text.empty() && text.front() != ';') {
    if (text.size() < 2 || text[1] != ':') return std::nullopt;
    const char name = text.front();
    text.remove_prefix(2);
    std::string value;
    for (; !text.empty() && text.front() != ';'; text.remove_prefix(1)) {
      if (escapes && text.front() == '\\') text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
      value += text.front();
    }
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    out.emplace(name, std::move(value));
  }
  if (text != ";") return std::nullopt;
  return out;
}

Result<Code> parse_dpp(std::string_view text) {
  const auto fields = fields_of(text.substr(4), false);
  if (!fields) return bad("DPP", "it does not end in ;;");
  const auto field = [&](char name) {
    const auto at = fields->find(name);
    return at == fields->end() ? std::string() : at->second;
  };
  Dpp out;
  out.channels = field('C');
  out.info = field('I');
  out.version = field('V');
  out.host = field('H');
  if (const std::string mac = field('M'); !mac.empty()) {
    const std::optional<Bytes> bytes = from_hex(mac);
    if (!bytes || bytes->size() != 6) return bad("DPP", "the MAC is not 12 hexadecimal digits");
    out.mac = to_hex(*bytes, ":");
  }
  const std::string base64 = field('K');
  const std::optional<Bytes> key = from_base64(base64);
  if (base64.empty() || !key || key->empty()) return bad("DPP", "the key is missing or damaged");
  out.key = *key;
  return out;
}

Result<Code> parse_homekit(std::string_view text) {
  HomeKit out;
  if (is_typed_homekit(text)) {
    out.code = text;
    return out;
  }
  text.remove_prefix(homekit_start.size());
  if (text.size() != homekit_number && text.size() != homekit_number + setup_id_size) {
    return bad("HomeKit", "it is not whole");
  }
  std::uint64_t number = 0;
  for (const char c : text) {
    const bool letter = c >= 'A' && c <= 'Z';
    if (!letter && !is_digit(c)) return bad("HomeKit", "a character does not belong in it");
  }
  for (const char c : text.substr(0, homekit_number)) {
    number = number * 36 + static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'A' + 10);
  }
  const auto code = static_cast<std::uint32_t>(number & 0x7FFFFFF);
  if (code > 99'999'999) return bad("HomeKit", "a number is out of range");
  out.code = fmt::format("{:03}-{:02}-{:03}", code / 100'000, code / 1'000 % 100, code % 1'000);
  out.paired = (number >> 27 & 1U) != 0;
  out.ip = (number >> 28 & 1U) != 0;
  out.ble = (number >> 29 & 1U) != 0;
  out.category = static_cast<std::uint8_t>(number >> 31 & 0xFFU);
  if (number >> 43 != 0) return bad("HomeKit", "the version is unknown");
  out.setup_id = text.substr(homekit_number);
  return out;
}

Result<Code> parse_wifi_code(std::string_view text) {
  const auto fields = fields_of(text.substr(5), true);
  if (!fields) return bad("Wi-Fi", "it does not end in ;;");
  const auto field = [&](char name) {
    const auto at = fields->find(name);
    return at == fields->end() ? std::string() : at->second;
  };
  Wifi out;
  out.credentials.ssid = field('S');
  out.credentials.password = field('P');
  out.credentials.hidden = field('H') == "true";
  const std::string type = field('T');
  if (type == "SAE") {
    out.credentials.security = "wpa3";
  } else if (type.empty() || type == "nopass") {
    out.credentials.security = out.credentials.password.empty() ? "open" : "";
  } else if (type != "WPA") {
    return bad("Wi-Fi", "the security is none of WPA, SAE and nopass");
  }
  if (out.credentials.ssid.empty()) return bad("Wi-Fi", "the network's name is missing");
  return out;
}

}  // namespace

std::string_view kind_of(const Code& code) {
  constexpr std::string_view kinds[] = {"esp", "dpp", "homekit", "matter", "wifi"};
  return kinds[code.index()];
}

bool looks_like_code(std::string_view text) {
  return text.starts_with('{') || text.starts_with("DPP:") || text.starts_with(homekit_start) ||
         text.starts_with("MT:") || text.starts_with("WIFI:") || is_typed_homekit(text) ||
         is_typed_matter(text);
}

Result<Code> parse(std::string_view text) {
  if (text.size() > max_code_bytes) return bad("code", "it is too long");
  if (!is_utf8(text)) return bad("code", "it is not text");
  if (text.starts_with('{')) return parse_esp(text);
  if (text.starts_with("DPP:")) return parse_dpp(text);
  if (text.starts_with(homekit_start) || is_typed_homekit(text)) return parse_homekit(text);
  if (text.starts_with("WIFI:")) return parse_wifi_code(text);
  if (text.starts_with("MT:") || is_typed_matter(text)) {
    AIOT_TRY(const Matter matter, parse_matter(text));
    return matter;
  }
  return make_error(provisioning::Errc::bad_code, "code: the kind is unknown",
                    "codes begin with {\"ver\", DPP:, X-HM://, MT: or WIFI:, or have 8, 11 or 21 "
                    "digits");
}

std::string label(const Code& code) {
  struct Label {
    std::string operator()(const Esp& esp) const { return esp.name; }
    std::string operator()(const Dpp& dpp) const {
      return dpp.mac.empty() ? to_hex(ByteSpan(crypto::sha256(dpp.key)).first(6)) : dpp.mac;
    }
    std::string operator()(const HomeKit& homekit) const { return homekit.setup_id; }
    std::string operator()(const Matter& matter) const {
      if (!matter.vendor || !matter.product) return fmt::format("{}", matter.discriminator);
      return fmt::format("{:04x}-{:04x}-{}", *matter.vendor, *matter.product, matter.discriminator);
    }
    std::string operator()(const Wifi& wifi) const { return wifi.credentials.ssid; }
  };
  return std::visit(Label(), code);
}

pair::Secrets secrets_of(const Code& code) {
  pair::Secrets out;
  if (const auto* esp = std::get_if<Esp>(&code)) {
    out.proof = esp->pop;
    out.username = esp->username;
  } else if (const auto* homekit = std::get_if<HomeKit>(&code)) {
    out.proof = homekit->code;
  } else if (const auto* matter = std::get_if<Matter>(&code)) {
    out.proof = std::to_string(matter->passcode);
  }
  return out;
}

}  // namespace aiot::setup_code
