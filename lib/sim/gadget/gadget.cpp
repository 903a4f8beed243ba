#include "sim/gadget/gadget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "net/tcp_connect.hpp"
#include "protocol/miio/device.hpp"
#include "protocol/ssdp/description.hpp"

namespace aiot::sim::gadget {

namespace asio = net::asio;

namespace {

using namespace std::chrono_literals;

constexpr std::string_view temperature_path = "/temperature";
constexpr std::string_view description_path = "/description.xml";
constexpr std::string_view device_type = "urn:schemas-upnp-org:device:Basic:1";
constexpr net::Duration measure_every = 1s;
/// RFC 7252, 12.8: "All CoAP Nodes"; over IPv6 of the link and of the site.
constexpr std::array<std::string_view, 3> coap_groups = {"224.0.1.187", "ff02::fd", "ff05::fd"};
constexpr std::uint16_t coap_port = 5683;

Bytes bytes_of(std::string_view text) {
  const ByteSpan bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<Page> pages_of(const Identity& identity) {
  ssdp::Description description;
  description.udn = identity.udn;
  description.device_type = device_type;
  description.friendly_name = identity.name;
  description.manufacturer = maker;
  description.model_name = "Virtual gadget";
  description.model_number = model;
  description.serial_number = identity.serial;
  description.presentation_url = "/";
  std::string home = fmt::format("{}\nmac {}\nserial {}\nfirmware {}\n", identity.name,
                                 identity.mac, identity.serial, firmware);
  return {{"/", "text/plain; charset=utf-8", std::move(home)},
          {std::string(description_path), "text/xml; charset=utf-8",
           ssdp::format_description(description)}};
}

coap::Resource thermometer() {
  coap::Resource out;
  out.path = temperature_path;
  out.attributes = {{"rt", "temperature"}, {"if", "sensor"}};
  out.observable = true;
  out.value = bytes_of("20.0");
  return out;
}

coap::Resource information(const Identity& identity) {
  coap::Resource out;
  out.path = "/info";
  out.attributes = {{"rt", "information"}};
  out.value = bytes_of(fmt::format("{}, serial {}", identity.name, identity.serial));
  return out;
}

/// Whose address a description has on a network: over IPv6 the one of the link, as its group is.
bool is_place(const net::InterfaceAddress& own, bool v6) {
  if (!v6) return own.address.is_v4();
  return own.address.is_v6() && own.address.to_v6().is_link_local();
}

/// The description's places: one on every interface with multicast for each kind of address.
std::vector<ssdp::Place> places_on(const std::vector<net::Interface>& interfaces,
                                   std::uint16_t port) {
  std::vector<ssdp::Place> out;
  for (const net::Interface& interface : interfaces) {
    if (!interface.multicast) continue;
    for (const bool v6 : {false, true}) {
      const auto own = std::find_if(interface.addresses.begin(), interface.addresses.end(),
                                    [&](const auto& one) { return is_place(one, v6); });
      if (own == interface.addresses.end()) continue;
      std::string host = own->address.to_string();
      host.erase(std::min(host.find('%'), host.size()));  // a scope is this machine's own
      out.push_back({interface.index,
                     fmt::format("http://{}{}", net::host_and_port(host, port), description_path),
                     v6});
    }
  }
  return out;
}

/// Over IPv6 too where there is some; what another program keeps it from it leaves out.
void hear_all(UdpService& service, std::span<const std::string_view> groups, std::uint16_t port,
              const std::vector<net::Interface>& interfaces) {
  const Result<void> opened = service.open_v6();
  static_cast<void>(opened);
  for (const std::string_view group : groups) {
    const Result<void> heard =
        service.hear(asio::ip::make_address(std::string(group)), port, interfaces);
    static_cast<void>(heard);
  }
}

}  // namespace

Result<std::unique_ptr<Gadget>> Gadget::make(const asio::any_io_executor& executor,
                                             Identity identity, const Options& options) {
  std::unique_ptr<Gadget> out(new Gadget(executor, std::move(identity), options.lines_per_s));
  AIOT_TRY(out->port_, make_port(executor, options.port, options.index));
  AIOT_CHECK(out->open_network(executor, options));
  if (options.broker) {
    auto temperature = [raw = out.get()] { return raw->temperature(); };
    AIOT_TRY(out->mqtt_, MqttService::make(out->identity_, *options.broker, temperature));
  }
  return out;
}

Gadget::Gadget(const asio::any_io_executor& executor, Identity identity, std::uint64_t lines_per_s)
    : identity_(std::move(identity)),
      executor_(executor),
      console_(lines_per_s, now()),
      console_timer_(executor),
      sensor_timer_(executor) {}

Result<void> Gadget::open_network(const asio::any_io_executor& executor, const Options& options) {
  AIOT_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
  AIOT_TRY(http_, HttpPages::open(executor, pages_of(identity_)));
  coap_engine_ = std::make_shared<coap::Server>(static_cast<std::uint32_t>(identity_.miio_id));
  coap_engine_->add(thermometer());
  coap_engine_->add(information(identity_));
  coap_ = std::make_shared<UdpService>(executor, coap_engine_);
  AIOT_CHECK(coap_->open());
  // Another CoAP server may hold the port alone; mDNS names ours.
  hear_all(*coap_, coap_groups, coap_port, interfaces);
  AIOT_CHECK(open_ssdp(executor, interfaces));
  if (options.miio) open_miio(executor, options.index);
  return open_mdns(executor, interfaces);
}

Result<void> Gadget::open_ssdp(const asio::any_io_executor& executor,
                               const std::vector<net::Interface>& interfaces) {
  ssdp::ResponderOptions options;
  options.udn = identity_.udn;
  options.device_type = device_type;
  options.places = places_on(interfaces, http_->port());
  options.seed = static_cast<std::uint32_t>(identity_.miio_id);
  ssdp_engine_ = std::make_shared<ssdp::Responder>(std::move(options), now());
  ssdp_ = std::make_shared<UdpService>(executor, ssdp_engine_);
  AIOT_CHECK(ssdp_->open());
  // Searches go unheard where another program has the port; the announcements go out all the same.
  constexpr std::array<std::string_view, 2> groups = {ssdp::group_v4, ssdp::group_v6};
  hear_all(*ssdp_, groups, ssdp::udp_port, interfaces);
  return {};
}

/// miIO has one port for each address. The first gadget has it on all that this machine has;
/// another on an address of the loopback network, where only this machine reaches it. They share
/// the port with each other, but not with strangers: of what comes to one, each would get a part.
void Gadget::open_miio(const asio::any_io_executor& executor, unsigned index) {
  net::UdpOptions where;
  where.port = miio::udp_port;
  if (index == 0 && !net::UdpSocket::open(executor, where)) return;
  const asio::ip::address_v4 own(asio::ip::address_v4::loopback().to_uint() + index);
  if (index > 0) where.bind = own;
  where.share_port = true;
  miio::DeviceOptions options;
  options.device_id = identity_.miio_id;
  options.token = identity_.miio_token;
  options.model = model;
  options.mac = identity_.mac;
  options.firmware = firmware;
  options.properties = {{"power", "\"on\""}, {"temperature", "20"}};
  auto service = std::make_shared<UdpService>(
      executor, std::make_shared<miio::Device>(std::move(options), now()));
  if (!service->open(where)) return;
  miio_ = std::move(service);
  miio_address_ = "miio://" + own.to_string();
  miio_by_mdns_ = index == 0;  // the others are not where the host's name leads
}

Result<void> Gadget::open_mdns(const asio::any_io_executor& executor,
                               const std::vector<net::Interface>& interfaces) {
  std::vector<dnssd::Offer> offers = {
      {identity_.name,
       "_http._tcp",
       http_->port(),
       {{"path", "/"}, {"mac", identity_.mac}, {"model", std::string(model)}},
       {}},
      {identity_.name, "_coap._udp", coap_->port(), {}, {}}};
  if (miio_by_mdns_) {
    std::string label = fmt::format("{}_miio{}", model, identity_.miio_id);
    std::replace(label.begin(), label.end(), '.', '-');
    offers.push_back(
        {std::move(label), "_miio._udp", miio::udp_port, {{"mac", identity_.mac}}, {}});
  }
  AIOT_TRY(const dnssd::Name host, dnssd::Name::parse(identity_.host));
  mdns_links_ = dnssd::Links::open(executor, interfaces);
  AIOT_TRY(mdns_,
           dnssd::ResponderStation::make(mdns_links_, interfaces, host, offers,
                                         static_cast<std::uint32_t>(identity_.miio_id), now()));
  return {};
}

std::vector<std::string> Gadget::addresses() const {
  std::vector<std::string> out = {
      port_->address(), fmt::format("coap://127.0.0.1:{}{}", coap_->port(), temperature_path),
      fmt::format("http://127.0.0.1:{}/", http_->port())};
  if (miio_ != nullptr) out.push_back(miio_address_);
  if (mqtt_ != nullptr) out.push_back(mqtt_->address());
  return out;
}

void Gadget::on_renamed(std::function<void(const std::string&, const std::string&)> told) {
  mdns_->on_renamed(std::move(told));
}

void Gadget::start(MqttService::Events mqtt_events) {
  Port::Events events;
  events.bytes = [this](ByteSpan bytes) {
    bytes_in_ += bytes.size();
    console_.on_bytes(bytes, now());
    pump_console();
  };
  events.lines = [](bool, bool) {};
  events.baud = [](std::uint32_t) {};
  events.writable = [this] { pump_console(); };
  events.gone = [] {};
  port_->start(std::move(events));
  pump_console();
  http_->start();
  coap_->start();
  ssdp_->start();
  if (miio_ != nullptr) miio_->start();
  dnssd::Links::start(mdns_links_, mdns_, executor_);
  measure();
  if (mqtt_ != nullptr) mqtt_->start(executor_, std::move(mqtt_events));
}

void Gadget::pump_console() {
  if (stopped_) return;
  console_.on_timer(now());
  while (!console_.output().empty()) {
    const std::size_t size = console_.output().size();
    const std::size_t sent = std::min(port_->write(console_.output()), size);
    bytes_out_ += sent;
    console_.sent(sent);
    if (sent < size) break;
  }
  const auto next = console_.next_timer();
  if (!next) {
    console_timer_.cancel();
    return;
  }
  console_timer_.expires_at(*next);
  console_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) pump_console();
  });
}

std::string Gadget::temperature() const {
  const std::uint64_t tenths = 200 + measured_ % 50;
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

void Gadget::measure() {
  ++measured_;
  coap_engine_->set_value(now(), temperature_path, bytes_of(temperature()));
  coap_->pump();
  sensor_timer_.expires_after(measure_every);
  sensor_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) measure();
  });
}

void Gadget::stop() {
  stopped_ = true;
  console_timer_.cancel();
  sensor_timer_.cancel();
  port_->close();
  if (mqtt_ != nullptr) mqtt_->close();
  mdns_->say_goodbye();
  mdns_links_->close();
  ssdp_engine_->say_goodbye();
  for (const auto& service : {ssdp_, coap_, miio_}) {
    if (service != nullptr) service->close();
  }
}

DeviceResult Gadget::report() const {
  DeviceResult result;
  result.chip = kind;
  result.mac = identity_.mac;
  result.address = address();
  result.addresses = addresses();
  result.bytes_in = bytes_in_;
  result.bytes_out = bytes_out_;
  result.lines = console_.lines();
  result.lines_lost = console_.lost_lines();
  if (mqtt_ != nullptr) result.mqtt = mqtt_->report();
  return result;
}

}  // namespace aiot::sim::gadget
