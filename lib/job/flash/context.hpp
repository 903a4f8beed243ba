#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aiot/flash.hpp"
#include "net/link.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/stub.hpp"

namespace aiot::flash {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct Environment {
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
  net::Clock* clock = nullptr;
  /// The stub for a chip of this revision, from `directory` or the data directories.
  std::function<Result<std::optional<esp::Stub>>(const esp::Chip& chip, std::uint32_t revision,
                                                 const std::string& directory)>
      find_stub;
};

/// The real links, the machine's clock, the installed stubs.
Environment real_environment();

/// Which device of a run is which, by MAC: two addresses may lead to one.
class Claims {
 public:
  /// Takes `mac` for `device`; gives who has it already when that is another.
  std::optional<std::string> take(const std::string& mac, const std::string& device) {
    const std::string& holder = taken_.emplace(mac, device).first->second;
    return holder == device ? std::nullopt : std::optional(holder);
  }

 private:
  std::map<std::string, std::string> taken_;
};

/// One device's place in a run: what it reports, and to whom.
class DeviceContext {
 public:
  /// `claims` is shared by the devices of a run; nullptr for one alone.
  DeviceContext(Address address, unsigned number, const Session& session, Environment& environment,
                EventSink& sink, Claims* claims = nullptr)
      : address_(std::move(address)),
        name_(address_.str()),
        number_(number),
        session_(session),
        environment_(environment),
        sink_(sink),
        claims_(claims) {}

  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  unsigned number() const { return number_; }  ///< from 1, in the order given
  const Session& session() const { return session_; }
  Environment& environment() { return environment_; }
  Claims* claims() { return claims_; }
  net::Clock& clock() { return *environment_.clock; }

  /// Enters a step. `weight` is its share of the device's time, in any unit.
  void step(std::string name, double weight);
  const std::string& current_step() const { return step_; }
  /// A failure belongs to an earlier step than the one that has begun since.
  void blame_step(std::string name) { step_ = std::move(name); }
  void progress(std::uint64_t done, std::uint64_t total);
  void log(event::Level level, std::string text);
  void notice(std::string code, std::string text, std::string hint = {});

  /// What is known of the device so far; becomes the report.
  Object fields;

 private:
  Address address_;
  std::string name_;
  unsigned number_;
  const Session& session_;
  Environment& environment_;
  EventSink& sink_;
  Claims* claims_;
  std::string step_;
  int last_mark_ = -1;
};

/// One operation on one device.
using Operation = std::function<net::Task<void>(DeviceContext&)>;

}  // namespace aiot::flash
