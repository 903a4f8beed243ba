#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/sim.hpp"
#include "mqtt/client.hpp"
#include "sim/gadget/console.hpp"
#include "sim/gadget/identity.hpp"

namespace aiot::sim::gadget {

/// Where gadgets publish, and as whom.
struct Broker {
  mqtt::Options options;          ///< host, login, certificate authority
  std::string prefix;             ///< of the topics, without a slash at the end
  net::Duration interval{};       ///< between two readings
  std::uint64_t flood_per_s = 0;  ///< messages besides
};

/// What the request says of a broker, with the login read from its file; nullopt when it names
/// none. Errors of the address, of the file, and Errc of sim.
Result<std::optional<Broker>> broker_of(const Request& request);

/// What a gadget publishes to a broker, as an engine without I/O. Below "PREFIX/SERIAL": `state`
/// ("online", retained; "offline" is its will), `info` (its identity, JSON, retained),
/// `temperature` at an interval, and `flood`, numbered messages as fast as they are wanted:
/// `flood/rate` takes their number a second.
class Telemetry {
 public:
  struct Options {
    std::string prefix;  ///< of its topics, without a slash at the end
    net::Duration interval = std::chrono::seconds(1);  ///< between two readings; above 0
    std::uint64_t flood_per_s = 0;                     ///< up to Pace::max_rate
    std::function<std::string()> temperature;          ///< as it is now
  };
  Telemetry(const Identity& identity, Options options, net::TimePoint now);

  /// The topic above all of its own.
  const std::string& base() const { return base_; }
  mqtt::Publication online() const { return state("online"); }
  mqtt::Publication offline() const { return state("offline"); }
  std::string rate_topic() const { return base_ + "/flood/rate"; }
  void on_message(std::string_view topic, std::string_view payload, net::TimePoint now);

  /// What is published as soon as the broker is there. The flood begins then: it does not make up
  /// for the time before.
  std::vector<mqtt::Publication> greet(net::TimePoint now);
  /// A reading that is due. One that was missed is not made up for.
  std::optional<mqtt::Publication> reading(net::TimePoint now);
  /// How many messages of the flood are due, and the next of them: each has its number.
  std::uint64_t flood_due(net::TimePoint now) { return flood_.take(now); }
  mqtt::Publication next_of_flood();
  net::TimePoint next_timer() const;

 private:
  mqtt::Publication state(std::string word) const;

  Identity identity_;
  Options options_;
  std::string base_;
  net::TimePoint next_reading_;
  Pace flood_;
  std::uint64_t flood_number_ = 0;
};

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
