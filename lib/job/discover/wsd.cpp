#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <random>
#include <set>

#include "job/discover/udp.hpp"
#include "net/http.hpp"
#include "protocol/wsd/message.hpp"

namespace aiot::discover {
namespace asio = net::asio;
namespace {

constexpr std::size_t most_devices = 4096;
constexpr std::size_t limit_bytes = 64 * 1024;
constexpr std::chrono::seconds metadata_time{2};

struct WsdDetails {
  std::string endpoint;
  std::vector<std::string> types;
  std::vector<std::string> addresses;
};
void describe(FieldVisitor& v, WsdDetails& details) {
  v.text("endpoint", details.endpoint, "");
  v.text("types", details.types, "", Presence::if_set);
  v.text("addresses", details.addresses, "", Presence::if_set);
}

struct WsdMetadataDetails {
  std::string computer;
};
void describe(FieldVisitor& v, WsdMetadataDetails& details) {
  v.text("computer", details.computer, "", Presence::if_set);
}

/// A random UUID (RFC 4122, 4.4).
std::string random_uuid() {
  std::random_device random;
  Bytes bytes(16);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

/// What follows a scope's prefix, with %20 as blanks: ONVIF writes names and hardware so (ONVIF Core
/// Specification, 7.3.2.2).
std::string scope_value(const wsd::Target& target, std::string_view prefix) {
  for (const std::string& scope : target.scopes) {
    if (!scope.starts_with(prefix)) continue;
    std::string value = scope.substr(prefix.size());
    for (auto at = value.find("%20"); at != std::string::npos; at = value.find("%20"))
      value.replace(at, 3, " ");
    return value;
  }
  return {};
}

Observation observe_target(const Packet& packet, const wsd::Target& target) {
  Observation out;
  out.source = "wsd";
  out.gone = target.gone;
  out.identities.push_back({IdentityKind::instance, target.endpoint, "wsd"});
  add_sender(packet, out);
  claim_text(out.name, scope_value(target, "onvif://www.onvif.org/name/"), 0.7);
  if (std::string model = scope_value(target, "onvif://www.onvif.org/hardware/"); !model.empty()) {
    claim(out.product, std::move(model), 0.7);
    claim(out.ecosystem, "ONVIF", 0.9, "its scopes are ONVIF's");
  }
  add_details(out, out.source, WsdDetails{target.endpoint, target.types, target.addresses});
  return out;
}

/// Adds what the device says of itself over HTTP.
void add_metadata(const wsd::Metadata& metadata, Observation& out) {
  // "NAME/Workgroup:GROUP" is what its owner calls the computer.
  claim_text(out.name, metadata.computer.substr(0, metadata.computer.find('/')), 0.8);
  claim_text(out.name, metadata.name, 0.7);
  claim_text(out.vendor, metadata.manufacturer, 0.7);
  claim_text(out.model, metadata.model, 0.7);
  claim_text(out.version, metadata.version, 0.7);
  claim_text(out.serial, metadata.serial, 0.7);
  add_details(out, out.source, WsdMetadataDetails{metadata.computer});
  if (!metadata.serial.empty() && !metadata.manufacturer.empty()) {
    out.identities.push_back({IdentityKind::serial, metadata.serial, metadata.manufacturer});
  }
}

std::vector<Observation> observe_wsd(const Packet& packet) {
  const auto targets = wsd::parse_message(to_string(packet.payload));
  if (!targets) return {};
  std::vector<Observation> all;
  for (const wsd::Target& target : *targets) all.push_back(observe_target(packet, target));
  return all;
}

/// Asks devices what they are: those that name no URL, with a Resolve; the others over HTTP, at the
/// address that they were seen at, whatever host their URL names. Bounded in number, size and time.
class MetadataReader : public std::enable_shared_from_this<MetadataReader> {
 public:
  explicit MetadataReader(std::shared_ptr<UdpSearch> search) : search_(std::move(search)) {}

  void read(const net::Datagram& datagram, const wsd::Target& target, const Observation& seen) {
    if (target.gone) return;
    const auto url = std::find_if(target.addresses.begin(), target.addresses.end(),
                                  [](const std::string& a) { return a.starts_with("http://"); });
    if (url == target.addresses.end()) return resolve(datagram, target.endpoint);
    if (!fetches_.begin(target.endpoint, search_->clock.now())) return;
    const auto work = [self = shared_from_this(), address = datagram.from.address(), where = *url,
                       endpoint = target.endpoint, seen]() -> asio::awaitable<void> {
      Observation copy = seen;
      const Result<void> done =
          co_await self->fetch(address, std::string(where), std::string(endpoint), std::move(copy));
      self->fetches_.ended(endpoint, done.has_value(), self->search_->clock.now());
    };
    asio::co_spawn(search_->executor, work, asio::detached);
  }

 private:
  void resolve(const net::Datagram& datagram, const std::string& endpoint) {
    if (resolved_.size() >= most_devices || !resolved_.insert(endpoint).second) return;
    const bool v6 = datagram.from.address().is_v6();
    const auto group = asio::ip::make_address(std::string(v6 ? wsd::group_v6 : wsd::group_v4));
    const std::string text = wsd::resolve(random_uuid(), endpoint);
    search_->outgoing.push_back(
        {{group, wsd::udp_port}, Bytes(text.begin(), text.end()), datagram.interface});
  }

  net::Task<void> fetch(asio::ip::address address, std::string url, std::string endpoint,
                        Observation seen) {
    const Result<net::HttpUrl> parsed = net::parse_http_url(url);
    if (!parsed) co_return parsed.error();
    net::HttpUrl target = *parsed;
    net::HttpContent content{std::string(wsd::soap_type), wsd::get(random_uuid(), endpoint)};
    const net::TimePoint deadline = search_->clock.now() + metadata_time;
    const Result<std::string> text = co_await net::http_post(
        address, std::move(target), std::move(content), limit_bytes, deadline);
    if (!text) co_return text.error();
    const Result<wsd::Metadata> metadata = wsd::parse_metadata(*text);
    if (!metadata) co_return metadata.error();
    add_metadata(*metadata, seen);
    search_->report(std::move(seen));
    co_return Result<void>();
  }

  std::shared_ptr<UdpSearch> search_;
  Fetches fetches_;
  std::set<std::string> resolved_;  // endpoints that were asked where they are
};

UdpProtocol::Handler handle_targets(std::shared_ptr<UdpSearch> search) {
  const auto reader = std::make_shared<MetadataReader>(search);
  return [search, reader](const net::Datagram& datagram) {
    const auto targets = wsd::parse_message(to_string(datagram.payload));
    if (!targets) return;
    for (const wsd::Target& target : *targets) {
      Observation seen = observe_target(packet_of(datagram), target);
      reader->read(datagram, target, seen);
      search->report(std::move(seen));
    }
  };
}

Questions::Make probe_question(const UdpProtocol::Asker&) {
  return [](unsigned round) {
    // Devices answer a message once, however often it comes.
    const auto wanted = round % 2 == 0 ? wsd::Wanted::devices : wsd::Wanted::everything;
    const std::string text = wsd::probe(random_uuid(), wanted);
    return Bytes(text.begin(), text.end());
  };
}

std::unique_ptr<Source> make_wsd() {
  UdpProtocol protocol{
      .wire = wsd::udp_protocol,
      .description = "printers, cameras and computers that speak WS-Discovery",
      .question = probe_question,
      .handler = handle_targets};
  protocol.listen = UdpProtocol::Listen::ports;
  return make_udp_source(std::move(protocol), observe_wsd);
}

}  // namespace

Protocol wsd_protocol() { return {make_wsd, &wsd::udp_protocol, observe_wsd}; }

}  // namespace aiot::discover
