#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>
#include <set>

#include "aiot/address.hpp"
#include "job/discover/udp.hpp"
#include "protocol/miio/packet.hpp"
#include "protocol/miio/session.hpp"

namespace aiot::discover {

/// Adds the answer to miIO.info: model, firmware, MAC. Text that is no such answer adds nothing.
void add_miio_info(const std::string& info_json, Observation& out) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(info_json, error);
  if (error || !parsed.is_object()) return;
  const auto text = [&](std::string_view name) {
    constexpr std::size_t longest = 128;
    const boost::json::value* value = parsed.get_object().if_contains(name);
    if (value == nullptr || !value->is_string()) return std::string();
    return std::string(value->get_string()).substr(0, longest);
  };
  claim_text(out.model, text("model"), 0.95);
  claim_text(out.version, text("fw_ver"), 0.95);
  if (const std::string mac = text("mac"); !mac.empty()) {
    out.identities.push_back({IdentityKind::mac, mac});
    out.macs.push_back(mac);
  }
}

namespace {

/// How many devices may be asked at once what they are.
constexpr std::size_t max_asking = 32;

struct MiioDetails {
  std::string device_id;
};
void describe(FieldVisitor& v, MiioDetails& details) { v("device_id", details.device_id, ""); }

/// What a device's answer to a hello says of it. Its token, if it shows one, is a secret: only that
/// it does is reported, as its state.
Observation observe_hello(const Packet& packet, const miio::HelloReply& reply) {
  Observation out;
  out.source = "miio";
  const std::string id = std::to_string(reply.device_id);
  out.identities.push_back({IdentityKind::hardware_id, id, "miio"});
  add_sender(packet, out);
  // Newer firmware hides its token at all times: that proves less than one that is shown.
  if (reply.token) {
    claim(out.state, DeviceState::unprovisioned, 0.95);
    out.jobs.push_back("pair");
  } else {
    claim(out.state, DeviceState::provisioned, 0.6);
  }
  claim(out.ecosystem, "Xiaomi Mi Home", 0.95, "it answers a miIO hello");
  Address address;
  address.scheme = "miio";
  address.host = packet.from_address;
  out.addresses.push_back(address.str());
  add_details(out, out.source, MiioDetails{id});
  return out;
}

std::vector<Observation> observe_miio(const Packet& packet) {
  if (packet.from_port != miio::udp_port) return {};
  const Result<miio::HelloReply> reply = miio::decode_hello_reply(packet.payload);
  if (!reply) return {};
  return {observe_hello(packet, *reply)};
}

/// Asks a device that nobody has provisioned what it is, with the token that it shows everybody.
net::Task<void> ask_info(std::shared_ptr<UdpSearch> search, net::asio::ip::udp::endpoint device,
                         miio::HelloReply reply, Observation seen) {
  miio::Call call("miIO.info", "[]", reply.token);
  Result<std::string> info =
      co_await miio::ask(device, std::move(call), search->clock, search->deadline);
  if (!info) co_return std::move(info).error();
  add_miio_info(*info, seen);
  search->report(std::move(seen));
  co_return Result<void>();
}

UdpProtocol::Handler handle_replies(std::shared_ptr<UdpSearch> search) {
  const auto asked = std::make_shared<std::set<std::uint64_t>>();  // ids: each is asked once
  return [search, asked](const net::Datagram& datagram) {
    const Result<miio::HelloReply> reply = miio::decode_hello_reply(datagram.payload);
    if (!reply || datagram.from.port() != miio::udp_port) return;
    const Observation seen = observe_hello(packet_of(datagram), *reply);
    search->report(seen);
    if (!reply->token || asked->size() >= max_asking) return;
    if (!asked->insert(reply->device_id).second) return;
    const auto work = [search, device = datagram.from, reply = *reply,
                       seen]() -> net::asio::awaitable<void> {
      Observation copy = seen;
      const Result<void> answered = co_await ask_info(search, device, reply, std::move(copy));
      static_cast<void>(answered);  // it is known that it is there, if not what it is
    };
    net::asio::co_spawn(search->executor, work, net::asio::detached);
  };
}

std::unique_ptr<Source> make_miio() {
  UdpProtocol protocol{
      .wire = miio::udp_protocol,
      .description = "Xiaomi Wi-Fi devices, by broadcast and on the given subnets",
      .question = [](const UdpProtocol::Asker&) { return [](unsigned) { return miio::hello(); }; },
      .handler = handle_replies};
  protocol.ask_broadcast = true;
  protocol.ask_own_addresses = true;
  protocol.ask_subnets = true;
  return make_udp_source(std::move(protocol), observe_miio);
}

}  // namespace

Protocol miio_protocol() { return {make_miio, &miio::udp_protocol, observe_miio}; }

}  // namespace aiot::discover
