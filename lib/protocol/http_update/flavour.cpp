#include "protocol/http_update/flavour.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace aiot::http_update {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_reply, "http_update.no_reply", "no reply from the device", Condition::timeout, true},
    {Errc::bad_reply, "http_update.bad_reply", "the device's reply is invalid",
     Condition::protocol},
    {Errc::unknown_flavour, "http_update.unknown_flavour",
     "not a web page that is known to take firmware", Condition::protocol},
    {Errc::pulls, "http_update.pulls", "the device fetches its firmware from a URL",
     Condition::protocol},
    {Errc::wrong_password, "http_update.wrong_password", "the device refused the password",
     Condition::refused_security},
    {Errc::refused, "http_update.refused", "the device refused the firmware", Condition::protocol},
};
const ErrorTable table("http_update", rows);

/// The order is that of detection: the page of the later ones is shared by many.
constexpr std::array<Flavour, 5> all = {{
    {"tasmota", "/", "Tasmota", "/up", "/u2", "u2", "Successful", "Failed", "/cm?cmnd=Status%202"},
    {"wled", "/json/info", "\"WLED\"", "", "/update", "update", "", "Fail", "/json/info"},
    {"esphome", "/", "esphome", "", "/update", "update", "Update Successful!", "Update Failed!",
     ""},
    {"esp8266", "/update", "name='firmware'", "", "/update", "firmware", "Update Success!",
     "Update error: ", ""},
    {"arduino", "/", "name='update'", "", "/update", "update", "OK", "FAIL", ""},
}};

constexpr std::size_t longest_text = 256;

/// What a page says, without its tags.
std::string plain(std::string_view page) {
  std::string out;
  bool tag = false;
  for (const char c : page) {
    if (c == '<') tag = true;
    if (!tag && out.size() < longest_text) out += c;
    if (c == '>') tag = false;
  }
  return out;
}

const boost::json::value* member(const boost::json::value* value, std::string_view name) {
  const boost::json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

std::span<const Flavour> flavours() { return all; }

const Flavour* find_flavour(std::string_view name) {
  const auto found = std::ranges::find(all, name, &Flavour::name);
  return found == all.end() ? nullptr : &*found;
}

Result<void> evaluate(const Flavour& flavour, const net::HttpMessage& answer) {
  const std::string body = to_string(answer.body);
  if (answer.status == 401 || answer.status == 403) {
    return Error(make_error(Errc::wrong_password, fmt::format("status {}", answer.status),
                            "give the password of the device's web page"))
        .with_peer_text(plain(body));
  }
  const bool failed = body.find(flavour.failure) != std::string::npos;
  if (answer.status >= 400 || failed) {
    return Error(make_error(Errc::refused, fmt::format("status {}", answer.status),
                            "check that the firmware is for this device, and fits into it"))
        .with_peer_text(plain(body));
  }
  if (answer.status != 200 || body.find(flavour.success) == std::string::npos) {
    return Error(
               make_error(Errc::bad_reply,
                          fmt::format("status {}, without \"{}\"", answer.status, flavour.success),
                          "look at the device's web page: it may have another form"))
        .with_peer_text(plain(body));
  }
  return {};
}

std::string version_in(const Flavour& flavour, std::string_view body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error) return {};
  const boost::json::value* value = &document;
  if (flavour.name == "tasmota") value = member(member(value, "StatusFWR"), "Version");
  if (flavour.name == "wled") value = member(value, "ver");
  if (value == nullptr || !value->is_string() || value->get_string().size() > longest_text) {
    return {};
  }
  return std::string(value->get_string());
}

}  // namespace aiot::http_update
