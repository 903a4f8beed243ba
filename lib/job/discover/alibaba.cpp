#include "protocol/alibaba/device_info.hpp"

#include "job/discover/udp.hpp"
#include "protocol/coap/message.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::discover {
namespace {

struct AlibabaDetails {
  std::string product_key;
  bool bindable = false;
};
void describe(FieldVisitor& v, AlibabaDetails& details) {
  v("product_key", details.product_key, "");
  v("bindable", details.bindable, "");
}

/// An answer to alibaba::info_request(), or an announcement.
bool is_device_info(const coap::MessageView& message) {
  if (message.code == coap::Code::content) return true;
  return coap::is_request(message.code) && message.options.path() == alibaba::notify_path;
}

std::vector<Observation> observe_alibaba(const Packet& packet) {
  const Result<coap::MessageView> message = coap::decode(packet.payload);
  if (!message || message->payload.empty() || !is_device_info(*message)) return {};
  const Result<alibaba::DeviceInfo> info = alibaba::parse_device_info(to_string(message->payload));
  if (!info) return {};
  Observation out;
  out.source = "alibaba";
  if (!info->device_name.empty()) {
    out.identities.push_back(
        {IdentityKind::hardware_id, info->product_key + "/" + info->device_name, "alibaba"});
    claim(out.name, info->device_name, 0.6);
  }
  if (!info->mac.empty()) {
    out.identities.push_back({IdentityKind::mac, info->mac});
    out.macs.push_back(info->mac);
  }
  add_sender(packet, out);
  claim_text(out.version, info->firmware, 0.9);
  claim(out.ecosystem, "Alibaba Tmall Genie", 0.9, "it describes itself as Link Kit devices do");
  // It announces nothing before it has a network and its cloud.
  claim(out.state, DeviceState::provisioned, 0.7);
  add_details(out, out.source, AlibabaDetails{info->product_key, info->binding_token});
  return {std::move(out)};
}

/// A GET with a payload, as the Link Kit's own application asks.
Questions::Make info_question(const coap::RandomIds& ids) {
  return [ids](unsigned round) {
    coap::Message message;
    message.type = coap::Type::non_confirmable;
    message.code = coap::Code::get;
    message.id = static_cast<std::uint16_t>(ids.message_id + round);
    message.token = ids.token;
    message.add_path(alibaba::info_path);
    const std::string text = alibaba::info_request(round + 1);
    message.payload.assign(text.begin(), text.end());
    return coap::encode(message);
  };
}

std::unique_ptr<Source> make_alibaba() {
  const coap::RandomIds ids = coap::random_ids();
  UdpProtocol protocol{
      .wire = alibaba::udp_protocol,
      .description = "devices with Alibaba's Link Kit, by multicast and on the given subnets",
      .question = [ids](const UdpProtocol::Asker&) { return info_question(ids); }};
  protocol.handler = [token = ids.token](std::shared_ptr<UdpSearch> search) {
    return [search, token](const net::Datagram& datagram) {
      if (auto owed = acknowledgement_of(datagram, token)) search->outgoing.push_back(*owed);
      for (Observation& o : observe_alibaba(packet_of(datagram))) search->report(std::move(o));
    };
  };
  protocol.ask_own_addresses = true;
  protocol.ask_subnets = true;
  protocol.listen = UdpProtocol::Listen::groups;
  return make_udp_source(std::move(protocol), observe_alibaba);
}

}  // namespace

Protocol alibaba_protocol() { return {make_alibaba, &alibaba::udp_protocol, observe_alibaba}; }

}  // namespace aiot::discover
