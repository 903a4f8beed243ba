#include "protocol/http_update/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"

namespace aiot::http_update {
namespace {

using namespace std::chrono_literals;

constexpr auto page_time = 10s;
/// Between two pieces of an upload, and for the verdict.
constexpr auto upload_time = 60s;
constexpr std::size_t longest_page_bytes = 256 * 1024;
constexpr std::size_t piece_bytes = 4096;

net::HttpMessage request(const Server& server, std::string method, std::string target) {
  net::HttpMessage out = net::http_request(std::move(method), std::move(target));
  out.headers.emplace_back("Host", server.host);
  out.headers.emplace_back("User-Agent", "aiotctl");
  out.keep_alive = false;
  if (!server.password.empty()) {
    const std::string pair = fmt::format("{}:{}", server.user, server.password);
    out.headers.emplace_back("Authorization", "Basic " + to_base64(as_bytes(pair)));
  }
  return out;
}

Error silent(Error error, std::string_view step) {
  if (error.code != net::Errc::timed_out) return std::move(error).with(std::string(step));
  return make_error(Errc::no_reply, std::string(step), "check address and port");
}

net::Task<net::HttpMessage> get(const Server& server, std::string target) {
  const std::string step = "GET " + target;
  const net::TimePoint deadline = server.clock->now() + page_time;
  Result<std::unique_ptr<net::Link>> link = co_await server.connect(deadline);
  if (!link) co_return silent(std::move(link).error(), step);
  net::HttpMessage message = request(server, "GET", std::move(target));
  Result<net::HttpMessage> answer =
      co_await net::exchange_http(**link, std::move(message), longest_page_bytes, deadline);
  (*link)->close();
  if (!answer) co_return silent(std::move(answer).error(), step);
  co_return answer;
}

/// A boundary that the firmware does not contain, as it is made from its hash.
std::string boundary_of(ByteSpan firmware) {
  const crypto::Sha256 hash = crypto::sha256(firmware);
  return "aiot-" + to_hex(ByteSpan(hash).first(16));
}

/// A name that needs no quoting.
std::string safe_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-' || c == '_';
    out += plain ? c : '_';
  }
  return out.empty() ? "firmware.bin" : out;
}

net::HttpMessage upload_of(const Server& server, const Flavour& flavour, const Update& what) {
  std::string target(flavour.target);
  if (flavour.name == "tasmota") target += fmt::format("?fsz={}", what.firmware.size());
  net::HttpMessage out = request(server, "POST", std::move(target));
  const std::string boundary = boundary_of(what.firmware);
  out.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  // Tasmota refuses a form that another site would send.
  out.headers.emplace_back("Referer", fmt::format("{}://{}/", server.scheme, server.host));
  const std::string head = fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      boundary, flavour.field, safe_name(what.file_name));
  append(out.body, as_bytes(head));
  append(out.body, what.firmware);
  append(out.body, as_bytes(fmt::format("\r\n--{}--\r\n", boundary)));
  return out;
}

}  // namespace

net::Task<const Flavour*> detect(const Server& server) {
  std::string asked;
  net::HttpMessage page;
  for (const Flavour& flavour : flavours()) {
    if (asked != flavour.page) {
      asked = flavour.page;
      AIOT_CO_TRY(page, co_await get(server, asked));
    }
    if (page.status == 401) {
      co_return make_error(Errc::wrong_password, "GET " + asked,
                           "give the password of the device's web page");
    }
    if (page.status == 200 && to_string(page.body).find(flavour.mark) != std::string::npos) {
      co_return &flavour;
    }
  }
  AIOT_CO_TRY(const net::HttpMessage shelly, co_await get(server, "/shelly"));
  if (shelly.status == 200 && to_string(shelly.body).find("\"fw") != std::string::npos) {
    co_return make_error(Errc::pulls, "a Shelly device",
                         "serve the firmware over HTTP, and give the device its URL on its page");
  }
  co_return make_error(Errc::unknown_flavour, {}, "name the kind of the device's web page");
}

net::Task<void> update(const Server& server, const Flavour& flavour, const Update& what) {
  if (!flavour.prepare.empty()) {
    std::string target(flavour.prepare);
    AIOT_CO_TRY(const net::HttpMessage page, co_await get(server, std::move(target)));
    if (page.status == 401) {
      co_return make_error(Errc::wrong_password, "GET " + std::string(flavour.prepare),
                           "give the password of the device's web page");
    }
  }
  const std::string step = "POST " + std::string(flavour.target);
  Result<std::unique_ptr<net::Link>> link =
      co_await server.connect(server.clock->now() + page_time);
  if (!link) co_return silent(std::move(link).error(), step);
  const Bytes bytes = net::write_http(upload_of(server, flavour, what));
  std::optional<Error> cut;
  for (std::size_t sent = 0; sent < bytes.size() && !cut;) {
    const std::size_t count = std::min(piece_bytes, bytes.size() - sent);
    const net::TimePoint deadline = server.clock->now() + upload_time;
    Result<void> written = co_await (*link)->write(ByteSpan(bytes).subspan(sent, count), deadline);
    if (!written) cut = std::move(written).error();
    sent += count;
    if (what.progress && !cut) {
      what.progress(std::min(sent, what.firmware.size()), what.firmware.size());
    }
  }
  // A device that refuses answers before it has read all.
  if (cut && cut->code != net::Errc::link_lost) co_return silent(*std::move(cut), step);
  net::HttpParser parser(net::HttpParser::Kind::response, longest_page_bytes);
  Bytes ahead;
  const net::TimePoint deadline = server.clock->now() + upload_time;
  Result<net::HttpMessage> answer = co_await net::read_http(**link, parser, ahead, deadline);
  (*link)->close();
  if (!answer) {
    co_return silent(cut ? *std::move(cut) : std::move(answer).error(), step);
  }
  co_return evaluate(flavour, *answer);
}

net::Task<std::string> version(const Server& server, const Flavour& flavour) {
  std::string target(flavour.version.empty() ? flavour.page : flavour.version);
  AIOT_CO_TRY(const net::HttpMessage page, co_await get(server, std::move(target)));
  if (flavour.version.empty()) co_return std::string();
  co_return version_in(flavour, to_string(page.body));
}

}  // namespace aiot::http_update
