#include "sim/gadget/mqtt_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "aiot/address.hpp"
#include "config/secrets.hpp"
#include "net/clock.hpp"
#include "sim/gadget/console.hpp"
#include "sim/port.hpp"

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

using mqtt::Publication;

Telemetry::Telemetry(const Identity& identity, Options options, net::TimePoint now)
    : identity_(identity),
      options_(std::move(options)),
      base_(fmt::format("{}/{}", options_.prefix, identity_.serial)),
      next_reading_(now),
      flood_(options_.flood_per_s, now) {}

/// At least once: those who come later have to know.
Publication Telemetry::state(std::string word) const {
  return {base_ + "/state", std::move(word), 1, true};
}

void Telemetry::on_message(std::string_view topic, std::string_view payload, net::TimePoint now) {
  if (topic == rate_topic()) set_rate(flood_, payload, now);
}

std::vector<Publication> Telemetry::greet(net::TimePoint now) {
  flood_.restart(now);
  std::string info =
      fmt::format(R"({{"name":"{}","mac":"{}","serial":"{}","model":"{}","firmware":"{}"}})",
                  identity_.name, identity_.mac, identity_.serial, model, firmware);
  return {online(), {base_ + "/info", std::move(info), 1, true}};
}

std::optional<Publication> Telemetry::reading(net::TimePoint now) {
  if (now < next_reading_) return std::nullopt;
  next_reading_ += options_.interval;
  if (next_reading_ <= now) next_reading_ = now + options_.interval;
  return Publication{base_ + "/temperature", options_.temperature()};
}

Publication Telemetry::next_of_flood() {
  return {base_ + "/flood", fmt::format("message {}", ++flood_number_)};
}

net::TimePoint Telemetry::next_timer() const {
  const auto flood = flood_.next();
  return flood ? std::min(*flood, next_reading_) : next_reading_;
}

namespace {

using namespace std::chrono_literals;
using mqtt::Publication;

constexpr net::Duration connect_time = 15s;
constexpr net::Duration leave_time = 1s;
/// Time that what comes in has between two batches of a flood.
constexpr net::Duration breath = 1ms;

}  // namespace

MqttService::MqttService(const Identity& identity, Broker broker,
                         std::function<std::string()> temperature)
    : broker_(std::move(broker)),
      telemetry_(identity,
                 {broker_.prefix, broker_.interval, broker_.flood_per_s, std::move(temperature)},
                 now()) {}

Result<std::shared_ptr<MqttService>> MqttService::make(const Identity& identity, Broker broker,
                                                       std::function<std::string()> temperature) {
  std::shared_ptr<MqttService> out(
      new MqttService(identity, std::move(broker), std::move(temperature)));
  AIOT_CHECK(mqtt::Client::check_topic(out->telemetry_.base()));
  mqtt::Options options = out->broker_.options;
  options.topics = {out->telemetry_.rate_topic()};
  options.will = out->telemetry_.offline();
  auto receive = [raw = out.get()](const mqtt::Message& message) {
    raw->telemetry_.on_message(message.topic, message.payload, now());
  };
  AIOT_TRY(out->client_, mqtt::Client::make(std::move(options), receive));
  return out;
}

void MqttService::start(const net::asio::any_io_executor& executor, Events events) {
  events_ = std::move(events);
  executor_ = executor;
  running_ = true;
  const auto work = [self = shared_from_this()]() -> net::asio::awaitable<void> {
    co_await net::asio::this_coro::throw_if_cancelled(false);
    Result<void> ended = co_await self->run();
    Result<void> left = co_await self->leave();
    (void)left;  // else the broker publishes the will
    self->running_ = false;
    if (!ended && !self->closed_) self->events_.refused(std::move(ended).error());
  };
  net::asio::co_spawn(executor, work,
                      net::asio::bind_cancellation_slot(cancel_.slot(), net::asio::detached));
}

net::Task<void> MqttService::run() {
  Result<void> connected = co_await client_->connect(now() + connect_time);
  if (!connected && net::may_come_back(connected.error())) {
    events_.notice("sim.mqtt-away", connected.error().message() + "; waiting for the broker");
    connected = co_await client_->come_back(net::steady_clock());
  }
  while (connected) {
    connected_ = true;
    Result<void> lost = co_await serve();
    if (closed_) co_return lost;
    connected_ = false;
    if (!net::may_come_back(lost.error())) co_return lost;
    events_.notice("sim.mqtt-lost", "the broker went away; waiting for it to come back");
    connected = co_await client_->come_back(net::steady_clock());
    if (connected) events_.notice("sim.mqtt-back", "the broker is back");
  }
  co_return connected;
}

/// Publishes until the broker is lost.
net::Task<void> MqttService::serve() {
  for (const Publication& one : telemetry_.greet(now())) {
    AIOT_CO_CHECK(publish(one));
  }
  for (;;) {
    AIOT_CO_CHECK(publish_due());
    const net::TimePoint next = std::max(telemetry_.next_timer(), now() + breath);
    Result<void> heard = co_await client_->work_until(next);
    AIOT_CO_CHECK(std::move(heard));
  }
}

Result<void> MqttService::publish_due() {
  if (const auto reading = telemetry_.reading(now())) {
    AIOT_CHECK(publish(*reading));
  }
  for (std::uint64_t due = telemetry_.flood_due(now()); due > 0; --due) {
    const Publication one = telemetry_.next_of_flood();
    if (client_->is_congested()) {
      ++lost_;
    } else {
      AIOT_CHECK(publish(one));
    }
  }
  return {};
}

Result<void> MqttService::publish(const Publication& what) {
  AIOT_CHECK(client_->publish(what));
  ++published_;
  return {};
}

net::Task<void> MqttService::leave() {
  if (connected_) {
    AIOT_CO_CHECK(publish(telemetry_.offline()));
  }
  Result<void> left = co_await client_->disconnect(now() + leave_time);
  co_return left;
}

void MqttService::close() {
  closed_ = true;
  // Not at once: a coroutine that is cancelled before its first step throws.
  net::asio::post(executor_, [self = shared_from_this()] {
    self->cancel_.emit(net::asio::cancellation_type::terminal);
  });
}

std::string MqttService::address() const {
  const mqtt::Options& to = broker_.options;
  Address out;
  out.scheme = to.tls ? "mqtts" : "mqtt";
  out.host = to.host;
  out.port = to.port;
  out.path = "/" + telemetry_.base() + "/#";
  return out.str();
}

MqttResult MqttService::report() const { return {address(), connected_, published_, lost_}; }

}  // namespace aiot::sim::gadget
