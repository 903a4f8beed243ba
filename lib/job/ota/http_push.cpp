#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "config/yaml.hpp"
#include "job/ota/error.hpp"
#include "job/ota/install/fetch.hpp"
#include "job/ota/protocol.hpp"
#include "net/error.hpp"
#include "net/tcp_link.hpp"
#include "net/tls_link.hpp"
#include "protocol/http_update/session.hpp"

/// Devices whose web page takes firmware.
namespace aiot::ota {
namespace {

/// Where a device's web server is, and whom to trust there.
struct WebServer {
  std::string host;
  std::uint16_t port = 80;
  std::optional<net::TlsContext> tls;  ///< of https://
};

net::Task<std::unique_ptr<net::Link>> connect(const WebServer& web, net::TimePoint deadline) {
  AIOT_CO_TRY(std::unique_ptr<net::Link> link,
              co_await net::TcpLink::open(web.host, web.port, deadline));
  if (!web.tls) co_return link;
  Result<std::unique_ptr<net::Link>> secure =
      co_await net::TlsLink::open(std::move(link), *web.tls, web.host, deadline);
  if (!secure && secure.error().code == net::Errc::untrusted) {
    secure.error().hint =
        "give the authority that vouches for it; of a certificate that the device has signed "
        "itself, its SHA-256";
  }
  co_return secure;
}

Result<http_update::Server> server_of(fleet::DeviceRun& run, const PushRequest& request) {
  const Address& address = run.address();
  const auto query = [&](const char* name, const std::string& otherwise) {
    const auto found = address.query.find(name);
    return found == address.query.end() ? otherwise : found->second;
  };
  const bool is_tls = address.scheme == "https";
  const std::uint16_t usual_port = is_tls ? 443 : 80;
  WebServer web{address.host, address.port != 0 ? address.port : usual_port, {}};
  if (is_tls) {
    const ServerTrust trust{request.ca_file, query("fingerprint", request.fingerprint)};
    AIOT_TRY(web.tls, tls_context(trust));
  }
  http_update::Server server;
  server.clock = &run.clock();
  server.scheme = address.scheme;
  server.host = web.port == usual_port ? web.host : net::host_and_port(web.host, web.port);
  server.password = request.password;
  server.user = query("user", server.user);
  server.connect = [web](net::TimePoint deadline) { return connect(web, deadline); };
  return server;
}

std::vector<std::string> http_kinds() {
  std::vector<std::string> out;
  for (const http_update::Flavour& flavour : http_update::flavours()) {
    out.emplace_back(flavour.name);
  }
  return out;
}

/// Numbers and dots, such as 1.2.3: two of them can be compared. ESP-IDF's usual version, 1, says
/// nothing.
bool is_numeric(std::string_view version) {
  return version.find('.') != std::string_view::npos &&
         std::ranges::all_of(version, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// Whether a device that reports `reported` runs `version`: a build's name may follow, such as in
/// 13.4.0(tasmota32).
bool is_version(std::string_view reported, std::string_view version) {
  if (!reported.starts_with(version)) return false;
  const std::string_view rest = reported.substr(version.size());
  return rest.empty() ||
         std::string_view(".0123456789").find(rest.front()) == std::string_view::npos;
}

/// What the device's report says about the image.
Result<void> compare(PushResult& result, const PushImage& image) {
  const std::string& now = result.version_after;
  if (now.empty()) {
    result.unconfirmed = "the device took the image and is back; its web page shows no version";
    return {};
  }
  if (now != result.version_before) {
    result.booted = result.confirmed = true;
    return {};
  }
  if (!image.version.empty() && is_version(now, image.version)) {
    result.unconfirmed = "the device is back, and had this version before: it may run either build";
    return {};
  }
  if (is_numeric(image.version) && is_numeric(now)) {
    return make_error(Errc::not_booted, fmt::format("it runs {}, not {}", now, image.version),
                      "check that the image is for this device, and read its log");
  }
  result.unconfirmed = "the device is back, and reports the same version as before";
  return {};
}

net::Task<void> wait_until_back(fleet::DeviceRun& run, PushResult& result,
                                const PushRequest& request, const http_update::Server& server,
                                const http_update::Flavour& flavour) {
  const net::TimePoint deadline = run.clock().now() + request.boot_time;
  for (;;) {
    const net::TimePoint next = run.clock().now() + poll_time;
    if (next >= deadline) break;
    AIOT_CO_CHECK(co_await run.clock().sleep_until(next));
    Result<std::string> version = co_await http_update::version(server, flavour);
    if (version) {
      result.version_after = *std::move(version);
      co_return Result<void>();
    }
    // A server with another certificate is not the device.
    if (version.error().condition() == Condition::cancelled ||
        version.error().code == net::Errc::untrusted) {
      co_return std::move(version).error();
    }
  }
  co_return make_error(Errc::not_back, fmt::format("waited {}", format_duration(request.boot_time)),
                       "check the device: power, Wi-Fi, its log");
}

}  // namespace

Result<std::string> read_password_file(const std::string& path) {
  AIOT_TRY(std::string text, config::read_secret_file(path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

net::Task<void> push_http(fleet::DeviceRun& run, PushResult& result, const PushImage& image,
                          const PushRequest& request, const Environment&) {
  result.dry_run = request.dry_run;
  AIOT_CO_TRY(const http_update::Server server, server_of(run, request));
  run.step("connect", 1);
  const http_update::Flavour* flavour = http_update::find_flavour(request.http_kind);
  if (!request.http_kind.empty() && flavour == nullptr) {
    co_return make_error(http_update::Errc::unknown_flavour, request.http_kind,
                         fmt::format("the kinds are {}", fmt::join(http_kinds(), ", ")));
  }
  if (flavour == nullptr) {
    AIOT_CO_TRY(flavour, co_await http_update::detect(server));
  }
  result.http_kind = flavour->name;
  AIOT_CO_TRY(result.version_before, co_await http_update::version(server, *flavour));
  if (request.dry_run) co_return Result<void>();
  if (request.skip_same_version && !image.version.empty() &&
      is_version(result.version_before, image.version)) {
    result.version_after = result.version_before;
    result.up_to_date = result.booted = result.confirmed = true;
    co_return Result<void>();
  }
  run.step("upload", 10);
  http_update::Update what;
  what.firmware = image.bytes;
  what.file_name = image.file_name;
  what.progress = upload_progress(run, result);
  AIOT_CO_CHECK(co_await http_update::update(server, *flavour, what));
  if (!request.wait) co_return Result<void>();
  run.step("reboot", 5);
  AIOT_CO_CHECK(co_await wait_until_back(run, result, request, server, *flavour));
  co_return compare(result, image);
}

}  // namespace aiot::ota
