#include "job/pair/esp.hpp"

#include <variant>

#include "crypto/random.hpp"
#include "job/pair/wifi_join.hpp"
#include "net/link.hpp"
#include "net/tcp_link.hpp"
#include "protocol/protocomm/http_transport.hpp"
#include "protocol/setup_code/code.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

constexpr std::string_view softap_address = "http://192.168.4.1";
constexpr std::chrono::seconds esp_connect_time{10};

std::optional<setup_code::Esp> esp_code(const Target& target) {
  if (target.code.empty()) return std::nullopt;
  const auto code = setup_code::parse(target.code);
  if (!code || !std::holds_alternative<setup_code::Esp>(*code)) return std::nullopt;
  return std::get<setup_code::Esp>(*code);
}

/// The link to the device's HTTP server; its failures are about the access point.
net::Task<std::unique_ptr<net::Link>> open_esp_server(Attempt& attempt, Address place) {
  place.scheme = "tcp";
  place.query.erase("interface");
  if (place.port == 0) place.port = 80;
  net::OpenOptions options = attempt.run.open_options();
  options.interface = interface_of(attempt);
  options.deadline = attempt.run.clock().now() + esp_connect_time;
  auto link = co_await net::open_link(std::move(place), std::move(options));
  if (link || link.error().code == net::Errc::cancelled) co_return link;
  Error error = std::move(link).error();
  error.code =
      make_error_code(error.code == net::Errc::not_found ? Errc::not_found : Errc::unreachable);
  error.hint =
      "join the device's access point with this host, and check that the device is waiting";
  co_return error;
}

/// Of a device that this host is connected to.
std::optional<net::MacAddress> mac_of(const std::string& host) {
  boost::system::error_code error;
  const auto ip = net::asio::ip::make_address(host, error);
  return error ? std::nullopt : net::neighbour_of(ip);
}

}  // namespace

bool takes_esp(const Target& target) {
  if (!target.address.scheme.empty() && target.address.scheme != "http") return false;
  if (target.code.empty()) return target.address.scheme == "http";
  const auto code = esp_code(target);
  return code && (code->transport == "softap" || target.address.scheme == "http");
}

protocomm::Plan esp_plan(const Attempt& attempt) {
  protocomm::Plan plan;
  plan.secrets = attempt.target.secrets;
  plan.wifi = *attempt.request.wifi;
  plan.endpoint = attempt.request.endpoint;
  plan.endpoint_data = attempt.request.endpoint_data;
  return plan;
}

net::Task<void> pair_esp(Attempt& attempt) {
  Address place = attempt.target.address;
  if (place.scheme.empty()) {
    AIOT_CO_TRY(place, parse_address(softap_address));
  }
  if (const auto code = esp_code(attempt.target)) attempt.result.name = code->name;
  const std::string host = place.host;
  const std::string name = place.port == 0 ? host : net::host_and_port(host, place.port);
  Result<std::unique_ptr<net::Link>> link = co_await open_esp_server(attempt, std::move(place));
  if (!link) co_return std::move(link).error();
  attempt.clues.access_point = mac_of(host);
  protocomm::HttpTransport transport(*std::move(link), name);
  const protocomm::Plan plan = esp_plan(attempt);
  Result<void> done = co_await protocomm::provision(transport, plan, attempt.flow, attempt.result,
                                                    crypto::random_bytes);
  co_return done;
}

}  // namespace aiot::pair
