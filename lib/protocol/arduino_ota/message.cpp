#include "protocol/arduino_ota/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "crypto/digest.hpp"
#include "crypto/hkdf.hpp"

namespace aiot::arduino {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_reply, "arduino_ota.no_reply", "no reply from the device", Condition::timeout, true},
    {Errc::bad_reply, "arduino_ota.bad_reply", "the device's reply is invalid",
     Condition::protocol},
    {Errc::needs_password, "arduino_ota.needs_password", "the device wants a password",
     Condition::refused_security},
    {Errc::wrong_password, "arduino_ota.wrong_password", "the device refused the password",
     Condition::refused_security},
    {Errc::not_connected, "arduino_ota.not_connected", "the device did not connect to this host",
     Condition::timeout, true},
    {Errc::stalled, "arduino_ota.stalled", "the device takes no more data", Condition::timeout,
     true},
    {Errc::refused, "arduino_ota.refused", "the device refused the firmware", Condition::protocol},
};
const ErrorTable table("arduino_ota", rows);

constexpr unsigned rounds = 10000;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The number up to the next blank, which goes too.
template <class Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

std::string write(const Invitation& invitation) {
  return fmt::format("0 {} {} {}\n", invitation.port, invitation.size_bytes, invitation.md5);
}

std::optional<Invitation> parse_invitation(std::string_view text) {
  unsigned command = 1;
  Invitation out;
  if (!take_number(text, command) || command != 0 || !take_number(text, out.port) ||
      out.port == 0 || !take_number(text, out.size_bytes)) {
    return std::nullopt;
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() != 32 || !is_hex(text)) return std::nullopt;
  out.md5 = text;
  return out;
}

Answer parse_answer(std::string_view text) {
  constexpr std::string_view challenge = "AUTH ";
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text == "OK") return {Answer::Kind::ok, {}};
  if (!text.starts_with(challenge)) return {};
  text.remove_prefix(challenge.size());
  if ((text.size() != 32 && text.size() != 64) || !is_hex(text)) return {};
  return {Answer::Kind::challenge, std::string(text)};
}

std::string md5_hex(std::string_view password) { return to_hex(crypto::md5(as_bytes(password))); }
std::string sha256_hex(std::string_view password) {
  return to_hex(crypto::sha256(as_bytes(password)));
}

std::string respond(std::string_view password_hash, std::string_view nonce,
                    std::string_view cnonce) {
  if (!wants_sha256(nonce)) return md5_hex(fmt::format("{}:{}:{}", password_hash, nonce, cnonce));
  const std::string salt = fmt::format("{}:{}", nonce, cnonce);
  const Bytes key =
      crypto::pbkdf2(crypto::Hash::sha256, as_bytes(password_hash), as_bytes(salt), rounds, 32);
  return sha256_hex(fmt::format("{}:{}", to_hex(key), salt));
}

std::string write_response(std::string_view cnonce, std::string_view response) {
  return fmt::format("200 {} {}\n", cnonce, response);
}

}  // namespace aiot::arduino
