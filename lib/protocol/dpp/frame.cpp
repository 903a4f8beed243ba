#include "protocol/dpp/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/dpp/attributes.hpp"
#include "provisioning/error.hpp"

namespace aiot::dpp {
namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::uint8_t vendor_specific = 0x09;  // public action codes of IEEE 802.11, 9.6.7.1
constexpr std::uint8_t gas_request = 0x0a;
constexpr std::uint8_t gas_response = 0x0b;
constexpr std::array<std::uint8_t, 4> oui_and_type = {0x50, 0x6f, 0x9a, 0x1a};
constexpr std::uint8_t crypto_suite = 1;
/// Advertisement Protocol element: a query of the Wi-Fi Alliance's, for DPP configuration.
constexpr std::array<std::uint8_t, 10> advertisement = {0x6c, 0x08, 0x7f, 0xdd, 0x05,
                                                        0x50, 0x6f, 0x9a, 0x1a, 0x01};

bool is_action(FrameKind kind) { return static_cast<unsigned>(kind) < 0x100; }

std::uint8_t number_of(FrameKind kind) { return static_cast<std::uint8_t>(kind); }

FrameKind kind_of_number(std::uint8_t number) {
  switch (const auto kind = static_cast<FrameKind>(number)) {
    case FrameKind::authentication_request:
    case FrameKind::authentication_response:
    case FrameKind::authentication_confirm:
    case FrameKind::configuration_result:
    case FrameKind::connection_status:
    case FrameKind::presence_announcement: return kind;
    default: return FrameKind::other;
  }
}

Result<Frame> parse_action(ByteSpan body) {
  if (body.size() < oui_and_type.size() + 2 ||
      !std::ranges::equal(body.first(oui_and_type.size()), oui_and_type))
    return violation("not a frame of DPP");
  const std::uint8_t suite = body[oui_and_type.size()];
  if (suite != crypto_suite) {
    return make_error(provisioning::Errc::unsupported_version,
                      fmt::format("crypto suite {} of DPP", suite));
  }
  const ByteSpan attributes = body.subspan(oui_and_type.size() + 2);
  return Frame{kind_of_number(body[oui_and_type.size() + 1]), 0, 0,
               Bytes(attributes.begin(), attributes.end())};
}

Result<Frame> parse_gas(ByteSpan body, FrameKind kind) {
  Frame frame;
  frame.kind = kind;
  const std::size_t fixed = kind == FrameKind::configuration_response ? 5 : 1;
  if (body.size() < fixed + advertisement.size() + 2) return violation("a GAS frame is too short");
  frame.token = body[0];
  if (kind == FrameKind::configuration_response) {
    if (const std::uint16_t status = load_le16(&body[1]); status != 0)
      return violation(fmt::format("a GAS frame has status {}", status));
    frame.comeback_delay = load_le16(&body[3]);
  }
  // The third byte has limits of the query, which differ.
  auto element = body.subspan(fixed, advertisement.size());
  if (!std::equal(element.begin(), element.begin() + 2, advertisement.begin()) ||
      !std::equal(element.begin() + 3, element.end(), advertisement.begin() + 3))
    return violation("a GAS frame is not for DPP");
  const ByteSpan query = body.subspan(fixed + advertisement.size());
  const std::size_t length = load_le16(query.data());
  if (query.size() != 2 + length) return violation("a GAS frame has another length than it says");
  frame.attributes.assign(query.begin() + 2, query.end());
  return frame;
}

void append_be32(Bytes& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
}

}  // namespace

Bytes sealed_header(FrameKind kind) {
  Bytes out(oui_and_type.begin(), oui_and_type.end());
  out.push_back(crypto_suite);
  out.push_back(number_of(kind));
  return out;
}

Bytes write_frame(const Frame& frame) {
  Bytes message;
  if (is_action(frame.kind)) {
    message.push_back(vendor_specific);
    append(message, sealed_header(frame.kind));
  } else {
    const bool answer = frame.kind == FrameKind::configuration_response;
    message = {answer ? gas_response : gas_request, frame.token};
    if (answer) {
      append_le16(message, 0);  // success
      append_le16(message, frame.comeback_delay);
    }
    append(message, advertisement);
    append_le16(message, static_cast<std::uint16_t>(frame.attributes.size()));
  }
  append(message, frame.attributes);
  Bytes out;
  append_be32(out, message.size());
  append(out, message);
  return out;
}

Result<Frame> parse_frame(ByteSpan message) {
  if (message.empty()) return violation("an empty frame");
  const ByteSpan body = message.subspan(1);
  switch (message[0]) {
    case vendor_specific: return parse_action(body);
    case gas_request: return parse_gas(body, FrameKind::configuration_request);
    case gas_response: return parse_gas(body, FrameKind::configuration_response);
    default: return Frame{};
  }
}

std::size_t FrameReader::wanted() const {
  if (buffer_.size() < length_bytes) return length_bytes - buffer_.size();
  const std::size_t total = length_bytes + load_be32(buffer_.data());
  return total > buffer_.size() ? total - buffer_.size() : 0;
}

Result<std::optional<Frame>> FrameReader::take() {
  if (buffer_.size() < length_bytes) return std::optional<Frame>();
  const std::size_t length = load_be32(buffer_.data());
  if (length > max_bytes)
    return violation(fmt::format("a frame of {} bytes, more than {}", length, max_bytes));
  if (buffer_.size() - length_bytes < length) return std::optional<Frame>();
  auto frame = parse_frame(ByteSpan(buffer_).subspan(length_bytes, length));
  buffer_.erase(buffer_.begin(),
                buffer_.begin() + static_cast<std::ptrdiff_t>(length_bytes + length));
  if (!frame) return std::move(frame).error();
  return std::optional<Frame>(*std::move(frame));
}

}  // namespace aiot::dpp
