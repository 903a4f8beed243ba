// DNS messages: any bytes. What decodes is encoded and decoded again to the same; a querier and a
// responder that hear it stay within their bounds.
#include <cstdlib>

#include "protocol/dnssd/message.hpp"
#include "protocol/dnssd/responder.hpp"
#include "protocol/dnssd/querier.hpp"

using namespace aiot;
using namespace aiot::dnssd;
using namespace std::chrono_literals;

namespace {

bool same(const std::vector<Record>& before, const std::vector<Record>& after) {
  if (before.size() != after.size()) return false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Record& a = before[i];
    const Record& b = after[i];
    if (!(a.name == b.name) || a.type != b.type || a.flush != b.flush || a.ttl_s != b.ttl_s) {
      return false;
    }
    // A TXT record without strings is written with an empty one (RFC 6763 section 6.1).
    const auto* strings = std::get_if<Strings>(&a.data);
    if (strings != nullptr && strings->empty()) continue;
    // A pointer that led nowhere may lead somewhere when its place is another.
    if (std::holds_alternative<Opaque>(a.data) && (a.type == PTR || a.type == SRV)) continue;
    if (!(a.data == b.data)) return false;
  }
  return true;
}

void encode_again(const Message& message) {
  // Uncompressed names may make it larger than a packet can be.
  const Bytes bytes = encode(message);
  if (bytes.size() > largest_packet) return;
  const Result<Message> again = decode(bytes);
  if (!again || !same(message.answers, again->answers) ||
      !same(message.authorities, again->authorities) ||
      !same(message.additionals, again->additionals) ||
      again->questions.size() != message.questions.size()) {
    std::abort();
  }
}

void hear(const Message& message) {
  net::TimePoint now{1h};
  Querier querier({{}, 1}, now);
  querier.on_timer(now);
  querier.on_message(message, now);
  querier.on_message(message, now);
  for (int i = 0; i < 20 && querier.next_timer() != net::TimePoint::max(); ++i) {
    now = std::max(now, querier.next_timer());
    querier.on_timer(now);
  }
  for (const Querier::Action& action : querier.take_actions()) {
    const auto* send = std::get_if<Querier::Send>(&action);
    if (send != nullptr && (send->payload.size() > 1472 || !decode(send->payload))) std::abort();
  }
}

void answer(const Message& message) {
  const net::TimePoint now{1h};
  Result<Responder> responder =
      Responder::make(Name("lamp.local"), {boost::asio::ip::make_address("10.0.0.1")},
                      {Offer{"Lamp", "_hap._tcp", 1, {{"sf", "1"}}, {}}}, 1, now);
  for (const std::uint16_t port : {std::uint16_t{5353}, std::uint16_t{40000}}) {
    responder->on_message(message, {boost::asio::ip::make_address("10.0.0.2"), port}, now);
  }
  responder->on_timer(now + 1s);
  for (const Responder::Send& send : responder->take_output()) (void)decode(send.payload);
}

void probe(const Message& message) {
  const net::TimePoint now{1h};
  const Result<Responder> responder =
      Responder::make(Name("lamp.local"), {boost::asio::ip::make_address("10.0.0.1")},
                      {Offer{"Lamp", "_hap._tcp", 1, {{"sf", "1"}}, {}}}, 1, now);
  Prober prober(responder->unique(), {}, 1, now);
  prober.on_timer(now + 1s);
  prober.on_message(message, now + 1s);
  if (prober.taken().size() > 2) std::abort();  // it asked for two names
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Message> message = decode(ByteSpan(data, size));
  if (!message) return 0;
  encode_again(*message);
  hear(*message);
  answer(*message);
  probe(*message);
  return 0;
}
