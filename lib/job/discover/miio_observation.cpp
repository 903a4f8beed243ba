#include "job/discover/miio_observation.hpp"

#include <boost/json.hpp>

#include "aiot/address.hpp"

namespace aiot::discover {
namespace {

std::string text_of(const boost::json::object& object, std::string_view name) {
  constexpr std::size_t longest = 128;
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string()).substr(0, longest);
}

}  // namespace

Observation observe_hello(const std::string& host, const miio::HelloReply& reply) {
  Observation out;
  out.source = "miio";
  const std::string id = std::to_string(reply.device_id);
  out.identities.push_back({IdentityKind::hardware_id, id, "miio"});
  out.identities.push_back({IdentityKind::address, host});
  out.facts.push_back({"ip", host, 1});
  out.facts.push_back({"miio.device_id", id, 1});
  // Newer firmware hides its token at all times: that proves less than one that is told.
  out.facts.push_back(reply.token ? Fact{"state", "unprovisioned", 0.95}
                                  : Fact{"state", "provisioned", 0.6});
  out.facts.push_back({"ecosystem", "Xiaomi Mi Home", 0.95});
  out.facts.push_back({"ecosystem_reason", "it answers a miIO hello", 1});
  Address address;
  address.scheme = "miio";
  address.host = host;
  out.addresses.push_back(address.str());
  if (reply.token) out.jobs.push_back("pair");
  return out;
}

void add_miio_info(const std::string& info_json, Observation& out) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(info_json, error);
  if (error || !parsed.is_object()) return;
  const boost::json::object& info = parsed.get_object();
  if (std::string model = text_of(info, "model"); !model.empty())
    out.facts.push_back({"model", std::move(model), 0.95});
  if (std::string version = text_of(info, "fw_ver"); !version.empty())
    out.facts.push_back({"version", std::move(version), 0.95});
  if (std::string mac = text_of(info, "mac"); !mac.empty()) {
    out.identities.push_back({IdentityKind::mac, mac});
    out.facts.push_back({"mac", std::move(mac), 1});
  }
}

std::vector<Observation> observe_miio(const Packet& packet) {
  if (packet.from_port != miio::udp_port) return {};
  const Result<miio::HelloReply> reply = miio::decode_hello_reply(packet.payload);
  if (!reply) return {};
  Observation out = observe_hello(packet.from_address, *reply);
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  return {std::move(out)};
}

}  // namespace aiot::discover
