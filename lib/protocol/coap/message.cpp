#include "protocol/coap/message.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace aiot::coap {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_message, "coap.bad_message", "not a CoAP message", Condition::protocol},
    {Errc::bad_link_format, "coap.bad_link_format", "not a list of links", Condition::protocol},
    {Errc::bad_block, "coap.bad_block", "the blocks do not fit together", Condition::protocol,
     true},
    {Errc::too_large, "coap.too_large", "the resource is larger than is accepted",
     Condition::protocol},
    {Errc::no_reply, "coap.no_reply", "no answer", Condition::timeout, true},
    {Errc::reset, "coap.reset", "the other end reset the exchange", Condition::protocol, true},
    {Errc::critical_option, "coap.critical_option",
     "the answer has a critical option that is not known here", Condition::protocol},
    {Errc::refused, "coap.refused", "the request was refused", Condition::protocol},
    {Errc::not_observable, "coap.not_observable", "the resource cannot be observed",
     Condition::protocol},
};
const ErrorTable table("coap", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

std::optional<Block> parse_block(ByteSpan value) {
  const std::optional<std::uint32_t> number = parse_uint(value);
  if (!number || value.size() > 3 || (*number & 7U) == 7) return std::nullopt;
  Block out;
  out.number = *number >> 4;
  out.more = (*number & 8U) != 0;
  out.size_exponent = static_cast<std::uint8_t>(*number & 7U);
  return out;
}

namespace {

constexpr std::size_t header_bytes = 4;
constexpr std::size_t max_token_bytes = 8;
constexpr std::uint8_t payload_marker = 0xFF;

enum class Step { option, end, broken };

/// Takes an option's delta or length: 13 and 14 announce one and two more bytes, 15 is reserved.
bool take_extended(ByteSpan& rest, std::uint32_t& value) {
  if (value < 13) return true;
  const std::size_t more = value - 12;
  if (value == 15 || rest.size() < more) return false;
  value = more == 1 ? rest[0] + 13U : (rest[0] << 8U | rest[1]) + 269U;
  rest = rest.subspan(more);
  return true;
}

/// Takes the next option, or the payload marker.
Step take_option(ByteSpan& rest, Option& out) {
  if (rest.empty() || rest[0] == payload_marker) return Step::end;
  std::uint32_t delta = rest[0] >> 4U;
  std::uint32_t length = rest[0] & 15U;
  rest = rest.subspan(1);
  if (!take_extended(rest, delta) || !take_extended(rest, length)) return Step::broken;
  const std::uint32_t number = out.number + delta;
  if (number > 0xFFFF || length > rest.size()) return Step::broken;
  out.number = static_cast<std::uint16_t>(number);
  out.value = rest.first(length);
  rest = rest.subspan(length);
  return Step::option;
}

std::uint8_t nibble(std::size_t value) {
  return static_cast<std::uint8_t>(value < 13 ? value : value < 269 ? 13 : 14);
}

void append_extended(Bytes& out, std::size_t value) {
  if (value < 13) return;
  if (value < 269) {
    out.push_back(static_cast<std::uint8_t>(value - 13));
    return;
  }
  out.push_back(static_cast<std::uint8_t>((value - 269) >> 8));
  out.push_back(static_cast<std::uint8_t>(value - 269));
}

std::string joined(const Options& options, std::uint16_t number, char separator, bool leading) {
  std::string out;
  for (const Option& o : options) {
    if (o.number != number) continue;
    if (leading || !out.empty()) out += separator;
    out += to_string(o.value);
  }
  return out;
}

}  // namespace

std::string code_text(Code code) {
  const auto byte = static_cast<unsigned>(code);
  return fmt::format("{}.{:02}", byte >> 5, byte & 31);
}

void Options::Iterator::read() {
  // decode() has walked these bytes before.
  ended_ = take_option(rest_, current_) != Step::option;
}

std::optional<ByteSpan> Options::find(std::uint16_t number) const {
  for (const Option& o : *this) {
    if (o.number == number) return o.value;
    if (o.number > number) break;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Options::find_uint(std::uint16_t number) const {
  const std::optional<ByteSpan> value = find(number);
  return value ? parse_uint(*value) : std::nullopt;
}

std::string Options::path() const { return joined(*this, option::uri_path, '/', true); }
std::string Options::query() const { return joined(*this, option::uri_query, '&', false); }

Result<MessageView> decode(ByteSpan datagram) {
  if (datagram.size() < header_bytes) return make_error(Errc::bad_message, "shorter than a header");
  if (datagram[0] >> 6 != 1) return make_error(Errc::bad_message, "not version 1");
  MessageView out;
  out.type = static_cast<Type>(datagram[0] >> 4 & 3);
  out.code = static_cast<Code>(datagram[1]);
  out.id = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
  const std::size_t token_bytes = datagram[0] & 15U;
  ByteSpan rest = datagram.subspan(header_bytes);
  if (out.code == Code::empty) {
    if (token_bytes != 0 || !rest.empty())
      return make_error(Errc::bad_message, "an empty message that is not empty");
    return out;
  }
  const unsigned kind = code_class(out.code);
  if (kind == 1 || kind > 5) return make_error(Errc::bad_message, "reserved code");
  if (token_bytes > max_token_bytes || token_bytes > rest.size())
    return make_error(Errc::bad_message, "bad token");
  out.token = rest.first(token_bytes);
  rest = rest.subspan(token_bytes);

  const ByteSpan options = rest;
  Option one;
  Step step = Step::option;
  while (step == Step::option) step = take_option(rest, one);
  if (step == Step::broken) return make_error(Errc::bad_message, "bad option");
  out.options = Options(options.first(options.size() - rest.size()));
  if (!rest.empty()) {
    out.payload = rest.subspan(1);
    if (out.payload.empty()) return make_error(Errc::bad_message, "a payload of no bytes");
  }
  return out;
}

Message& Message::add(std::uint16_t number, ByteSpan value) {
  options.push_back({number, Bytes(value.begin(), value.end())});
  return *this;
}

Message& Message::add_uint(std::uint16_t number, std::uint32_t value) {
  options.push_back({number, uint_bytes(value)});
  return *this;
}

Message& Message::add_path(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    add(option::uri_path, path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) add(option::uri_path, path);  // "/a/" has an empty last segment
  }
  return *this;
}

Bytes encode(const Message& message) {
  Bytes out;
  out.reserve(header_bytes + message.token.size() + message.payload.size() + 64);
  out.push_back(static_cast<std::uint8_t>(1U << 6 | static_cast<unsigned>(message.type) << 4 |
                                          message.token.size()));
  out.push_back(static_cast<std::uint8_t>(message.code));
  out.push_back(static_cast<std::uint8_t>(message.id >> 8));
  out.push_back(static_cast<std::uint8_t>(message.id));
  append(out, message.token);

  std::vector<const Message::Option*> sorted;
  for (const Message::Option& o : message.options) sorted.push_back(&o);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->number < b->number; });
  std::uint16_t last = 0;
  for (const Message::Option* o : sorted) {
    const auto delta = static_cast<std::size_t>(o->number - last);
    last = o->number;
    out.push_back(static_cast<std::uint8_t>(nibble(delta) << 4 | nibble(o->value.size())));
    append_extended(out, delta);
    append_extended(out, o->value.size());
    append(out, o->value);
  }
  if (!message.payload.empty()) {
    out.push_back(payload_marker);
    append(out, message.payload);
  }
  return out;
}

Bytes uint_bytes(std::uint32_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(value >> shift);
    if (byte != 0 || !out.empty()) out.push_back(byte);
  }
  return out;
}

std::optional<std::uint32_t> parse_uint(ByteSpan bytes) {
  if (bytes.size() > 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::uint8_t b : bytes) value = value << 8 | b;
  return value;
}

}  // namespace aiot::coap
