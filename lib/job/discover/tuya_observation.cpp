#include "job/discover/tuya_observation.hpp"

#include "protocol/tuya/packet.hpp"

namespace aiot::discover {

std::vector<Observation> observe_announcement(const Packet& packet) {
  const Result<tuya::Packet> decoded = tuya::decode_broadcast(packet.payload);
  if (!decoded) return {};
  const Result<tuya::Announcement> said = tuya::parse_announcement(decoded->text);
  if (!said) return {};
  Observation out;
  out.source = "tuya";
  out.identities.push_back({IdentityKind::hardware_id, said->device_id, "tuya"});
  out.identities.push_back({IdentityKind::address, packet.from_address});
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  out.facts.push_back({"ip", packet.from_address, 1});
  out.facts.push_back({"tuya.device_id", said->device_id, 1});
  out.facts.push_back({"tuya.encrypted", said->encrypted, 1});
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) out.facts.push_back({name, text, 1});
  };
  add("tuya.product_key", said->product_key);
  add("tuya.protocol", said->version);
  // Anybody can say so: the cipher's key is public, and the address in it need not be the sender's.
  out.facts.push_back({"ecosystem", "Tuya", 0.9});
  out.facts.push_back({"ecosystem_reason", "it announces itself as Tuya devices do", 1});
  if (said->active == 2) out.facts.push_back({"state", "provisioned", 0.9});
  if (said->active == 0) out.facts.push_back({"state", "unprovisioned", 0.8});
  return {std::move(out)};
}

std::vector<Observation> observe_tuya(const Packet& packet) {
  for (const std::uint16_t port : {tuya::plain_port, tuya::cipher_port, tuya::question_port}) {
    if (packet.to_port == port || packet.from_port == port) return observe_announcement(packet);
  }
  return {};
}

}  // namespace aiot::discover
