#pragma once

#include <functional>
#include <stop_token>

#include "aiot/sim.hpp"
#include "net/datagram_engine.hpp"
#include "protocol/coap/server.hpp"
#include "protocol/dnssd/responder_station.hpp"
#include "protocol/ssdp/responder.hpp"
#include "sim/gadget/console.hpp"
#include "sim/gadget/http_pages.hpp"
#include "sim/gadget/identity.hpp"
#include "sim/gadget/mqtt_service.hpp"
#include "sim/station.hpp"
#include "sim/port.hpp"

namespace aiot::sim::gadget {

struct Options {
  std::string port = "pty";  ///< of its console; see make_port()
  unsigned index = 0;        ///< of the gadgets that run together
  std::uint64_t lines_per_s = 1;
  std::optional<Broker> broker;  ///< where it publishes, too
  bool miio = true;              ///< false: another program has miIO's port
};

/// A virtual consumer device: it announces itself on every interface by mDNS and SSDP, answers
/// miIO, CoAP and HTTP, publishes at a broker, and talks on a serial console. What another program
/// keeps it from (a port that is taken) it leaves out.
class Gadget {
 public:
  static Result<std::unique_ptr<Gadget>> make(const net::asio::any_io_executor& executor,
                                              Identity identity, const Options& options);

  /// Called when somebody on the network has one of its names: that name, and the one announced in
  /// its place.
  void on_renamed(std::function<void(const std::string& from, const std::string& to)> told);
  void start(MqttService::Events events);
  /// Says goodbye where the protocol has one, and closes; stopped() is true once the broker knows,
  /// for which the executor has to run on.
  void stop();
  bool stopped() const { return mqtt_ == nullptr || mqtt_->closed(); }

  const Identity& identity() const { return identity_; }
  bool has_miio() const { return miio_ != nullptr; }
  /// Of the console.
  std::string address() const { return port_->address(); }
  /// All that it can be reached by on this machine, the console's first.
  std::vector<std::string> addresses() const;
  /// What happened, as fields of the record aiot.sim/1.
  DeviceResult report() const;

 private:
  Gadget(const net::asio::any_io_executor& executor, Identity identity, std::uint64_t lines_per_s);
  Result<void> open_network(const net::asio::any_io_executor& executor, const Options& options);
  Result<void> open_ssdp(const net::asio::any_io_executor& executor,
                         const std::vector<net::Interface>& interfaces);
  Result<void> open_mdns(const net::asio::any_io_executor& executor,
                         const std::vector<net::Interface>& interfaces);
  void open_miio(const net::asio::any_io_executor& executor, unsigned index);
  void pump_console();
  void measure();
  std::string temperature() const;

  Identity identity_;
  net::asio::any_io_executor executor_;
  std::unique_ptr<Port> port_;
  Console console_;
  net::asio::steady_timer console_timer_;
  net::asio::steady_timer sensor_timer_;
  std::shared_ptr<HttpPages> http_;
  std::shared_ptr<coap::Server> coap_engine_;
  std::shared_ptr<ssdp::Responder> ssdp_engine_;
  std::shared_ptr<net::DatagramDriver> coap_;
  std::shared_ptr<net::DatagramDriver> ssdp_;
  std::shared_ptr<net::DatagramDriver> miio_;  ///< nullptr when another program has the port
  std::string miio_address_;
  bool miio_by_mdns_ = false;
  std::shared_ptr<MqttService> mqtt_;  ///< nullptr without a broker
  std::shared_ptr<dnssd::Links> mdns_links_;
  std::shared_ptr<dnssd::ResponderStation> mdns_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t measured_ = 0;
  bool stopped_ = false;
};

/// Serves `request.count` gadgets until `stop`, as sim::run() says; `first` is the MAC of the
/// first.
Result<Report> run(const Request& request, const Mac& first,
                   const std::function<void(const Ready&)>& ready, EventSink& sink,
                   std::stop_token stop);

}  // namespace aiot::sim::gadget
