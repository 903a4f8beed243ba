#include "job/discover/source.hpp"
#include "protocol/alibaba/device_info.hpp"
#include "protocol/coap/message.hpp"

namespace aiot::discover {
namespace {

/// An answer to what alibaba::info_request() asks, or what a device tells unasked.
bool is_candidate(const coap::MessageView& message) {
  if (message.code == coap::Code::content) return true;
  return coap::is_request(message.code) && message.options.path() == alibaba::notify_path;
}

}  // namespace

std::vector<Observation> observe_alibaba(const Packet& packet) {
  const Result<coap::MessageView> message = coap::decode(packet.payload);
  if (!message || message->payload.empty() || !is_candidate(*message)) return {};
  const Result<alibaba::DeviceInfo> info = alibaba::parse_device_info(to_string(message->payload));
  if (!info) return {};
  Observation out;
  out.source = "alibaba";
  if (!info->device_name.empty()) {
    out.identities.push_back(
        {IdentityKind::hardware_id, info->product_key + "/" + info->device_name, "alibaba"});
    out.facts.push_back({"name", info->device_name, 0.6});
  }
  if (!info->mac.empty()) {
    out.identities.push_back({IdentityKind::mac, info->mac});
    out.facts.push_back({"mac", info->mac, 1});
  }
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  out.identities.push_back({IdentityKind::address, packet.from_address});
  out.facts.push_back({"ip", packet.from_address, 1});
  out.facts.push_back({"alibaba.product_key", info->product_key, 1});
  out.facts.push_back({"alibaba.bindable", info->binding_token, 1});
  if (!info->firmware.empty()) out.facts.push_back({"version", info->firmware, 0.9});
  out.facts.push_back({"ecosystem", "Alibaba Tmall Genie", 0.9});
  out.facts.push_back({"ecosystem_reason", "it describes itself as Link Kit devices do", 1});
  // It has a network, and its cloud: it tells nothing before that.
  out.facts.push_back({"state", "provisioned", 0.7});
  return {std::move(out)};
}

}  // namespace aiot::discover
