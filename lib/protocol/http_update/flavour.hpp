#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/http_message.hpp"

namespace aiot::http_update {

/// What can go wrong in an update.
enum class Errc {
  no_reply = 1,     ///< the device is silent
  bad_reply,        ///< no answer of HTTP, or one that says neither
  unknown_flavour,  ///< the pages show none that is known, or the name is none
  pulls,            ///< the device has no form: it fetches its firmware
  wrong_password,   ///< the device wants a password, or another one
  refused,          ///< the device reports an error; its text says which
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// Of a web server that takes firmware.
struct Flavour {
  std::string_view name;     ///< "tasmota"
  std::string_view page;     ///< where `mark` stands
  std::string_view mark;     ///< that no other flavour has
  std::string_view prepare;  ///< a GET before the upload; "" for none
  std::string_view target;   ///< of the upload
  std::string_view field;    ///< of the form
  std::string_view success;  ///< in the answer; "": status 200 alone
  std::string_view failure;  ///< in the answer
  std::string_view version;  ///< a GET; "": it reports none
};
std::span<const Flavour> flavours();
/// nullptr when there is none.
const Flavour* find_flavour(std::string_view name);

/// Errc::refused with the device's text, wrong_password, bad_reply.
Result<void> evaluate(const Flavour& flavour, const net::HttpMessage& answer);
/// The version in the answer to Flavour::version; "" when it has none.
std::string version_in(const Flavour& flavour, std::string_view body);

}  // namespace aiot::http_update

template <>
struct boost::system::is_error_code_enum<aiot::http_update::Errc> : std::true_type {};
