#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aiot/flash.hpp"
#include "gang/place.hpp"
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

/// One device's place in a run of the job, and what that brings from outside.
class DeviceContext : public gang::Place {
 public:
  /// `claims` is shared by the devices of a run; nullptr for one alone.
  DeviceContext(Address address, unsigned number, const Session& session, Environment& environment,
                EventSink& sink, Claims* claims = nullptr)
      : Place(std::move(address), number, sink),
        session_(session),
        environment_(environment),
        claims_(claims) {}

  const Session& session() const { return session_; }
  Environment& environment() { return environment_; }
  Claims* claims() { return claims_; }
  net::Clock& clock() { return *environment_.clock; }

 private:
  const Session& session_;
  Environment& environment_;
  Claims* claims_;
};

/// One operation on one device.
using Operation = std::function<net::Task<void>(DeviceContext&)>;

}  // namespace aiot::flash
