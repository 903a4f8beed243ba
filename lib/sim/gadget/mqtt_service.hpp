#pragma once

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

  /// Opens nothing yet. Errc of net/mqtt, Condition::resource without its library.
  static Result<std::shared_ptr<MqttService>> make(const Identity& identity, Broker broker,
                                                   std::function<std::string()> temperature);

  void start(const net::asio::any_io_executor& executor, Events events);
  /// Says that it is offline, and leaves. Nothing is told any more.
  void close();

  /// What can be listened to: "mqtt://broker/gadgets/240AC4A10700/#".
  std::string address() const;
  /// "address", "connected", "published", "lost": what the record of a gadget has about it.
  MqttResult report() const;

 private:
  MqttService(const Identity& identity, Broker broker, std::function<std::string()> temperature);
  net::Task<void> run();
  net::Task<void> serve();
  Result<void> publish(const net::mqtt::Publication& what);
  Result<void> publish_due();

  Broker broker_;
  Telemetry telemetry_;
  Events events_;
  std::unique_ptr<net::mqtt::Client> client_;
  bool connected_ = false;
  bool closed_ = false;
  std::uint64_t published_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace aiot::sim::gadget
