#include "net/datagram_engine.hpp"

namespace aiot::net {

Task<void> serve_datagrams(UdpSocket& socket, DatagramEngine& engine) {
  Clock& clock = steady_clock();
  for (;;) {
    while (std::optional<OutgoingDatagram> out = engine.take_output()) {
      // One peer that cannot be reached must not end the service of the others.
      const Result<void> sent = socket.send(out->to, out->payload, out->interface);
      if (!sent && sent.error().code != Errc::io) co_return sent.error();
    }
    const TimePoint until = engine.next_timer().value_or(TimePoint::max());
    Result<Datagram> got = co_await socket.receive(until);
    if (got) {
      engine.on_datagram(clock.now(), *got);
      continue;
    }
    if (got.error().code == Errc::timed_out) {
      engine.on_timer(clock.now());
    } else if (got.error().code == Errc::link_lost) {
      co_return Result<void>();
    } else {
      co_return std::move(got).error();
    }
  }
}

}  // namespace aiot::net
