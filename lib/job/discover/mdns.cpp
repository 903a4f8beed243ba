#include "job/discover/mdns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>

#include "aiot/address.hpp"
#include "job/discover/udp.hpp"
#include "protocol/dnssd/search.hpp"

namespace aiot::discover {

void describe(FieldVisitor& v, MdnsDetails& details) {
  v("service", details.service, "");
  v("port", details.port, "");
  v("txt", details.txt, "", Presence::if_set);
  v.text("matter_instance", details.matter_instance, "", Presence::if_set);
  v.text("matter_fabric", details.matter_fabric, "", Presence::if_set);
  v.text("thread_network", details.thread_network, "", Presence::if_set);
}

namespace {

/// The address that is easiest to type and lasts: IPv4 first, link-local IPv6 last.
const dnssd::IpAddress* best_address(const dnssd::Service& service) {
  const dnssd::IpAddress* best = nullptr;
  const auto rank = [](const dnssd::IpAddress& address) {
    return address.is_v4() ? 0 : address.to_v6().is_link_local() ? 2 : 1;
  };
  for (const dnssd::IpAddress& address : service.addresses) {
    if (best == nullptr || rank(address) < rank(*best)) best = &address;
  }
  return best;
}

/// Where a device waits to be commissioned, and for whose code: "matter:192.0.2.1:5540?…".
void add_matter_address(const dnssd::Service& service, const dnssd::IpAddress& ip,
                        const MdnsDraft& draft, Observation& out) {
  Address address;
  address.scheme = "matter";
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  address.path = fmt::format("{}:{}", host, service.port);
  const std::string_view discriminator = draft.txt("D");
  if (!discriminator.empty()) address.query["discriminator"] = discriminator;
  out.addresses.push_back(address.str());
}

void add_address(const dnssd::Service& service, std::string_view scheme, const MdnsDraft& draft,
                 Observation& out) {
  const dnssd::IpAddress* ip = best_address(service);
  if (ip == nullptr || scheme.empty() || service.port == 0) return;
  if (scheme == "matter") return add_matter_address(service, *ip, draft, out);
  Address address;
  address.scheme = scheme;
  address.host = ip->to_string();
  // miIO is spoken on a port of its own, whatever is announced.
  if (scheme != "miio") address.port = service.port;
  out.addresses.push_back(address.str());
}

}  // namespace

Observation observe_service(const dnssd::Service& service) {
  Observation out;
  out.source = "mdns";
  out.identities.push_back({IdentityKind::instance, service.instance.text()});
  const std::string type = service.type();
  MdnsDetails details;
  details.service = type;
  MdnsDraft draft(out, details, service);
  if (!service.host.empty()) {
    out.identities.push_back({IdentityKind::host, service.host.text()});
    out.hosts.push_back(service.host.text());
    details.port = service.port;
  }
  for (const dnssd::IpAddress& address : service.addresses) {
    out.identities.push_back({IdentityKind::address, address.to_string()});
    out.ips.push_back(address.to_string());
  }
  // A service that names no host, such as _device-info._tcp, is its sender's.
  if (service.addresses.empty() && !service.sender.is_unspecified()) {
    out.identities.push_back({IdentityKind::address, service.sender.to_string()});
  }
  for (const dnssd::Attribute& attribute : service.attributes) {
    details.txt.emplace(attribute.key, attribute.value ? Value(*attribute.value) : Value(true));
  }
  if (const MdnsType* known = find_mdns_type(type)) {
    if (!known->ecosystem.empty()) {
      claim(out.ecosystem, known->ecosystem, known->confidence,
            fmt::format("it offers {} on mDNS", type));
    }
    add_address(service, known->scheme, draft, out);
    if (known->look != nullptr) known->look(draft);
  } else {
    draft.name(service.label(), 0.4);
  }
  add_details(out, out.source, details);
  return out;
}

static std::vector<Observation> observe_mdns(const Packet& packet) {
  std::vector<Observation> out;
  if (packet.from_port != dnssd::udp_port) return out;
  const Result<dnssd::Message> message = dnssd::decode(packet.payload);
  if (!message || !message->response) return out;
  boost::system::error_code ignored;
  const auto sender = net::asio::ip::make_address(packet.from_address, ignored);
  for (dnssd::Service& service : dnssd::services_of(*message, 0)) {
    service.sender = sender;
    // A packet may list others' services: its sender's MAC is theirs only whose address it is.
    const auto& addresses = service.addresses;
    const bool is_senders =
        addresses.empty() || std::ranges::find(addresses, sender) != addresses.end();
    Observation& observation = out.emplace_back(observe_service(service));
    if (is_senders && !packet.from_mac.empty()) {
      observation.identities.push_back({IdentityKind::mac, packet.from_mac});
    }
  }
  return out;
}

namespace {

/// What is still there is reported again so often: a search that watches takes long silence for
/// absence, and a service that need not be asked for is silent.
constexpr std::chrono::seconds report_again{60};

/// Interfaces that come and go are noticed so soon.
constexpr std::chrono::seconds look_again{2};

/// What is found on all links, put together: a service that is heard on several links is one, with
/// all its addresses.
class MdnsStation final : public dnssd::Search {
 public:
  MdnsStation(std::shared_ptr<dnssd::Links> links, std::function<void(Observation)> report,
              net::TimePoint now)
      : Search(std::move(links), asked_types(), now),
        report_(std::move(report)),
        report_again_at_(now + report_again) {}

  void on_timer(net::TimePoint now) override {
    Search::on_timer(now);
    if (report_again_at_ > now) return;
    report_again_at_ = now + report_again;
    for (const auto& [key, seen] : services_) report_(observe_service(whole(seen)));
  }
  net::TimePoint next_timer() const override {
    return std::min(report_again_at_, Search::next_timer());
  }

  std::size_t services() const { return services_.size(); }

 private:
  using Seen = std::map<dnssd::LinkId, dnssd::Service>;

  static std::vector<dnssd::Name> asked_types() {
    std::vector<dnssd::Name> types;
    for (const MdnsType& type : mdns_types()) {
      types.emplace_back(std::string(type.type) + ".local");
    }
    return types;
  }

  void found(dnssd::LinkId link, dnssd::Service service) override {
    Seen& seen = services_[service.instance.key()];
    const bool is_new = seen.empty();
    const dnssd::Service before = is_new ? dnssd::Service() : whole(seen);
    seen[link] = std::move(service);
    dnssd::Service now = whole(seen);
    if (is_new || !(now == before)) report_(observe_service(now));
  }

  void lost(dnssd::LinkId link, const dnssd::Service& service) override {
    const auto seen = services_.find(service.instance.key());
    if (seen == services_.end()) return;
    seen->second.erase(link);
    if (!seen->second.empty()) return;
    services_.erase(seen);
    Observation observation = observe_service(service);
    observation.gone = true;
    report_(std::move(observation));
  }

  /// What all links together say of one service.
  static dnssd::Service whole(const Seen& seen) {
    dnssd::Service out;
    for (const auto& [link, service] : seen) {
      out.instance = service.instance;
      if (out.host.empty()) {
        out.host = service.host;
        out.port = service.port;
      }
      if (out.attributes.empty()) out.attributes = service.attributes;
      if (out.sender.is_unspecified()) out.sender = service.sender;
      out.addresses.insert(out.addresses.end(), service.addresses.begin(), service.addresses.end());
    }
    std::sort(out.addresses.begin(), out.addresses.end());
    out.addresses.erase(std::unique(out.addresses.begin(), out.addresses.end()),
                        out.addresses.end());
    return out;
  }

  std::function<void(Observation)> report_;
  net::TimePoint report_again_at_;
  std::map<std::string, Seen> services_;
};

class MdnsSource final : public Source {
 public:
  SourceInfo info() const override {
    return {"mdns", "services that devices announce with mDNS/DNS-SD, on every network interface"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    SourceStatus status;
    bool goes_on = true;
    while (goes_on) {
      Result<std::vector<net::Interface>> interfaces = asked_interfaces(context.request);
      if (!interfaces) {
        co_return SourceStatus{SourceState::failed, interfaces.error().message(), {}};
      }
      const std::shared_ptr<dnssd::Links> links =
          dnssd::Links::open(executor, context.clock, *interfaces);
      if (links->links().empty() && !context.request.watch) {
        co_return SourceStatus{SourceState::no_adapter, "no network interface with multicast is up",
                               "connect this machine to the devices' network"};
      }
      const auto station =
          std::make_shared<MdnsStation>(links, context.report, context.clock.now());
      links->start(station);
      // The sockets' readers do the work until they are stopped; a cancellation ends this wait.
      Result<bool> waited = co_await wait(context, *interfaces);
      links->close();
      status = status_of(*links, station->services());
      goes_on = waited && *waited;
      if (!waited && waited.error().condition() != Condition::cancelled) {
        co_return std::move(waited).error();
      }
    }
    co_return status;
  }

 private:
  /// Until the search is over; true when it goes on with other interfaces or addresses, for which
  /// only a search without an end looks.
  static net::Task<bool> wait(SourceContext& context, const std::vector<net::Interface>& now) {
    const std::string before = addresses_of(now);
    while (context.clock.now() < context.deadline) {
      const net::TimePoint next =
          context.request.watch ? context.clock.now() + look_again : context.deadline;
      Result<void> slept = co_await context.clock.sleep_until(std::min(next, context.deadline));
      AIOT_CO_CHECK(std::move(slept));
      if (!context.request.watch) continue;
      const Result<std::vector<net::Interface>> again = asked_interfaces(context.request);
      if (again && addresses_of(*again) != before) co_return true;
    }
    co_return false;
  }

  static std::string addresses_of(const std::vector<net::Interface>& interfaces) {
    std::string out;
    for (const net::Interface& interface : interfaces) {
      out += fmt::format("{} {}:", interface.index, interface.name);
      for (const auto& address : interface.addresses) out += " " + address.address.to_string();
    }
    return out;
  }

  static SourceStatus status_of(const dnssd::Links& links, std::size_t services) {
    SourceStatus status;
    status.detail = fmt::format("{} services on {}", services, links.text());
    if (!links.receives_groups()) {
      status.detail += "; port 5353 is held alone by another program: only answers by unicast";
      status.hint = "stop the program that does not share port 5353";
    }
    return status;
  }
};

}  // namespace

Protocol mdns_protocol() {
  const auto make = []() -> std::unique_ptr<Source> { return std::make_unique<MdnsSource>(); };
  return {make, &dnssd::udp_protocol, observe_mdns};
}

}  // namespace aiot::discover
