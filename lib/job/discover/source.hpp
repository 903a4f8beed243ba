#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aiot/discover.hpp"
#include "job/discover/observation.hpp"
#include "net/clock.hpp"

namespace aiot::discover {

/// What became of a source.
enum class SourceState { ran, no_adapter, no_permission, daemon_missing, not_asked, failed };
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
  std::function<void(SourceStatus)> tell = [](const SourceStatus&) {};
};

/// One way to look around: an engine of its own, run beside the others on one loop.
class Source {
 public:
  virtual ~Source() = default;
  virtual SourceInfo info() const = 0;
  /// Looks until the deadline or until it is cancelled, and reports what it sees as it sees it.
  /// Everything but Condition::cancelled and bugs is told in the status.
  virtual net::Task<SourceStatus> run(SourceContext& context) = 0;
};

/// Every source there is, in the order of its name. One line each: see sources.cpp.
std::vector<std::unique_ptr<Source>> make_sources();

/// A source's factory; each is defined in source/NAME.cpp.
std::unique_ptr<Source> make_mdns_source();
std::unique_ptr<Source> make_ssdp_source();
std::unique_ptr<Source> make_wsd_source();
std::unique_ptr<Source> make_coap_source();
std::unique_ptr<Source> make_miio_source();
std::unique_ptr<Source> make_tuya_source();
std::unique_ptr<Source> make_alibaba_source();
std::unique_ptr<Source> make_ble_source();
std::unique_ptr<Source> make_wifi_source();
std::unique_ptr<Source> make_usb_source();

/// A packet of a capture, or of the network: what decoders of UDP protocols are given.
struct Packet {
  std::string from_address;  ///< "192.168.1.40", "fe80::1"
  std::uint16_t from_port = 0;
  std::string to_address;
  std::uint16_t to_port = 0;
  std::string from_mac;  ///< "" when not known
  ByteSpan payload;
};
/// The decoders that captures and live sources share; each is defined beside its source. They
/// return nothing for what is not theirs.
std::vector<Observation> observe_mdns(const Packet& packet);
std::vector<Observation> observe_ssdp(const Packet& packet);
std::vector<Observation> observe_wsd(const Packet& packet);
std::vector<Observation> observe_coap(const Packet& packet);
std::vector<Observation> observe_miio(const Packet& packet);
std::vector<Observation> observe_tuya(const Packet& packet);
std::vector<Observation> observe_alibaba(const Packet& packet);

}  // namespace aiot::discover
