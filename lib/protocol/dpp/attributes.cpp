#include "protocol/dpp/attributes.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "provisioning/error.hpp"

namespace aiot::dpp {
namespace {

constexpr std::size_t header_bytes = 4;

/// The attribute that begins at `at`, with its header. Nothing when it does not fit.
std::optional<ByteSpan> attribute_at(ByteSpan bytes, std::size_t at) {
  if (bytes.size() - at < header_bytes) return std::nullopt;
  const std::size_t length = header_bytes + load_le16(bytes.data() + at + 2);
  if (bytes.size() - at < length) return std::nullopt;
  return bytes.subspan(at, length);
}

bool has_id(ByteSpan attribute, Id id) {
  return load_le16(attribute.data()) == static_cast<std::uint16_t>(id);
}

constexpr std::array<std::string_view, 11> status_words = {
    "success",
    "not compatible",
    "authentication failure",
    "unwrap failure",
    "bad group",
    "configuration failure",
    "response pending",
    "invalid connector",
    "no match",
    "rejected",
    "no access point found",
};

}  // namespace

Error violation(std::string what) {
  return make_error(provisioning::Errc::protocol_violated, std::move(what));
}

std::string describe(Status status) {
  const auto number = static_cast<std::size_t>(status);
  if (number >= status_words.size()) return fmt::format("status {}", number);
  return fmt::format("status {} ({})", number, status_words[number]);
}

Result<Attributes> Attributes::parse(ByteSpan bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto attribute = attribute_at(bytes, at);
    if (!attribute) return violation("an attribute is longer than its message");
    at += attribute->size();
    if (has_id(*attribute, Id::wrapped_data) && at < bytes.size())
      return violation("an attribute follows Wrapped Data");
  }
  return Attributes(bytes);
}

std::optional<ByteSpan> Attributes::find(Id id) const {
  for (std::size_t at = 0; at < bytes_.size();) {
    const ByteSpan attribute = *attribute_at(bytes_, at);
    if (has_id(attribute, id)) return attribute.subspan(header_bytes);
    at += attribute.size();
  }
  return std::nullopt;
}

Result<ByteSpan> Attributes::require(Id id, std::size_t length) const {
  const auto value = find(id);
  const auto number = static_cast<unsigned>(id);
  if (!value) return violation(fmt::format("attribute {:04x} is missing", number));
  if (length != 0 && value->size() != length)
    return violation(
        fmt::format("attribute {:04x} has {} bytes, not {}", number, value->size(), length));
  return *value;
}

ByteSpan Attributes::before_wrapped() const {
  const auto wrapped = find(Id::wrapped_data);
  const std::size_t after = wrapped ? header_bytes + wrapped->size() : 0;
  return ByteSpan(bytes_).first(bytes_.size() - after);
}

void append_attribute(Bytes& out, Id id, ByteSpan value) {
  append_le16(out, static_cast<std::uint16_t>(id));
  append_le16(out, static_cast<std::uint16_t>(value.size()));
  append(out, value);
}

void append_attribute(Bytes& out, Id id, std::uint8_t value) {
  append_attribute(out, id, ByteSpan(&value, 1));
}

}  // namespace aiot::dpp
