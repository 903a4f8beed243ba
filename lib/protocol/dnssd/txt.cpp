#include "protocol/dnssd/txt.hpp"

#include <algorithm>

namespace aiot::dnssd {
namespace {

/// No device has so many; without an end a hostile record would be compared with itself for long.
constexpr std::size_t most_attributes = 256;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<Attribute> attributes_of(const Strings& strings) {
  std::vector<Attribute> out;
  for (const Bytes& bytes : strings) {
    if (out.size() == most_attributes) break;
    const std::string text = aiot::to_string(bytes);
    const std::size_t equals = text.find('=');
    Attribute attribute;
    attribute.key = text.substr(0, equals);
    if (equals != std::string::npos) attribute.value = text.substr(equals + 1);
    if (attribute.key.empty() ||
        !std::all_of(attribute.key.begin(), attribute.key.end(), is_printable) ||
        find_value(out, attribute.key) != nullptr) {
      continue;
    }
    out.push_back(std::move(attribute));
  }
  return out;
}

const std::string* find_value(const std::vector<Attribute>& attributes, std::string_view key) {
  static const std::string empty;
  for (const Attribute& attribute : attributes) {
    if (same_key(attribute.key, key)) return attribute.value ? &*attribute.value : &empty;
  }
  return nullptr;
}

Strings strings_of(const std::vector<Attribute>& attributes) {
  Strings out;
  for (const Attribute& attribute : attributes) {
    const std::string text =
        attribute.value ? attribute.key + "=" + *attribute.value : attribute.key;
    if (text.size() > 255) continue;
    const ByteSpan bytes = as_bytes(text);
    out.emplace_back(bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace aiot::dnssd
