#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/sim.hpp"
#include "net/clock.hpp"
#include "sim/virtual_device.hpp"

/// Virtual devices that take updates.
namespace aiot::sim::ota {

/// A fault that a kind can have: "power-cut@BYTE", "never-back".
struct FaultKind {
  std::string_view name;
  std::string_view meaning;
  bool at_byte = false;  ///< written NAME@BYTE
};
/// One that was asked for; it is of the kind's own.
struct Fault {
  std::string name;
  std::uint64_t byte = 0;
};

/// What a device polls.
struct Server {
  std::string url;  ///< "" for none
  std::string ca_file;
  std::string fingerprint;
  std::string token;
  std::string root_file;  ///< of a TUF repository: the root metadata that the device was made with
  std::map<std::string, std::string> attributes;  ///< that the device has
};

/// From a restart to the announcement by multicast DNS.
inline constexpr std::chrono::milliseconds boot_time{500};

/// What one device is made from.
struct Options {
  unsigned index = 0;  ///< of those that run together: its port follows from it
  std::string port;    ///< as the kind takes it; "" for its usual one, port 0 for a free one
  std::vector<Fault> faults;
  std::string image_file;       ///< that runs at first; "" for one of its own, version 1.0.0
  std::string password;         ///< that the device wants; "" for none
  net::Duration write_time{0};  ///< for each 4 KiB that arrives
  bool announces = false;       ///< by multicast DNS
  Server server;
  net::Clock* clock = nullptr;
  EventSink* sink = nullptr;  ///< for notices; outlives the device

  const Fault* fault(std::string_view name) const;
};

/// A kind of device: a file of this folder and one row of kinds.cpp.
struct Kind {
  std::string_view name;  ///< "smp"
  std::string_view description;
  std::string_view ports;  ///< the forms of Options::port
  std::span<const FaultKind> faults;
  Result<std::unique_ptr<VirtualDevice>> (*make)(const net::asio::any_io_executor& executor,
                                                 const Options& options);
  bool polls = false;      ///< it has no port: it is a client of Options::server
  bool announces = false;  ///< it can announce itself
  bool has_root = false;   ///< it polls a TUF repository: a root and an image, no token
};
std::span<const Kind> kinds();

}  // namespace aiot::sim::ota
