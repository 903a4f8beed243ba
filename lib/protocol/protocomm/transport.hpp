#pragma once

#include <string_view>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"
#include "provisioning/error.hpp"

namespace aiot::protocomm {

/// What carries requests to the endpoints of one device: BLE characteristics, or HTTP to its access
/// point. One request is under way at a time.
class EndpointTransport {
 public:
  virtual ~EndpointTransport() = default;

  virtual net::Clock& clock() = 0;
  /// Sends `body` to the endpoint of this name ("prov-session") and gives the answer. Both views
  /// stay valid until the task ends.
  ///
  /// net::Errc::refused when the device rejects the request: its handlers say no more than that, by
  /// an ATT error, a closed connection without a response. net::Errc::not_supported when it has no
  /// such endpoint, net::Errc::link_lost, timed_out, cancelled, and protocol.
  virtual net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body,
                                    net::TimePoint deadline) = 0;
  /// A link without what an earlier session left on the device: a new socket and no cookie.
  virtual net::Task<void> restart(net::TimePoint deadline) = 0;

  /// Why a device ends an authenticated session without an answer: the cause that this transport
  /// has for it.
  virtual provisioning::Errc cause_of_drop() const = 0;
  /// Networks of a scan list that fit in one answer.
  virtual unsigned scan_page() const = 0;
};

}  // namespace aiot::protocomm
