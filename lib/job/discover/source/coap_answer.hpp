#pragma once

#include <optional>

#include "aiot/bytes.hpp"
#include "net/datagram_engine.hpp"
#include "net/udp.hpp"

namespace aiot::discover {

/// What is owed to whoever answers our question, which carried `token`, with a confirmable message:
/// an empty acknowledgement, each time it comes (RFC 7252, sections 4.2 and 8.2), so that it is not
/// sent again and again. nullopt for anything else; a stranger's message is not answered.
std::optional<net::OutgoingDatagram> acknowledgement_of(const net::Datagram& datagram,
                                                        ByteSpan token);

}  // namespace aiot::discover
