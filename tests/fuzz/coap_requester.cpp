// What a CoAP server may answer to one observing request: datagrams of the input, cut by their
// length in front. The first two bytes of the token and the message id are known to the server.
#include <cstdlib>

#include "protocol/coap/requester.hpp"

using namespace aiot;
using namespace aiot::coap;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Timing timing;
  timing.max_body_bytes = 4096;
  Request request;
  request.path = "/a";
  request.observe = true;
  Requester requester(std::move(request), RandomIds{1, {0x4A}, 1}, timing);
  net::TimePoint now{std::chrono::hours(1)};
  requester.start(now);
  ByteSpan rest(data, size);
  std::size_t sent = 0;
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    if (length == 0) {
      // Nothing came: on to the next timer.
      if (requester.next_timer()) now = *requester.next_timer();
      requester.on_timer(now);
    } else {
      requester.on_datagram(now, rest.subspan(1, length));
    }
    rest = rest.subspan(1 + length);
    while (const auto out = requester.take_output()) {
      if (!decode(*out)) std::abort();
      ++sent;
    }
    while (const auto response = requester.take_response()) {
      if (*response && (*response)->payload.size() > timing.max_body_bytes) std::abort();
    }
  }
  if (sent > 2 * size + 2) std::abort();
  return 0;
}
