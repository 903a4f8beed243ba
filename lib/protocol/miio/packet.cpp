#include "protocol/miio/packet.hpp"

#include <algorithm>
#include <array>

#include "crypto/aes.hpp"
#include "crypto/digest.hpp"

namespace aiot::miio {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_packet, "miio.bad_packet", "not a miIO packet", Condition::protocol},
    {Errc::wrong_token, "miio.wrong_token", "the token is not this device's",
     Condition::refused_security},
    {Errc::token_hidden, "miio.token_hidden", "the device hides its token",
     Condition::refused_security},
    {Errc::bad_reply, "miio.bad_reply", "the reply is malformed", Condition::protocol, true},
    {Errc::no_reply, "miio.no_reply", "no answer", Condition::timeout, true},
    {Errc::refused, "miio.refused", "the device refused", Condition::protocol},
};
const ErrorTable table("miio", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Length of the zeros at text[i] that JSON does not allow in front of a number.
std::size_t idle_zeros(std::string_view text, std::size_t i) {
  std::size_t n = 0;
  while (i + n + 1 < text.size() && text[i + n] == '0' && is_digit(text[i + n + 1])) ++n;
  return n;
}

}  // namespace

std::string repaired_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool quoted = false;
  char last = '\0';  // the last character outside strings that is no blank
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      quoted = c != '"';
      continue;
    }
    if (c == ',' && (last == ',' || last == '[' || last == '{')) continue;
    if (c == '0' && !is_digit(last) && last != '.') i += idle_zeros(text, i);
    out += text[i];
    quoted = text[i] == '"';
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') last = c;
  }
  return out;
}

namespace {

constexpr std::size_t sum_offset = 16;
constexpr std::size_t max_packet_bytes = 0xFFFF;

void append_be16(Bytes& out, std::size_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

void append_be32(Bytes& out, std::uint32_t v) {
  append_be16(out, v >> 16);
  append_be16(out, v & 0xFFFF);
}

/// The first half of a header, up to the sum.
Bytes half_header(std::size_t packet_bytes, std::uint64_t device_id, std::uint32_t stamp_s) {
  Bytes out = {0x21, 0x31};
  append_be16(out, packet_bytes);
  append_be32(out, static_cast<std::uint32_t>(device_id >> 32));
  append_be32(out, static_cast<std::uint32_t>(device_id));
  append_be32(out, stamp_s);
  return out;
}

struct Keys {
  crypto::Md5 key;
  crypto::Md5 iv;
};

Keys keys_of(const Token& token) {
  Keys out;
  out.key = crypto::md5(token);
  Bytes both(out.key.begin(), out.key.end());
  append(both, token);
  out.iv = crypto::md5(both);
  return out;
}

crypto::Md5 sum_of(ByteSpan half, const Token& token, ByteSpan cipher) {
  crypto::Md5Stream md5;
  md5.update(half);
  md5.update(token);
  md5.update(cipher);
  return md5.finish();
}

bool is_all(const std::array<std::uint8_t, 16>& bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t b) { return b == value; });
}

}  // namespace

std::optional<Token> parse_token(std::string_view hex) {
  const std::optional<Bytes> bytes = from_hex(hex);
  Token out;
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

Result<Header> decode_header(ByteSpan packet) {
  if (packet.size() < header_bytes || packet[0] != 0x21 || packet[1] != 0x31)
    return make_error(Errc::bad_packet);
  if (static_cast<std::size_t>(packet[2] << 8 | packet[3]) != packet.size())
    return make_error(Errc::bad_packet, "its length is not what it says");
  Header out;
  out.device_id = static_cast<std::uint64_t>(load_be32(&packet[4])) << 32 | load_be32(&packet[8]);
  out.stamp_s = load_be32(&packet[12]);
  std::copy_n(packet.begin() + sum_offset, out.sum.size(), out.sum.begin());
  return out;
}

Bytes hello() {
  Bytes out = {0x21, 0x31, 0x00, header_bytes};
  out.resize(header_bytes, 0xFF);
  return out;
}

bool is_hello(ByteSpan packet) { return std::ranges::equal(packet, hello()); }

Bytes hello_reply(std::uint64_t device_id, std::uint32_t stamp_s,
                  const std::optional<Token>& token) {
  Bytes out = half_header(header_bytes, device_id, stamp_s);
  if (token) append(out, *token);
  out.resize(header_bytes, 0xFF);
  return out;
}

Result<HelloReply> decode_hello_reply(ByteSpan packet) {
  AIOT_TRY(const Header header, decode_header(packet));
  if (packet.size() != header_bytes || is_hello(packet))
    return make_error(Errc::bad_packet, "not an answer to a hello");
  HelloReply out{header.device_id, header.stamp_s, {}};
  if (!is_all(header.sum, 0x00) && !is_all(header.sum, 0xFF)) out.token = header.sum;
  return out;
}

Bytes seal(std::uint64_t device_id, std::uint32_t stamp_s, std::string_view text,
           const Token& token) {
  const Keys keys = keys_of(token);
  const Bytes cipher = crypto::aes_cbc_encrypt(keys.key, keys.iv, as_bytes(text));
  const Bytes half =
      half_header(std::min(header_bytes + cipher.size(), max_packet_bytes), device_id, stamp_s);
  Bytes out = half;
  append(out, sum_of(half, token, cipher));
  append(out, cipher);
  return out;
}

Result<std::string> open(ByteSpan packet, const Token& token) {
  AIOT_TRY(const Header header, decode_header(packet));
  const ByteSpan cipher = packet.subspan(header_bytes);
  if (cipher.empty()) return make_error(Errc::bad_packet, "it holds no text");
  if (header.sum != sum_of(packet.first(sum_offset), token, cipher))
    return make_error(Errc::wrong_token);
  const Keys keys = keys_of(token);
  const std::optional<Bytes> text = crypto::aes_cbc_decrypt(keys.key, keys.iv, cipher);
  if (!text) return make_error(Errc::bad_packet, "it is not padded");
  std::string out = to_string(*text);
  out.resize(std::min(out.find('\0'), out.size()));
  return out;
}

}  // namespace aiot::miio
