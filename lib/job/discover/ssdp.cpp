#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "job/discover/identity.hpp"
#include "job/discover/udp.hpp"
#include "net/http.hpp"
#include "protocol/ssdp/message.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

constexpr std::size_t description_limit_bytes = 64 * 1024;
constexpr std::chrono::seconds fetch_time{2};
/// Devices wait up to this long at random before they answer.
constexpr int mx_s = 1;

struct SsdpDetails {
  std::string udn;
  std::string server;
  std::string location;
  std::string type;
};
void describe(FieldVisitor& v, SsdpDetails& details) {
  v.text("udn", details.udn, "", Presence::if_set);
  v.text("server", details.server, "", Presence::if_set);
  v.text("location", details.location, "", Presence::if_set);
  v.text("type", details.type, "", Presence::if_set);
}

struct SsdpDescriptionDetails {
  std::string device_type;
  std::string presentation;
};
void describe(FieldVisitor& v, SsdpDescriptionDetails& details) {
  v.text("device_type", details.device_type, "", Presence::if_set);
  v.text("presentation", details.presentation, "", Presence::if_set);
}

struct KnownName {
  std::string_view header;  ///< in lower case, of a header or of how the search target begins
  std::string_view ecosystem;
  std::string_view reason;
};
// Names that the makers' own documents give.
constexpr std::array<KnownName, 6> known_names = {{
    {"roku", "Roku", "it answers as roku:ecp, Roku's External Control Protocol"},
    {"urn:dial-multiscreen-org", "DIAL", "it offers the DIAL service"},
    {"urn:belkin:", "Belkin WeMo", "its UPnP types are Belkin's"},
    {"urn:schemas-sonos-com", "Sonos", "its UPnP types are Sonos'"},
    {"urn:samsung.com", "Samsung", "its UPnP types are Samsung's"},
    {"hue-bridgeid", "Philips Hue", "it announces itself as a Hue bridge"},
}};

void add_ecosystem(const ssdp::Message& message, Observation& out) {
  for (const KnownName& known : known_names) {
    const bool named =
        message.target().starts_with(known.header) || message.headers.contains(known.header);
    if (named) return claim(out.ecosystem, known.ecosystem, 0.8, std::string(known.reason));
  }
}

/// What an announcement or an answer says of its sender.
Observation observe_announcement(const Packet& packet, const ssdp::Message& message) {
  Observation out;
  out.source = "ssdp";
  out.gone = message.kind == ssdp::Message::Kind::byebye;
  SsdpDetails details;
  details.udn = message.udn();
  details.server = message.header("server");
  details.location = message.header("location");
  if (message.target().starts_with("urn:")) details.type = message.target();
  if (!details.udn.empty()) {
    out.identities.push_back({IdentityKind::instance, details.udn, "upnp"});
  }
  add_sender(packet, out);
  add_ecosystem(message, out);
  add_details(out, out.source, details);
  return out;
}

/// Adds what the description behind its LOCATION says.
void add_description(const ssdp::Description& description, Observation& out) {
  claim_text(out.name, description.friendly_name, 0.8);
  claim_text(out.vendor, description.manufacturer, 0.8);
  claim_text(out.product, description.model_name, 0.8);
  claim_text(out.model, description.model_number, 0.7);
  claim_text(out.serial, description.serial_number, 0.8);
  add_details(out, out.source,
              SsdpDescriptionDetails{description.device_type, description.presentation_url});
  if (!description.serial_number.empty() && !description.manufacturer.empty()) {
    out.identities.push_back(
        {IdentityKind::serial, description.serial_number, description.manufacturer});
  }
  if (auto mac = normal_mac(description.serial_number)) {
    out.identities.push_back({IdentityKind::mac, *std::move(mac)});
  }
}

std::vector<Observation> observe_ssdp(const Packet& packet) {
  const Result<ssdp::Message> message = ssdp::parse_message(packet.payload);
  if (!message || message->kind == ssdp::Message::Kind::search) return {};
  return {observe_announcement(packet, *message)};
}

/// The description is fetched from the sender of the announcement, whatever host its URL names.
net::Task<void> add_from(std::shared_ptr<UdpSearch> search, asio::ip::address address,
                         std::string location, Observation seen) {
  const Result<net::HttpUrl> url = net::parse_http_url(location);
  if (!url) co_return url.error();
  net::HttpUrl target = *url;
  const net::TimePoint deadline = search->clock.now() + fetch_time;
  const Result<std::string> text =
      co_await net::http_get(address, std::move(target), description_limit_bytes, deadline);
  if (!text) co_return text.error();
  const Result<ssdp::Description> description = ssdp::parse_description(*text);
  if (!description) co_return description.error();
  add_description(*description, seen);
  search->report(std::move(seen));
  co_return Result<void>();
}

UdpProtocol::Handler handle_announcements(std::shared_ptr<UdpSearch> search) {
  const auto fetches = std::make_shared<Fetches>();
  return [search, fetches](const net::Datagram& datagram) {
    const Result<ssdp::Message> message = ssdp::parse_message(datagram.payload);
    if (!message || message->kind == ssdp::Message::Kind::search) return;
    const Observation seen = observe_announcement(packet_of(datagram), *message);
    search->report(seen);
    const std::string location(message->header("location"));
    const std::string key = std::string(message->udn()) + ' ' + location;
    if (seen.gone || location.empty() || !fetches->begin(key, search->clock.now())) return;
    const auto work = [search, fetches, address = datagram.from.address(), location, key,
                       seen]() -> asio::awaitable<void> {
      Observation copy = seen;
      const Result<void> done =
          co_await add_from(search, address, std::string(location), std::move(copy));
      fetches->ended(key, done.has_value(), search->clock.now());
    };
    asio::co_spawn(search->executor, work, asio::detached);
  };
}

Questions::Make search_question(const UdpProtocol::Asker& asker) {
  const std::string host = asker.v6 ? "[FF02::C]:1900" : "239.255.255.250:1900";
  return [host](unsigned round) {
    // Root devices describe themselves; "all" finds those that announce nothing else.
    const std::string text = ssdp::search(host, round == 1 ? "upnp:rootdevice" : "ssdp:all", mx_s);
    return Bytes(text.begin(), text.end());
  };
}

std::unique_ptr<Source> make_ssdp() {
  UdpProtocol protocol{
      .wire = ssdp::udp_protocol,
      .description = "UPnP devices, by their announcements and descriptions",
      .question = search_question,
      .handler = handle_announcements};
  protocol.listen = UdpProtocol::Listen::ports;
  return make_udp_source(std::move(protocol), observe_ssdp);
}

}  // namespace

Protocol ssdp_protocol() { return {make_ssdp, &ssdp::udp_protocol, observe_ssdp}; }

}  // namespace aiot::discover
