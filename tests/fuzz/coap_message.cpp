// A CoAP message: what decodes is written again and decodes to the same; and a server's answers.
#include <algorithm>
#include <cstdlib>

#include "protocol/coap/message.hpp"
#include "protocol/coap/server.hpp"

using namespace aiot;
using namespace aiot::coap;

namespace {

void check_written_again(const MessageView& message) {
  Message copy;
  copy.type = message.type;
  copy.code = message.code;
  copy.id = message.id;
  copy.token.assign(message.token.begin(), message.token.end());
  std::size_t count = 0;
  for (const Option& o : message.options) {
    copy.add(o.number, o.value);
    if (o.number == option::block2) parse_block(o.value);
    ++count;
  }
  copy.payload.assign(message.payload.begin(), message.payload.end());
  const Bytes bytes = encode(copy);
  const Result<MessageView> again = decode(bytes);
  if (!again || again->code != message.code || again->id != message.id) std::abort();
  if (!std::ranges::equal(again->token, message.token)) std::abort();
  if (!std::ranges::equal(again->payload, message.payload)) std::abort();
  auto other = again->options.begin();
  for (const Option& o : message.options) {
    if (other->number != o.number || !std::ranges::equal(other->value, o.value)) std::abort();
    ++other;
    --count;
  }
  if (count != 0 || other != again->options.end()) std::abort();
  if (message.options.path().size() > 2 * 65536) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  if (const Result<MessageView> message = decode(bytes)) check_written_again(*message);

  Server server;
  Resource resource;
  resource.path = "/a";
  resource.observable = true;
  resource.value = Bytes(3000, 0x41);
  server.add(resource);
  net::Datagram datagram;
  datagram.payload.assign(bytes.begin(), bytes.end());
  server.on_datagram(net::TimePoint(), datagram);
  while (const auto out = server.take_output()) {
    if (!decode(out->payload) || out->payload.size() > 1200) std::abort();
  }
  if (server.observer_count() > Server::max_observers) std::abort();
  return 0;
}
