#include "protocol/homekit/tlv.hpp"

#include <algorithm>

#include "provisioning/error.hpp"

namespace aiot::homekit {
namespace {

constexpr std::size_t fragment_bytes = 255;

}  // namespace

Tlv& Tlv::add(Tag tag, ByteSpan value) {
  items_.push_back({tag, Bytes(value.begin(), value.end())});
  return *this;
}

bool Tlv::has(Tag tag) const { return std::ranges::find(items_, tag, &Item::tag) != items_.end(); }

ByteSpan Tlv::find(Tag tag) const {
  const auto it = std::ranges::find(items_, tag, &Item::tag);
  return it == items_.end() ? ByteSpan() : ByteSpan(it->value);
}

std::optional<std::uint32_t> Tlv::number(Tag tag) const {
  const ByteSpan value = find(tag);
  if (value.empty() || value.size() > 4) return std::nullopt;
  std::uint32_t out = 0;
  for (std::size_t i = value.size(); i > 0; --i) out = out << 8 | value[i - 1];
  return out;
}

Bytes Tlv::encode() const {
  Bytes out;
  for (auto item = items_.begin(); item != items_.end(); ++item) {
    // An empty fragment ends a value of whole fragments that another one of its tag follows.
    const auto next = item + 1;
    const bool ends = next != items_.end() && next->tag == item->tag && !item->value.empty() &&
                      item->value.size() % fragment_bytes == 0;
    ByteSpan rest = item->value;
    do {
      const ByteSpan fragment = rest.first(std::min(rest.size(), fragment_bytes));
      out.push_back(static_cast<std::uint8_t>(item->tag));
      out.push_back(static_cast<std::uint8_t>(fragment.size()));
      append(out, fragment);
      rest = rest.subspan(fragment.size());
    } while (!rest.empty());
    if (ends) append(out, Bytes{static_cast<std::uint8_t>(item->tag), 0});
  }
  return out;
}

Result<Tlv> Tlv::decode(ByteSpan bytes) {
  if (bytes.size() > most_bytes)
    return make_error(provisioning::Errc::protocol_violated, "a pairing message is too long");
  Tlv out;
  bool goes_on = false;  // the item before may have another fragment
  while (!bytes.empty()) {
    if (bytes.size() < 2 || bytes.size() - 2 < bytes[1])
      return make_error(provisioning::Errc::protocol_violated, "a pairing message is cut short");
    const Tag tag{bytes[0]};
    const ByteSpan value = bytes.subspan(2, bytes[1]);
    if (goes_on && out.items_.back().tag == tag) {
      append(out.items_.back().value, value);
    } else {
      out.add(tag, value);
    }
    goes_on = value.size() == fragment_bytes;
    bytes = bytes.subspan(2 + value.size());
  }
  return out;
}

}  // namespace aiot::homekit
