#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aiot/discover.hpp"
#include "job/discover/observation.hpp"
#include "net/clock.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::discover {

/// What became of a source.
struct SourceStatus {
  SourceState state = SourceState::ran;
  std::string detail;  ///< for people: what was tried, on what
  std::string hint;    ///< what to do about it
};

/// What a source works with. Outlives its run.
struct SourceContext {
  const Request& request;
  net::Clock& clock;
  net::TimePoint deadline;  ///< of the whole search; max() with --watch
  std::function<void(Observation)> report;
  /// What became of the source for the time being, while it goes on: its daemon is gone, or back.
  std::function<void(SourceStatus)> update = [](const SourceStatus&) {};
};

/// One way to look around: an engine of its own, run beside the others on one loop.
class Source {
 public:
  virtual ~Source() = default;
  virtual SourceInfo info() const = 0;
  /// Looks until the deadline or until it is cancelled, and reports what it sees as it sees it. All
  /// failures but Condition::cancelled and bugs are in the status.
  virtual net::Task<SourceStatus> run(SourceContext& context) = 0;
};

/// A UDP packet of a capture, or of the network.
struct Packet {
  std::string from_address;  ///< "192.168.1.40", "fe80::1"
  std::uint16_t from_port = 0;
  std::string to_address;
  std::uint16_t to_port = 0;
  std::string from_mac;  ///< "" when not known
  ByteSpan payload;
};
/// What a packet says of devices; nothing for what is not of the protocol.
using Decoder = std::vector<Observation> (*)(const Packet& packet);

/// Adds the address that a packet came from, and its MAC where that is known.
void add_sender(const Packet& packet, Observation& out);

/// One way to find devices: what a protocol's file gives the table in protocols.cpp.
struct Protocol {
  std::unique_ptr<Source> (*make_source)();
  const net::UdpProtocol* wire = nullptr;  ///< whose packets, in a capture, `decode` understands
  Decoder decode = nullptr;
};
/// Packets between these ports are of the protocol, and it has a decoder.
bool understands(const Protocol& protocol, std::uint16_t from, std::uint16_t to);

/// All of them, by name.
std::span<const Protocol> protocols();

/// A source for each, in their order.
std::vector<std::unique_ptr<Source>> make_sources();

}  // namespace aiot::discover
