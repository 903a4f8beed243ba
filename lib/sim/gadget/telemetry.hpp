#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/client.hpp"
#include "sim/gadget/identity.hpp"
#include "sim/gadget/pace.hpp"

namespace aiot::sim::gadget {

/// What a gadget tells a broker, as an engine without I/O. Below "PREFIX/SERIAL": `state`
/// ("online", retained; "offline" is its will), `info` (who it is, JSON, retained), `temperature`
/// at an interval, and `flood`, numbered messages as fast as they are wanted: `flood/rate` takes
/// their number a second.
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

  /// What is said as soon as the broker is there. The flood begins then: it does not make up for
  /// the time before.
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

}  // namespace aiot::sim::gadget
