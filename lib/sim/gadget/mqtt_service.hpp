#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>

#include "aiot/sim.hpp"
#include "sim/gadget/broker.hpp"
#include "sim/gadget/telemetry.hpp"

namespace aiot::sim::gadget {

/// Brings a gadget's telemetry to a broker, and waits for one that is not there. What the broker
/// does not take in time of a flood is lost, message by message, with its number.
class MqttService : public std::enable_shared_from_this<MqttService> {
 public:
  struct Events {
    /// Something worth knowing that is no failure: `code` is stable, dotted.
    std::function<void(std::string code, std::string text)> notice;
    /// The broker refuses this gadget: it does not try again.
    std::function<void(Error)> refused;
  };

  /// Opens nothing yet. Errc of mqtt.
  static Result<std::shared_ptr<MqttService>> make(const Identity& identity, Broker broker,
                                                   std::function<std::string()> temperature);

  void start(const net::asio::any_io_executor& executor, Events events);
  /// Publishes that it is offline, and disconnects within a second, while the executor runs:
  /// closed() is true then. There are no more events.
  void close();
  bool closed() const { return !running_; }

  /// What can be listened to: "mqtt://broker/gadgets/240AC4A10700/#".
  std::string address() const;
  /// "address", "connected", "published", "lost": what the record of a gadget has about it.
  MqttResult report() const;

 private:
  MqttService(const Identity& identity, Broker broker, std::function<std::string()> temperature);
  net::Task<void> run();
  net::Task<void> serve();
  net::Task<void> leave();
  Result<void> publish(const mqtt::Publication& what);
  Result<void> publish_due();

  Broker broker_;
  Telemetry telemetry_;
  Events events_;
  net::asio::any_io_executor executor_;
  std::unique_ptr<mqtt::Client> client_;
  net::asio::cancellation_signal cancel_;
  bool running_ = false;
  bool connected_ = false;
  bool closed_ = false;
  std::uint64_t published_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace aiot::sim::gadget
