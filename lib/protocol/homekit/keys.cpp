#include "protocol/homekit/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/aead.hpp"
#include "crypto/hkdf.hpp"
#include "provisioning/error.hpp"

namespace aiot::homekit {
namespace {

constexpr std::size_t key_bytes = 32;

Bytes key_for(ByteSpan secret, std::string_view salt, std::string_view info) {
  return crypto::hkdf(crypto::Hash::sha512, secret, as_bytes(salt), as_bytes(info), key_bytes);
}

/// Four zeros before the name.
Bytes nonce_of(std::string_view name) {
  Bytes out(crypto::aead_nonce_bytes - name.size(), 0);
  append(out, as_bytes(name));
  return out;
}

Bytes joined(ByteSpan before, std::string_view id, ByteSpan after) {
  Bytes out(before.begin(), before.end());
  append(out, as_bytes(id));
  append(out, after);
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Bytes derive(ByteSpan secret, std::string_view label) {
  return key_for(secret, fmt::format("{}-Salt", label), fmt::format("{}-Info", label));
}

Bytes seal(ByteSpan key, std::string_view name, const Tlv& message) {
  return crypto::chacha20_poly1305_seal(key, nonce_of(name), {}, message.encode());
}

Result<Tlv> open(ByteSpan key, std::string_view name, ByteSpan sealed) {
  const std::optional<Bytes> plain =
      crypto::chacha20_poly1305_open(key, nonce_of(name), {}, sealed);
  if (!plain) return make_error(provisioning::Errc::protocol_violated, "a message has another key");
  return Tlv::decode(*plain);
}

crypto::Signature25519 sign(const Identity& signer, ByteSpan before, ByteSpan after) {
  return crypto::ed25519_sign(signer.secret, joined(before, signer.id, after));
}

bool verify(ByteSpan public_key, ByteSpan before, std::string_view id, ByteSpan after,
            ByteSpan signature) {
  return crypto::ed25519_verify(public_key, joined(before, id, after), signature);
}

SessionKeys session_keys(ByteSpan shared_secret) {
  return {key_for(shared_secret, "Control-Salt", "Control-Write-Encryption-Key"),
          key_for(shared_secret, "Control-Salt", "Control-Read-Encryption-Key")};
}

std::optional<std::string> normal_code(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool at_dash = text.size() == 10 && (i == 3 || i == 6);
    if (at_dash ? text[i] != '-' : !is_digit(text[i])) return std::nullopt;
    if (!at_dash) digits += text[i];
  }
  if (digits.size() != 8) return std::nullopt;
  return fmt::format("{}-{}-{}", digits.substr(0, 3), digits.substr(3, 2), digits.substr(5));
}

bool is_allowed_code(std::string_view code) {
  if (code == "123-45-678" || code == "876-54-321") return false;
  return std::ranges::any_of(code, [&](char c) { return c != '-' && c != code.front(); });
}

std::string setup_uri(std::string_view code, std::uint8_t category, std::string_view setup_id) {
  constexpr std::uint64_t over_ip = 2;
  std::uint64_t digits = 0;
  for (const char c : code) {
    if (c != '-') digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  std::uint64_t number = std::uint64_t{category} << 31 | over_ip << 27 | digits;
  std::string text(9, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, number /= 36)
    *at = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 36];
  return fmt::format("X-HM://{}{}", text, setup_id);
}

std::string setup_hash(std::string_view setup_id, std::string_view device_id) {
  const Bytes hash =
      crypto::digest(crypto::Hash::sha512, as_bytes(fmt::format("{}{}", setup_id, device_id)));
  return to_base64(ByteSpan(hash).first(4));
}

}  // namespace aiot::homekit
