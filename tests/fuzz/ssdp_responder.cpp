#include <cstddef>
#include <cstdint>

#include "protocol/ssdp/responder.hpp"

using namespace aiot;

/// A search as a stranger sends it: answered with well-formed messages, or not at all.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ssdp::ResponderOptions options;
  options.udn = "uuid:1";
  options.device_type = "urn:schemas-upnp-org:device:Basic:1";
  options.places = {{1, "http://192.0.2.1/"}};
  const net::TimePoint start{};
  ssdp::Responder responder(options, start);
  net::Datagram datagram;
  datagram.to.address(net::asio::ip::make_address_v4("239.255.255.250"));
  datagram.interface = 1;
  datagram.payload.assign(data, data + size);
  responder.on_datagram(start, datagram);
  responder.on_timer(start + std::chrono::seconds(10));
  while (const auto out = responder.take_output()) {
    if (!ssdp::parse_message(out->payload)) __builtin_trap();
  }
  return 0;
}
