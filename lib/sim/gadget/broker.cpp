#include "sim/gadget/broker.hpp"

#include <fmt/format.h>

#include <array>

#include "aiot/address.hpp"
#include "config/secrets.hpp"
#include "sim/error.hpp"
#include "sim/gadget/pace.hpp"

namespace aiot::sim::gadget {
namespace {

constexpr std::size_t longest_prefix_bytes = 1024;

Result<std::string> prefix_of(const Address& address) {
  std::string out = address.path;
  while (out.ends_with('/')) out.pop_back();
  if (!out.empty()) out.erase(0, 1);  // the slash behind the host
  if (out.empty()) out = "gadgets";
  if (out.size() > longest_prefix_bytes) {
    return make_error(Errc::bad_broker, address.host + ": the prefix is too long",
                      fmt::format("use up to {} bytes", longest_prefix_bytes));
  }
  AIOT_CHECK(mqtt::Client::check_topic(out));
  return out;
}

}  // namespace

Result<std::optional<Broker>> broker_of(const Request& request) {
  if (request.mqtt.empty()) {
    const bool idle =
        request.mqtt_rate == 0 && request.credentials_file.empty() && request.ca_file.empty();
    if (idle) return std::optional<Broker>();
    return make_error(Errc::bad_broker, "nothing is named to publish at",
                      "name one: mqtt://BROKER:1883/prefix");
  }
  AIOT_TRY(const Address address, parse_address(request.mqtt));
  constexpr std::array<std::string_view, 2> schemes = {"mqtt", "mqtts"};
  AIOT_CHECK(require_scheme(address, schemes));
  if (address.host.empty() || !address.query.empty()) {
    return make_error(Errc::bad_broker, address.str(), "write mqtt://BROKER:1883/prefix");
  }
  if (request.mqtt_rate > Pace::max_rate) {
    return make_error(Errc::bad_rate, std::to_string(request.mqtt_rate),
                      fmt::format("use up to {} messages a second", Pace::max_rate));
  }
  if (request.mqtt_interval <= std::chrono::milliseconds::zero()) {
    return make_error(Errc::bad_rate, "an interval of nothing", "use 1 ms or more");
  }
  Broker out;
  out.options.host = address.host;
  out.options.port = address.port;
  out.options.tls = address.scheme == "mqtts";
  out.options.ca_file = request.ca_file;
  AIOT_TRY(out.prefix, prefix_of(address));
  out.interval = request.mqtt_interval;
  out.flood_per_s = request.mqtt_rate;
  if (!request.credentials_file.empty()) {
    AIOT_TRY(config::Credentials login, config::read_credentials(request.credentials_file));
    out.options.user = std::move(login.user);
    out.options.password = std::move(login.password);
  }
  return std::optional(std::move(out));
}

}  // namespace aiot::sim::gadget
