#include "sim/gadget/mqtt_service.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "aiot/address.hpp"
#include "net/patience.hpp"

namespace aiot::sim::gadget {
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
  auto hear = [raw = out.get()](const mqtt::Message& message) {
    raw->telemetry_.on_message(message.topic, message.payload, now());
  };
  AIOT_TRY(out->client_, mqtt::Client::make(std::move(options), hear));
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
