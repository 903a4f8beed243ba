// miIO: a packet as it is, to a device and to a call; and a text in a packet with the right token.
#include <cstdlib>

#include "protocol/miio/session.hpp"
#include "protocol/miio/device.hpp"
#include "protocol/miio/packet.hpp"

using namespace aiot;
using namespace aiot::miio;

namespace {

void give(Device& device, ByteSpan bytes) {
  net::Datagram datagram;
  datagram.payload.assign(bytes.begin(), bytes.end());
  device.on_datagram(net::TimePoint(std::chrono::hours(1)), datagram);
  while (const auto out = device.take_output()) {
    if (!decode_header(out->payload)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 60000));
  const Token token{1, 2, 3};
  DeviceOptions options;
  options.token = token;
  Device device(options, net::TimePoint());
  give(device, bytes);
  decode_hello_reply(bytes).has_value();

  const std::string text = to_string(bytes);
  const Bytes sealed = seal(1, 1, text, token);
  const Result<std::string> opened = open(sealed, token);
  if (!opened || *opened != text.substr(0, text.find('\0'))) std::abort();
  give(device, sealed);
  if (repaired_json(text).size() > text.size()) std::abort();

  Call call("x", "[]", token);
  call.start(net::TimePoint());
  call.on_datagram(net::TimePoint(), bytes);
  call.on_datagram(net::TimePoint(), hello_reply(1, 1, {}));
  call.on_datagram(net::TimePoint(), bytes);
  call.on_datagram(net::TimePoint(), sealed);
  return 0;
}
