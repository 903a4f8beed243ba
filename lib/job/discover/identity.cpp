#include "job/discover/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/asio/ip/address.hpp>

#include "crypto/digest.hpp"

namespace aiot::discover {
namespace {

constexpr std::size_t mac_bytes = 6;
constexpr std::size_t shortest_serial = 4;
constexpr std::size_t id_bytes = 6;

std::string_view kind_name(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::mac: return "mac";
    case IdentityKind::serial: return "serial";
    case IdentityKind::instance: return "instance";
    case IdentityKind::hardware_id: return "hardware_id";
    case IdentityKind::address: return "address";
    case IdentityKind::port: return "port";
    case IdentityKind::host: return "host";
  }
  return "";
}

/// What makers leave in devices that have no serial number of their own.
bool is_placeholder(const std::string& serial) {
  if (serial.size() < shortest_serial) return true;
  if (std::all_of(serial.begin(), serial.end(), [&](char c) { return c == serial.front(); })) {
    return true;
  }
  return std::string_view("0123456789").find(serial) != std::string_view::npos ||
         serial == "1234567890";
}

/// What makes the best id: nearest to the hardware first.
constexpr std::array strongest_first = {
    IdentityKind::mac,  IdentityKind::hardware_id, IdentityKind::serial, IdentityKind::instance,
    IdentityKind::port, IdentityKind::host,        IdentityKind::address};
/// What says most precisely what a source speaks of: a host has one MAC and many services.
constexpr std::array most_telling_first = {
    IdentityKind::instance, IdentityKind::hardware_id, IdentityKind::serial, IdentityKind::port,
    IdentityKind::mac,      IdentityKind::host,        IdentityKind::address};

}  // namespace

std::optional<std::string> normal_mac(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':' || c == '-' || c == '.') continue;
    digits += c;
  }
  const auto bytes = digits.size() == 2 * mac_bytes ? from_hex(digits) : std::nullopt;
  if (!bytes) return std::nullopt;
  const bool zero = std::all_of(bytes->begin(), bytes->end(), [](auto b) { return b == 0; });
  const bool group = (bytes->front() & 1U) != 0;
  if (zero || group) return std::nullopt;
  return to_hex(*bytes, ":");
}

bool is_nobodys_address(const std::string& text) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(text, no_address);
  if (no_address) return false;
  return address.is_unspecified() || address.is_loopback() || address.is_multicast() ||
         (address.is_v4() && address.to_v4() == boost::asio::ip::address_v4::broadcast());
}

std::optional<Key> key_of(const Identity& identity) {
  std::string value = identity.value;
  if (value.empty()) return std::nullopt;
  if (identity.kind == IdentityKind::mac) {
    const auto mac = normal_mac(value);
    if (!mac) return std::nullopt;
    value = *mac;
  } else if (identity.kind == IdentityKind::serial) {
    if (is_placeholder(value)) return std::nullopt;
  } else if (identity.kind == IdentityKind::address) {
    if (!identity.scope.empty()) value += '%' + identity.scope;
    return Key{identity.kind, fmt::format("{} {}", kind_name(identity.kind), value)};
  } else if (identity.kind == IdentityKind::instance || identity.kind == IdentityKind::host) {
    // Names in DNS and UUIDs are the same in either case.
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) {
      return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
    });
  }
  const std::string scope = identity.scope.empty() ? "" : identity.scope + " ";
  return Key{identity.kind, fmt::format("{} {}{}", kind_name(identity.kind), scope, value)};
}

std::string id_of(const std::vector<Key>& keys) {
  for (const IdentityKind kind : strongest_first) {
    // The least of several, so that the order they were seen in does not matter.
    const Key* least = nullptr;
    for (const Key& key : keys) {
      if (key.kind == kind && (least == nullptr || key.text < least->text)) least = &key;
    }
    if (least == nullptr) continue;
    const auto digest = crypto::sha256(as_bytes(least->text));
    return to_hex(ByteSpan(digest).first(id_bytes));
  }
  return {};
}

bool same_subject(const std::vector<Key>& a, const std::vector<Key>& b) {
  for (const IdentityKind kind : most_telling_first) {
    const auto is_kind = [&](const Key& key) { return key.kind == kind; };
    if (std::none_of(a.begin(), a.end(), is_kind)) continue;
    if (std::none_of(b.begin(), b.end(), is_kind)) continue;
    return std::any_of(a.begin(), a.end(), [&](const Key& key) {
      return is_kind(key) && std::find(b.begin(), b.end(), key) != b.end();
    });
  }
  return false;
}

bool share_key(const std::vector<Key>& a, const std::vector<Key>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const Key& key) { return std::find(b.begin(), b.end(), key) != b.end(); });
}

}  // namespace aiot::discover
