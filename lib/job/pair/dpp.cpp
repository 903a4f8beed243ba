#include "job/pair/dpp.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <optional>
#include <variant>

#include "net/link.hpp"
#include "net/tcp_link.hpp"
#include "net/wpa_control.hpp"
#include "protocol/dpp/radio.hpp"
#include "protocol/dpp/session.hpp"
#include "protocol/setup_code/code.hpp"

namespace aiot::pair {
namespace {

using provisioning::Errc;

/// How long this host waits for a device to connect, unless the device's time ends before.
constexpr std::chrono::minutes window{2};

bool is_unspecified(const std::string& host) {
  boost::system::error_code error;
  const auto address = net::asio::ip::make_address(host, error);
  return !error && address.is_unspecified();
}

/// Where the device is: as the caller says, else as its code says. Without a host: nobody says.
Result<Address> place_of_device(const Target& target, const setup_code::Dpp& code) {
  Address place = target.address;
  if (place.scheme.empty() && !code.host.empty()) {
    AIOT_TRY(place, parse_address("tcp://" + code.host).with("the host in the code"));
  }
  if (place.scheme.empty()) place.scheme = "tcp";
  if (place.port == 0) place.port = dpp::tcp_port;
  return place;
}

/// What keeps a link from being opened, as a cause of pairing's.
Error unreachable(Error error) {
  if (error.code == net::Errc::not_found) {
    return make_error(Errc::not_found, std::move(error.context), std::move(error.hint));
  }
  if (error.code == net::Errc::refused || error.code == net::Errc::timed_out) {
    return make_error(Errc::unreachable, std::move(error.context),
                      "check that the device waits to be configured over TCP");
  }
  return error;
}

net::Task<dpp::Enrolled> connect_and_configure(Attempt& attempt, Address place, dpp::Setup setup) {
  net::OpenOptions options = attempt.run.open_options();
  auto link = co_await net::open_link(std::move(place), std::move(options));
  if (!link) co_return unreachable(std::move(link).error());
  attempt.flow.reached(Stage::found);
  attempt.flow.reached(Stage::connected);
  Result<dpp::Enrolled> enrolled = co_await dpp::configure(**link, std::move(setup), attempt.flow);
  (*link)->close();
  co_return enrolled;
}

/// This host's code, for devices that begin.
std::string code_of(const dpp::OwnKey& key) {
  return fmt::format("DPP:V:{};K:{};;", dpp::own_version, to_base64(key.bootstrap.der));
}

net::Task<dpp::Enrolled> wait_and_configure(Attempt& attempt, Address place, dpp::Setup setup) {
  using net::asio::ip::tcp;
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  const auto local = place.host.empty() ? net::asio::ip::address(net::asio::ip::address_v6::any())
                                        : net::asio::ip::make_address(place.host);
  auto listener = net::TcpListener::open(executor, tcp::endpoint(local, place.port));
  if (!listener && place.host.empty() && listener.error().code == net::Errc::io) {
    listener = net::TcpListener::open(executor, tcp::endpoint(tcp::v4(), place.port));  // no IPv6
  }
  if (!listener) co_return std::move(listener).error();
  attempt.run.notice("pair.dpp_waiting",
                     fmt::format("waiting for the device to connect to port {}; the code of this "
                                 "host is {}",
                                 listener->port(), code_of(setup.own)),
                     "give this host's address to the device, or to a relay in its radio range");
  const net::TimePoint deadline = attempt.run.clock().now() + window;
  for (;;) {
    auto accepted = co_await listener->accept(deadline);
    if (!accepted && accepted.error().code == net::Errc::timed_out) {
      co_return make_error(Errc::not_found, "no connection of the code's device",
                           "name the device's address");
    }
    if (!accepted) co_return std::move(accepted).error();
    const std::string from = accepted->from.address().to_string();
    const std::unique_ptr<net::Link> link = net::TcpLink::adopt(*std::move(accepted));
    dpp::Setup once = setup;
    once.material = dpp::new_material(setup.device.key.curve);
    Result<dpp::Enrolled> enrolled = co_await dpp::serve(*link, std::move(once), attempt.flow);
    link->close();
    // Another peer, or a silent one, does not end the wait for the device.
    const bool stranger = !enrolled && attempt.result.stages.empty() &&
                          enrolled.error().condition() != Condition::cancelled;
    if (!stranger) co_return enrolled;
    attempt.flow.log(fmt::format("a connection from {}: {}", from, enrolled.error().message()));
  }
}

/// wifi:wlan0, or wifi:/run/wpa/wlan0 for a control socket in another place.
net::Task<dpp::Enrolled> configure_by_radio(Attempt& attempt, std::string interface) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  auto control = net::WpaControl::open(
      executor, interface.starts_with('/') ? interface : "/run/wpa_supplicant/" + interface);
  if (!control) co_return std::move(control).error();
  Result<dpp::Enrolled> enrolled = co_await dpp::configure_by_radio(
      *control, attempt.target.code, *attempt.request.wifi, attempt.run.clock(), attempt.flow);
  co_return enrolled;
}

net::Task<dpp::Enrolled> configure(Attempt& attempt, Address place, dpp::BootstrapKey key) {
  if (place.scheme == "wifi") return configure_by_radio(attempt, std::move(place.path));
  dpp::Setup setup = dpp::new_setup(std::move(key), *attempt.request.wifi);
  if (place.host.empty() || is_unspecified(place.host))
    return wait_and_configure(attempt, std::move(place), std::move(setup));
  return connect_and_configure(attempt, std::move(place), std::move(setup));
}

}  // namespace

bool takes_dpp(const Target& target) {
  if (!target.code.starts_with("DPP:")) return false;
  const std::string& scheme = target.address.scheme;
  return scheme.empty() || scheme == "tcp" || scheme == "wifi";
}

net::Task<void> pair_dpp(Attempt& attempt) {
  AIOT_CO_TRY(const setup_code::Code code, setup_code::parse(attempt.target.code));
  const auto* said = std::get_if<setup_code::Dpp>(&code);
  if (said == nullptr) co_return make_error(Errc::bad_code, "not a code of DPP");
  AIOT_CO_TRY(dpp::BootstrapKey key, dpp::read_bootstrap_key(said->key));
  attempt.result.id = setup_code::label(code);
  AIOT_CO_CHECK(attempt.run.identify(attempt.result.id));
  AIOT_CO_TRY(Address place, place_of_device(attempt.target, *said));
  Result<dpp::Enrolled> enrolled = co_await configure(attempt, std::move(place), std::move(key));
  if (!enrolled) co_return std::move(enrolled).error();
  attempt.result.name = enrolled->info.name;
  if (enrolled->joined) attempt.result.ssid = attempt.request.wifi->ssid;
  co_return Result<void>();
}

}  // namespace aiot::pair
