#include "sim/gadget/gadget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <span>

#include "net/tcp_link.hpp"
#include "protocol/miio/device.hpp"
#include "protocol/ssdp/message.hpp"
#include "sim/port.hpp"

namespace aiot::sim::gadget {

namespace asio = net::asio;

namespace {

using namespace std::chrono_literals;

constexpr std::string_view temperature_path = "/temperature";
constexpr std::string_view description_path = "/description.xml";
constexpr std::string_view device_type = "urn:schemas-upnp-org:device:Basic:1";
constexpr net::Duration measure_every = 1s;

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
std::vector<ssdp::Site> places_on(const std::vector<net::Interface>& interfaces,
                                      std::uint16_t port) {
  std::vector<ssdp::Site> out;
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

using Driver = net::DatagramDriver;

std::shared_ptr<Driver> driver_of(const asio::any_io_executor& executor,
                                  std::shared_ptr<net::DatagramEngine> engine) {
  return std::make_shared<Driver>(executor, net::steady_clock(), std::move(engine));
}

/// A socket that receives nothing but what is sent to a group. One of a group of the link is of one
/// link.
void receive_group(Driver& driver, asio::ip::address group, std::uint16_t port,
                   const std::vector<net::Interface>& interfaces) {
  const bool of_link = group.is_v6() && group.to_v6().is_multicast_link_local();
  net::UdpOptions options;
  options.v6 = group.is_v6();
  options.port = port;
  options.share_port = true;
  options.bind = group;
  std::optional<std::size_t> socket;
  for (const net::Interface& interface : interfaces) {
    if (!interface.multicast) continue;
    if (of_link) {
      asio::ip::address_v6 scoped = group.to_v6();
      scoped.scope_id(interface.index);
      options.bind = scoped;
    }
    if (!socket || of_link) {
      const Result<std::size_t> opened = driver.open(options, Driver::Use::receive);
      if (!opened) return;  // another program holds the port alone
      socket = *opened;
    }
    // An interface without this kind of address has none of its searchers either.
    const Result<void> joined = driver.join(*socket, options.bind, interface.index);
    static_cast<void>(joined);
  }
}

/// A socket of its own, with which the engine answers, and the groups of its protocol, whose ports
/// it shares with the others on this machine: gadgets need one port each for what is meant for them
/// alone. Over IPv4, and over IPv6 where this machine has it.
Result<void> open_for(Driver& driver, const net::UdpProtocol& protocol,
                      const std::vector<net::Interface>& interfaces) {
  AIOT_TRY(const std::size_t own, driver.open({}));
  net::UdpOptions v6;
  v6.v6 = true;
  v6.port = driver.port(own);
  const Result<std::size_t> opened = driver.open(v6);
  static_cast<void>(opened);  // there is no IPv6, or the port is taken
  for (const std::string_view group : protocol.groups) {
    receive_group(driver, asio::ip::make_address(std::string(group)), protocol.ports.front(),
                  interfaces);
  }
  return {};
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
  coap_ = driver_of(executor, coap_engine_);
  // Another CoAP server may hold the port alone; mDNS names ours.
  AIOT_CHECK(open_for(*coap_, coap::udp_protocol, interfaces));
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
  ssdp_ = driver_of(executor, ssdp_engine_);
  // Searches do not arrive where another program has the port; the announcements go out all the
  // same.
  return open_for(*ssdp_, ssdp::udp_protocol, interfaces);
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
  auto driver = driver_of(executor, std::make_shared<miio::Device>(std::move(options), now()));
  if (!driver->open(where)) return;
  miio_ = std::move(driver);
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
      {identity_.name, "_coap._udp", coap_->port(0), {}, {}}};
  if (miio_by_mdns_) {
    std::string label = fmt::format("{}_miio{}", model, identity_.miio_id);
    std::replace(label.begin(), label.end(), '.', '-');
    offers.push_back(
        {std::move(label), "_miio._udp", miio::udp_port, {{"mac", identity_.mac}}, {}});
  }
  AIOT_TRY(const dnssd::Name host, dnssd::Name::parse(identity_.host));
  mdns_links_ = dnssd::Links::open(executor, net::steady_clock(), interfaces);
  AIOT_TRY(mdns_,
           dnssd::ResponderStation::make(mdns_links_, interfaces, host, offers,
                                         static_cast<std::uint32_t>(identity_.miio_id), now()));
  return {};
}

std::vector<std::string> Gadget::addresses() const {
  std::vector<std::string> out = {
      port_->address(), fmt::format("coap://127.0.0.1:{}{}", coap_->port(0), temperature_path),
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
  mdns_links_->start(mdns_);
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

namespace {

Result<void> check(const Request& request) {
  if (request.lines_per_s.value_or(0) > Pace::max_rate) {
    return make_error(Errc::bad_rate, std::to_string(*request.lines_per_s),
                      "use up to " + std::to_string(Pace::max_rate) + " lines a second");
  }
  const bool for_chips = !request.flash_file.empty() || request.flash_size != 0 ||
                         request.baud_limit != 0 || !request.faults.empty() ||
                         request.in_application;
  if (for_chips) {
    return make_error(Errc::not_for_device, "a gadget has no flash, no boot loader and no faults",
                      "leave out what is for chips");
  }
  return {};
}

/// Within which the broker has to take the last messages.
constexpr std::chrono::seconds goodbye_time{2};

Ready ready_of(const Gadget& gadget, unsigned number, unsigned count) {
  Ready out;
  out.address = gadget.address();
  out.chip = kind;
  out.mac = gadget.identity().mac;
  out.number = number;
  out.count = count;
  out.name = gadget.identity().name;
  out.addresses = gadget.addresses();
  return out;
}

}  // namespace

Result<Report> run(const Request& request, const Mac& first,
                   const std::function<void(const Ready&)>& ready, EventSink& sink,
                   std::stop_token stop) {
  AIOT_CHECK(check(request));
  AIOT_TRY(const std::optional<Broker> broker, broker_of(request));
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<Gadget>> gadgets;
  for (unsigned i = 0; i < request.count; ++i) {
    Options options;
    options.port = request.port;
    options.index = i;
    options.lines_per_s = request.lines_per_s.value_or(1);
    options.broker = broker;
    options.miio = gadgets.empty() || gadgets.front()->has_miio();
    Identity identity = make_identity(i + 1, next_mac(first, i));
    AIOT_TRY(auto gadget, Gadget::make(context.get_executor(), std::move(identity), options));
    gadgets.push_back(std::move(gadget));
  }
  for (unsigned i = 0; i < request.count; ++i) {
    sink.on_event(event::Started{gadgets[i]->address(), "sim"});
    ready(ready_of(*gadgets[i], i + 1, request.count));
  }
  std::optional<Error> refused;
  for (const auto& gadget : gadgets) {
    MqttService::Events events;
    events.notice = [&sink, address = gadget->address()](std::string code, std::string text) {
      sink.on_event(event::Notice{address, std::move(code), std::move(text), ""});
    };
    events.refused = [&](Error why) {
      if (!refused) refused = std::move(why);
      context.stop();
    };
    gadget->on_renamed([&sink, address = gadget->address()](const std::string& from,
                                                            const std::string& to) {
      sink.on_event(event::Notice{
          address, "gadget.renamed",
          "\"" + from + "\" is somebody else's on this network: announced as \"" + to + "\"", ""});
    });
    gadget->start(std::move(events));
  }
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  for (const auto& gadget : gadgets) gadget->stop();
  const auto all_stopped = [&] {
    return std::all_of(gadgets.begin(), gadgets.end(),
                       [](const auto& gadget) { return gadget->stopped(); });
  };
  const auto end = std::chrono::steady_clock::now() + goodbye_time;
  context.restart();
  while (!all_stopped() && context.run_one_until(end) != 0) {
  }
  Report report;
  for (const auto& gadget : gadgets) {
    report.devices.push_back(gadget->report());
    sink.on_event(event::Finished{gadget->address(), report.devices.back()});
  }
  if (refused) return *std::move(refused);
  return report;
}

}  // namespace aiot::sim::gadget
