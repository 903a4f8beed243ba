#include "protocol/tuya/packet.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <boost/json.hpp>

#include "crypto/aead.hpp"
#include "crypto/aes.hpp"
#include "crypto/digest.hpp"

namespace aiot::tuya {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_packet, "tuya.bad_packet", "not a Tuya broadcast", Condition::protocol},
    {Errc::bad_cipher, "tuya.bad_cipher", "it does not decrypt", Condition::protocol},
    {Errc::bad_content, "tuya.bad_content", "not a device's announcement", Condition::protocol},
};
const ErrorTable table("tuya", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::uint32_t prefix_55aa = 0x000055AA;
constexpr std::uint32_t suffix_55aa = 0x0000AA55;
constexpr std::uint32_t prefix_6699 = 0x00006699;
constexpr std::uint32_t suffix_6699 = 0x00009966;
constexpr std::size_t header_55aa_bytes = 16;  // prefix, sequence, command, length
constexpr std::size_t header_6699_bytes = 18;  // prefix, two bytes, sequence, command, length
constexpr std::size_t return_code_bytes = 4;
constexpr std::size_t max_text = 256;

std::uint32_t load_be32(ByteSpan bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 |
         static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

void append_be32(Bytes& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

/// The key that every device's broadcasts are encrypted with: no secret.
const crypto::Md5& broadcast_key() {
  static const crypto::Md5 key = crypto::md5(as_bytes("yGAdlopoPVldABfn"));
  return key;
}

bool is_object(ByteSpan bytes) { return !bytes.empty() && bytes.front() == '{'; }

std::string without_nuls(std::string text) {
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

Result<std::string> plain_or_ecb(ByteSpan payload) {
  if (is_object(payload)) return without_nuls(to_string(payload));
  const std::optional<Bytes> text = crypto::aes_ecb_decrypt(broadcast_key(), payload);
  if (!text) return make_error(Errc::bad_cipher);
  return without_nuls(to_string(*text));
}

Result<Packet> decode_55aa(ByteSpan datagram) {
  constexpr std::size_t tail_bytes = 8;  // CRC, suffix
  if (datagram.size() < header_55aa_bytes + tail_bytes) return make_error(Errc::bad_packet);
  const std::size_t body_bytes = load_be32(datagram, 12);
  if (body_bytes != datagram.size() - header_55aa_bytes)
    return make_error(Errc::bad_packet, "its length is not what it says");
  const std::size_t crc_at = datagram.size() - tail_bytes;
  const auto crc =
      static_cast<std::uint32_t>(::crc32(0, datagram.data(), static_cast<unsigned>(crc_at)));
  if (load_be32(datagram, crc_at + 4) != suffix_55aa || load_be32(datagram, crc_at) != crc)
    return make_error(Errc::bad_packet, "damaged");
  ByteSpan body = datagram.first(crc_at).subspan(header_55aa_bytes);
  // Devices put a return code in front; an application that asks does not.
  if (!is_object(body) && body.size() % 16 == return_code_bytes) {
    body = body.subspan(return_code_bytes);
  } else if (body.size() > return_code_bytes && is_object(body.subspan(return_code_bytes))) {
    body = body.subspan(return_code_bytes);
  }
  Packet out;
  out.sequence = load_be32(datagram, 4);
  out.command = load_be32(datagram, 8);
  AIOT_TRY(out.text, plain_or_ecb(body));
  return out;
}

Result<Packet> decode_6699(ByteSpan datagram) {
  constexpr std::size_t suffix_bytes = 4;
  if (datagram.size() < header_6699_bytes + suffix_bytes) return make_error(Errc::bad_packet);
  const std::size_t body_bytes = load_be32(datagram, 14);
  if (body_bytes != datagram.size() - header_6699_bytes - suffix_bytes)
    return make_error(Errc::bad_packet, "its length is not what it says");
  if (load_be32(datagram, datagram.size() - suffix_bytes) != suffix_6699)
    return make_error(Errc::bad_packet, "damaged");
  const ByteSpan body = datagram.subspan(header_6699_bytes, body_bytes);
  if (body.size() < crypto::aead_nonce_bytes) return make_error(Errc::bad_packet);
  const ByteSpan associated = datagram.first(header_6699_bytes).subspan(4);
  const std::optional<Bytes> opened =
      crypto::aes_gcm_open(broadcast_key(), body.first(crypto::aead_nonce_bytes), associated,
                           body.subspan(crypto::aead_nonce_bytes));
  if (!opened) return make_error(Errc::bad_cipher);
  ByteSpan text = *opened;
  if (!is_object(text) && text.size() > return_code_bytes &&
      is_object(text.subspan(return_code_bytes)))
    text = text.subspan(return_code_bytes);
  Packet out;
  out.sequence = load_be32(datagram, 6);
  out.command = load_be32(datagram, 10);
  out.text = without_nuls(to_string(text));
  return out;
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string()).substr(0, max_text);
}

}  // namespace

Result<Packet> decode_broadcast(ByteSpan datagram) {
  if (datagram.size() >= 4 && load_be32(datagram, 0) == prefix_55aa) return decode_55aa(datagram);
  if (datagram.size() >= 4 && load_be32(datagram, 0) == prefix_6699) return decode_6699(datagram);
  Packet out;
  AIOT_TRY(out.text, plain_or_ecb(datagram));
  return out;
}

Bytes info_question(std::string_view own_ip, ByteSpan nonce) {
  constexpr std::uint32_t ask_info = 0x25;
  const std::string text = fmt::format(R"({{"from": "app", "ip": "{}"}})", own_ip);
  Bytes out;
  append_be32(out, prefix_6699);
  out.insert(out.end(), 2, 0);
  append_be32(out, 0);
  append_be32(out, ask_info);
  append_be32(out, static_cast<std::uint32_t>(nonce.size() + text.size() + crypto::aead_tag_bytes));
  const Bytes sealed =
      crypto::aes_gcm_seal(broadcast_key(), nonce, ByteSpan(out).subspan(4), as_bytes(text));
  append(out, nonce);
  append(out, sealed);
  append_be32(out, suffix_6699);
  return out;
}

Result<Announcement> parse_announcement(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object()) return make_error(Errc::bad_content);
  const boost::json::object& object = parsed.get_object();
  Announcement out;
  out.device_id = text_of(object, "gwId");
  if (out.device_id.empty()) return make_error(Errc::bad_content, "it names no device");
  out.ip = text_of(object, "ip");
  out.product_key = text_of(object, "productKey");
  out.version = text_of(object, "version");
  if (const auto* flag = object.if_contains("encrypt"))
    out.encrypted = flag->is_bool() && flag->get_bool();
  if (const auto* active = object.if_contains("active")) {
    boost::system::error_code no_number;
    const int number = active->to_number<int>(no_number);
    if (!no_number) out.active = number;
  }
  return out;
}

}  // namespace aiot::tuya
