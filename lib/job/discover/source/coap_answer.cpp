#include "job/discover/source/coap_answer.hpp"

#include <algorithm>

#include "protocol/coap/message.hpp"

namespace aiot::discover {

std::optional<net::OutgoingDatagram> acknowledgement_of(const net::Datagram& datagram,
                                                        ByteSpan token) {
  const Result<coap::MessageView> message = coap::decode(datagram.payload);
  if (!message || message->type != coap::Type::confirmable) return std::nullopt;
  if (!coap::is_response(message->code) || !std::ranges::equal(message->token, token)) {
    return std::nullopt;
  }
  coap::Message reply;
  reply.type = coap::Type::acknowledgement;
  reply.id = message->id;
  return net::OutgoingDatagram{datagram.from, coap::encode(reply), 0};
}

}  // namespace aiot::discover
