#include "protocol/http_update/device.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::http_update {
namespace {

/// Beside the firmware: the form around it.
constexpr std::size_t form_bytes = 4096;

net::HttpMessage page(unsigned status, std::string_view text) {
  net::HttpMessage out = net::http_response(status);
  out.headers.emplace_back("Content-Type", "text/html");
  append(out.body, as_bytes(text));
  out.keep_alive = false;
  return out;
}

/// The file of the form's field; nullopt when the form has none (RFC 7578).
std::optional<Bytes> file_in(const net::HttpMessage& request, std::string_view field) {
  constexpr std::string_view key = "boundary=";
  const std::string_view type = request.header("Content-Type");
  const std::size_t at = type.find(key);
  if (!type.starts_with("multipart/form-data") || at == std::string_view::npos) return std::nullopt;
  const std::string boundary = fmt::format("--{}", type.substr(at + key.size()));
  const std::string_view body(reinterpret_cast<const char*>(request.body.data()),
                              request.body.size());
  if (!body.starts_with(boundary)) return std::nullopt;
  const std::size_t head_end = body.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  if (body.substr(0, head_end).find(fmt::format("name=\"{}\";", field)) == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t begin = head_end + 4;
  const std::size_t end = body.find("\r\n" + boundary, begin);
  if (end == std::string_view::npos) return std::nullopt;
  const ByteSpan file = as_bytes(body.substr(begin, end - begin));
  return Bytes(file.begin(), file.end());
}

}  // namespace

Device::Device(DeviceOptions options)
    : options_(std::move(options)),
      parser_(net::HttpParser::Kind::request, options_.partition_bytes + form_bytes) {}

void Device::on_connect() {
  parser_ = net::HttpParser(net::HttpParser::Kind::request, options_.partition_bytes + form_bytes);
  received_ = 0;
  closing_ = dead_;
}

Bytes Device::on_bytes(ByteSpan bytes) {
  if (dead_ || closing_) return {};
  received_ += bytes.size();
  if (options_.dead_after && received_ > *options_.dead_after) {
    dead_ = closing_ = true;
    return {};
  }
  const Result<std::size_t> fed = parser_.feed(bytes);
  if (fed && !parser_.done()) return {};
  closing_ = true;
  if (!fed) return net::write_http(page(400, "Bad Request"));
  ++requests_;
  return net::write_http(answer(parser_.take()));
}

net::HttpMessage Device::answer(const net::HttpMessage& request) {
  const Flavour& flavour = *options_.flavour;
  if (!options_.password.empty()) {
    const std::string pair = "admin:" + options_.password;
    if (request.header("Authorization") != "Basic " + to_base64(as_bytes(pair))) {
      net::HttpMessage out = page(401, "Unauthorized");
      out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Login Required\"");
      return out;
    }
  }
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method == "POST" && path == flavour.target) return take(request);
  if (request.method != "GET") return page(405, "Method Not Allowed");
  if (!flavour.version.empty() && request.target == flavour.version) {
    return page(200, flavour.name == "tasmota"
                         ? fmt::format(R"({{"StatusFWR":{{"Version":"{}"}}}})", options_.version)
                         : fmt::format(R"({{"ver":"{}","brand":"WLED"}})", options_.version));
  }
  if (request.target == flavour.page || request.target == flavour.prepare) {
    return page(200, fmt::format("<html><body>{}</body></html>", flavour.mark));
  }
  return page(404, "Not Found");
}

net::HttpMessage Device::take(const net::HttpMessage& request) {
  const Flavour& flavour = *options_.flavour;
  const auto fail = [&](std::string_view why) {
    const unsigned status = flavour.name == "wled" ? 500 : 200;
    return page(status, fmt::format("<b>{}</b> {}", flavour.failure, why));
  };
  std::optional<Bytes> file = file_in(request, flavour.field);
  if (!file) return fail("No file selected");
  if (options_.corrupt_at && *options_.corrupt_at < file->size()) {
    (*file)[*options_.corrupt_at] ^= 0x01;
  }
  std::string version = options_.read_version(*file);
  if (version.empty() || options_.refuses) return fail("Magic byte is not 0xE9");
  if (!options_.reverts) options_.version = std::move(version);
  if (options_.never_returns) dead_ = true;
  return page(200, fmt::format("<b>{}</b>",
                               flavour.success.empty() ? "Update successful" : flavour.success));
}

}  // namespace aiot::http_update
