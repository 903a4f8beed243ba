#include <random>

#include "job/discover/udp.hpp"
#include "protocol/tuya/packet.hpp"

namespace aiot::discover {
namespace {

struct TuyaDetails {
  std::string device_id;
  bool encrypted = false;
  std::string product_key;
  std::string protocol;
};
void describe(FieldVisitor& v, TuyaDetails& details) {
  v.text("device_id", details.device_id, "");
  v("encrypted", details.encrypted, "");
  v.text("product_key", details.product_key, "", Presence::if_set);
  v.text("protocol", details.protocol, "", Presence::if_set);
}

std::vector<Observation> observe_tuya(const Packet& packet) {
  const Result<tuya::Packet> decoded = tuya::decode_broadcast(packet.payload);
  if (!decoded) return {};
  const Result<tuya::Announcement> announced = tuya::parse_announcement(decoded->text);
  if (!announced) return {};
  Observation out;
  out.source = "tuya";
  out.identities.push_back({IdentityKind::hardware_id, announced->device_id, "tuya"});
  add_sender(packet, out);
  // Anybody can claim it: the cipher's key is public, and the address in it need not be the
  // sender's.
  claim(out.ecosystem, "Tuya", 0.9, "it announces itself as Tuya devices do");
  if (announced->active == 2) claim(out.state, DeviceState::provisioned, 0.9);
  if (announced->active == 0) claim(out.state, DeviceState::unprovisioned, 0.8);
  add_details(out, out.source,
              TuyaDetails{announced->device_id, announced->encrypted, announced->product_key,
                          announced->version});
  return {std::move(out)};
}

/// Asks with the address that the answer is to go to; each time with another nonce.
Questions::Make info_question(const UdpProtocol::Asker& asker) {
  Bytes nonce;
  std::random_device device;
  for (int i = 0; i < 2; ++i) append_le32(nonce, device());
  return [own_ip = asker.address.to_string(), nonce](unsigned round) {
    Bytes now = nonce;
    append_le32(now, round);
    return tuya::info_question(own_ip, now);
  };
}

std::unique_ptr<Source> make_tuya() {
  UdpProtocol protocol{.wire = tuya::udp_protocol,
                       .description = "Tuya Wi-Fi devices, by their broadcasts and by asking",
                       .question = info_question};
  protocol.ask_subnets = true;
  protocol.socket_per_address = true;
  protocol.listen = UdpProtocol::Listen::ports;
  return make_udp_source(std::move(protocol), observe_tuya);
}

}  // namespace

Protocol tuya_protocol() { return {make_tuya, &tuya::udp_protocol, observe_tuya}; }

}  // namespace aiot::discover
