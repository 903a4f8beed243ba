// One stream to both ends: the server's engine, and the decoder with the client's negotiation.
#include <algorithm>

#include "net/rfc2217/server.hpp"

using namespace aiot;
using namespace aiot::net::rfc2217;

namespace {

/// The data alone; must not depend on how the stream was cut.
Bytes data_of(ByteSpan stream, std::size_t piece) {
  TelnetDecoder decoder;
  Negotiator negotiator;
  (void)negotiator.open(true);
  Bytes out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    for (const Item& item :
         decoder.decode(stream.subspan(at, std::min(piece, stream.size() - at)))) {
      if (const auto* data = std::get_if<Data>(&item)) {
        append(out, data->bytes);
      } else if (const auto* negotiation = std::get_if<Negotiation>(&item)) {
        const Bytes answer = negotiator.on(*negotiation);
        // The same again changes nothing for an option that is known, so nothing may be said.
        const bool known = negotiation->option == binary || negotiation->option == com_port ||
                           negotiation->option == suppress_go_ahead;
        if (known && !negotiator.on(*negotiation).empty()) __builtin_trap();
      } else {
        const auto& sub = std::get<Subnegotiation>(item);
        if (sub.value.size() > TelnetDecoder::max_subnegotiation) __builtin_trap();
        if (const auto message = decode_message(sub.value)) (void)baud_of(*message);
      }
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan stream(data, size);
  const Bytes whole = data_of(stream, std::max<std::size_t>(1, size));
  if (data_of(stream, 1) != whole) __builtin_trap();
  if (data_of(stream, 7) != whole) __builtin_trap();

  Server server("aiot");
  (void)server.take_output();
  Bytes served;
  for (const Server::Action& action : server.on_bytes(stream)) {
    if (const auto* piece = std::get_if<Data>(&action)) append(served, piece->bytes);
  }
  if (served != whole) __builtin_trap();
  // Every message gets at most two answers, none much longer than its question.
  if (server.take_output().size() > 64 + size * 8) __builtin_trap();

  // Whatever is sent as data comes out as the same data.
  TelnetDecoder decoder;
  Bytes back;
  for (const Item& item : decoder.decode(escape(stream))) {
    if (const auto* piece = std::get_if<Data>(&item)) append(back, piece->bytes);
  }
  if (!std::equal(back.begin(), back.end(), stream.begin(), stream.end())) __builtin_trap();
  return 0;
}
