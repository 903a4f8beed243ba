#include "aiot/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "core/error_codes.hpp"
#include "core/without_password.hpp"

namespace aiot {

std::string without_password(std::string_view text) {
  const auto slashes = text.find("://");
  const auto at = text.rfind('@');
  if (slashes == std::string_view::npos || at == std::string_view::npos || at < slashes) {
    return std::string(text);
  }
  return fmt::format("{}://…{}", text.substr(0, slashes), text.substr(at));
}

namespace {

using core::Errc;

constexpr std::size_t max_address_length = 4096;

struct Scheme {
  std::string_view name;
  bool has_authority;        ///< written with //host[:port]
  std::string_view command;  ///< who takes it, "" for several
};
constexpr std::array<Scheme, 22> schemes = {{{"serial", false, ""},
                                             {"usb", false, ""},
                                             {"rfc2217", true, ""},
                                             {"tcp", true, ""},
                                             {"udp", true, ""},
                                             {"http", true, "pair"},
                                             {"https", true, "pair"},
                                             {"ble", false, ""},
                                             {"bluetooth", false, "pair"},
                                             {"mqtt", true, "listen"},
                                             {"mqtts", true, "listen"},
                                             {"coap", true, "listen"},
                                             {"syslog", true, "listen"},
                                             {"matter", false, "pair"},
                                             {"miio", true, "pair"},
                                             {"homekit", true, "pair"},
                                             {"alibaba", true, "pair"},
                                             {"arduino", true, "ota push"},
                                             {"esphome", true, "ota push"},
                                             {"code", false, "pair"},
                                             {"mesh", false, "pair"},
                                             {"wifi", false, "pair"}}};

const Scheme* find_scheme(std::string_view name) {
  auto it =
      std::find_if(schemes.begin(), schemes.end(), [&](const Scheme& s) { return s.name == name; });
  return it == schemes.end() ? nullptr : &*it;
}

Error bad(std::string_view text, std::string_view why) {
  return make_error(Errc::bad_address, fmt::format("\"{}\": {}", without_password(text), why),
                    "write an address as serial:/dev/ttyUSB0, usb:303a:1001, "
                    "rfc2217://host:4000 or tcp://host:5555");
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte || byte->size() != 1 || byte->front() == 0) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string out;
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos ||
                       keep.find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", u);
  }
  return out;
}

Result<void> parse_authority(std::string_view whole, std::string_view text, Address& out) {
  std::string_view port;
  if (text.find('@') != std::string_view::npos) {
    return make_error(
        Errc::bad_address,
        fmt::format("\"{}\": a user or password is no part of it", without_password(whole)),
        "others see what stands in a command line: keep it in a file that its owner "
        "alone may read, and write the address without it");
  }
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad(whole, "the ']' of an IPv6 host is missing");
    out.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (!text.empty() && !text.starts_with(':')) return bad(whole, "expected ':PORT' after ']'");
    port = text.empty() ? text : text.substr(1);
  } else {
    const auto colon = text.rfind(':');
    out.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    if (out.host.find(':') != std::string::npos) {
      return bad(whole, "an IPv6 host goes in brackets");
    }
  }
  if (out.host.empty()) return bad(whole, "the host is missing");
  if (port.empty()) return {};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) {
    return bad(whole, "the port is not a number from 1 to 65535");
  }
  return {};
}

Result<void> parse_query(std::string_view whole, std::string_view text, Address& out) {
  while (!text.empty()) {
    const auto amp = text.find('&');
    const std::string_view pair = text.substr(0, amp);
    text = amp == std::string_view::npos ? std::string_view() : text.substr(amp + 1);
    const auto equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                        : percent_decode(pair.substr(equals + 1));
    if (!key || key->empty() || !value) return bad(whole, "the query is not KEY=VALUE");
    out.query[*key] = *value;
  }
  return {};
}

}  // namespace

std::string Address::str() const {
  const Scheme* known = find_scheme(scheme);
  std::string out = scheme + ":";
  if (known && known->has_authority) {
    out += host.find(':') == std::string::npos ? "//" + host : "//[" + host + "]";
    if (port != 0) out += fmt::format(":{}", port);
  }
  out += percent_encode(path, "/:@+,*!$#[]");
  char separator = '?';
  for (const auto& [key, value] : query) {
    out += separator + percent_encode(key, "") + "=" + percent_encode(value, "/:,*");
    separator = '&';
  }
  return out;
}

std::string place_of(const Address& address) {
  Address bare = address;
  bare.query.clear();
  if (address.scheme == "serial") {
    std::error_code error;
    const auto real = std::filesystem::canonical(address.path, error);
    if (!error) bare.path = real.string();
  }
  return bare.str();
}

Result<Address> parse_address(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  if (text.size() > max_address_length) return bad(text.substr(0, 40), "it is too long");
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return bad(escape_controls(text), "it is not text");
  }
  Address out;
  if (text.starts_with('/')) {
    out.scheme = "serial";
    out.path = text;
    return out;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return bad(text, "it has no scheme");
  out.scheme = text.substr(0, colon);
  std::transform(out.scheme.begin(), out.scheme.end(), out.scheme.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  const Scheme* known = find_scheme(out.scheme);
  if (!known) {
    std::vector<std::string> names;
    for (const Scheme& s : schemes) names.emplace_back(s.name);
    const std::string near = nearest_word(out.scheme, names);
    return bad(text, near.empty() ? "unknown scheme"
                                  : fmt::format("unknown scheme, did you mean {}:", near));
  }
  std::string_view rest = text.substr(colon + 1);
  std::string_view query;
  if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (known->has_authority) {
    if (!rest.starts_with("//")) return bad(text, "expected // after the scheme");
    rest.remove_prefix(2);
    const auto slash = rest.find('/');
    AIOT_CHECK(parse_authority(text, rest.substr(0, slash), out));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  } else if (rest.empty()) {
    return bad(text, "nothing follows the scheme");
  }
  const auto path = percent_decode(rest);
  if (!path) return bad(text, "a % is not followed by two hex digits");
  out.path = *path;
  AIOT_CHECK(parse_query(text, query, out));
  return out;
}

std::string_view job_of_scheme(std::string_view scheme) {
  const Scheme* known = find_scheme(scheme);
  return known == nullptr ? std::string_view() : known->command;
}

Result<void> require_scheme(const Address& address, std::span<const std::string_view> accepted) {
  if (std::find(accepted.begin(), accepted.end(), address.scheme) != accepted.end()) return {};
  std::string list;
  for (std::string_view name : accepted)
    list += fmt::format("{}{}:", list.empty() ? "" : ", ", name);
  const Scheme* known = find_scheme(address.scheme);
  std::string hint = "this command takes " + list;
  if (known && !known->command.empty()) {
    hint += fmt::format("; {}: is for another job ({})", address.scheme, known->command);
  }
  return make_error(Errc::wrong_scheme, address.str(), std::move(hint));
}

}  // namespace aiot
