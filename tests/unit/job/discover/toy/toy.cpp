// A protocol that nobody speaks, as any file of lib/job/discover brings one: its wire, its decoder, its source.
#include <array>

#include "job/discover/udp.hpp"

namespace aiot::discover {
namespace {

constexpr std::array<std::uint16_t, 1> toy_ports = {7007};
constexpr net::UdpProtocol toy_wire{.name = "toy", .ports = toy_ports};
constexpr std::string_view mark = "TOY ";

std::vector<Observation> observe_toy(const Packet& packet) {
  const std::string text = to_string(packet.payload);
  if (packet.from_port != toy_ports[0] || !text.starts_with(mark)) return {};
  Observation out;
  out.source = "toy";
  out.identities.push_back({IdentityKind::hardware_id, text.substr(mark.size()), "toy"});
  claim_text(out.name, std::string_view(text).substr(mark.size()), 0.9);
  add_sender(packet, out);
  return {std::move(out)};
}

std::unique_ptr<Source> make_toy() {
  UdpProtocol protocol{.wire = toy_wire,
                       .description = "toys, by asking",
                       .question = [](const UdpProtocol::Asker&) {
                         return [](unsigned) { return Bytes{'T', 'O', 'Y', '?'}; };
                       }};
  return make_udp_source(std::move(protocol), observe_toy);
}

}  // namespace

Protocol toy_protocol() { return {make_toy, &toy_wire, observe_toy}; }

}  // namespace aiot::discover
