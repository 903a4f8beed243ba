#include "sim/ota/arduino.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "crypto/random.hpp"
#include "protocol/arduino_ota/device.hpp"
#include "sim/announcement.hpp"
#include "sim/ota/esp_firmware.hpp"
#include "sim/ota/tcp_server.hpp"
#include "sim/udp_station.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 6> arduino_table = {{
    {"gone", "is gone after the update"},
    {"drop", "loses the first datagram"},
    {"never-back", "accepts, and does not connect"},
    {"md5", "asks for the older challenge"},
    {"corrupt", "changes a byte of the upload", true},
    {"power-cut", "is gone at a byte of the upload", true},
}};

class ArduinoDevice final : public VirtualDevice,
                            private net::DatagramEngine,
                            private ConnectionEngine {
 public:
  ArduinoDevice(const net::asio::any_io_executor& executor, arduino::DeviceOptions options,
                const Options& sim, net::UdpSocket socket)
      : executor_(executor),
        device_(std::move(options)),
        connects_(sim.fault("never-back") == nullptr),
        returns_(sim.fault("gone") == nullptr),
        index_(sim.index),
        wants_password_(!sim.password.empty()),
        conversation_(*this, sim.write_time),
        station_(executor, *this, *sim.clock, std::move(socket)),
        announces_(sim.announces),
        announcement_(executor, *sim.clock),
        boot_(executor) {}

  void start() override {
    station_.start();
    announce();
  }
  void stop() override {
    boot_.cancel();
    announcement_.fall_silent();
    station_.stop();
  }
  std::string address() const override {
    return fmt::format("arduino://127.0.0.1:{}", station_.port());
  }
  DeviceResult report() const override {
    DeviceResult result;
    result.chip = "arduino";
    result.address = address();
    result.bytes_in = station_.bytes_in() + conversation_.bytes_in();
    result.bytes_out = station_.bytes_out() + conversation_.bytes_out();
    result.commands = device_.updates();
    result.running = device_.updates() == 0 ? "1.0.0" : esp_version(device_.firmware());
    return result;
  }

 private:
  void on_datagram(net::TimePoint, const net::Datagram& datagram) override {
    const std::optional<std::string> reply = device_.on_datagram(to_string(datagram.payload));
    if (reply && output_.size() < 16) {
      output_.push_back({datagram.from, Bytes(reply->begin(), reply->end())});
    }
    if (!connects_) return;
    if (const std::optional<std::uint16_t> port = device_.take_connection()) {
      connect(datagram.from.address().to_string(), *port);
    }
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (output_.empty()) return std::nullopt;
    net::OutgoingDatagram out = std::move(output_.front());
    output_.pop_front();
    return out;
  }
  void on_connect() override {}
  Bytes on_bytes(ByteSpan bytes) override {
    const std::string reply = device_.on_data(bytes);
    return {reply.begin(), reply.end()};
  }
  bool wants_close() const override { return device_.wants_close(); }

  void connect(std::string host, std::uint16_t port) {
    const auto work = [this, host = std::move(host), port]() -> net::asio::awaitable<void> {
      const Result<void> served = co_await receive(host, port);
      static_cast<void>(served);  // the host has left
      const bool updated = device_.updates() != updates_;
      updates_ = device_.updates();
      device_.on_closed();
      if (updated) reboot();
    };
    net::asio::co_spawn(executor_, work, net::asio::detached);
  }
  net::Task<void> receive(const std::string& host, std::uint16_t port) {
    const net::TimePoint deadline = net::steady_clock().now() + std::chrono::seconds(5);
    AIOT_CO_TRY(net::FdStream stream, co_await net::tcp_connect(host, port, deadline));
    Result<void> served = co_await conversation_.serve(stream);
    co_return served;
  }

  void reboot() {
    announcement_.fall_silent();
    if (!returns_) return;
    boot_.expires_after(boot_time);
    boot_.async_wait([this](const boost::system::error_code& error) {
      if (!error) announce();
    });
  }
  /// As MDNS.enableArduino() does.
  void announce() {
    if (!announces_) return;
    const std::string name = fmt::format("sim-{}", index_ + 1);
    announcement_.announce(name, {name,
                                  "_arduino._tcp",
                                  station_.port(),
                                  {{"board", "esp32"},
                                   {"tcp_check", "no"},
                                   {"ssh_upload", "no"},
                                   {"auth_upload", wants_password_ ? "yes" : "no"}},
                                  {}});
  }

  net::asio::any_io_executor executor_;
  arduino::Device device_;
  bool connects_;
  bool returns_;
  unsigned index_;
  bool wants_password_;
  std::uint64_t updates_ = 0;
  std::deque<net::OutgoingDatagram> output_;
  Conversation conversation_;
  UdpStation station_;
  bool announces_;
  Announcement announcement_;
  net::asio::steady_timer boot_;
};

}  // namespace

std::span<const FaultKind> arduino_faults() { return arduino_table; }

Result<std::unique_ptr<VirtualDevice>> make_arduino(const net::asio::any_io_executor& executor,
                                                    const Options& options) {
  std::string_view port = options.port.empty() ? "udp:0" : std::string_view(options.port);
  if (port.starts_with("udp:")) port.remove_prefix(4);
  AIOT_TRY(net::UdpSocket socket,
           UdpStation::open(executor, port, arduino::usual_port, options.index,
                            net::asio::ip::address_v4::loopback()));
  arduino::DeviceOptions device;
  device.password = options.password;
  device.random = crypto::random_bytes;
  device.deaf_once = options.fault("drop") != nullptr;
  device.sha256 = options.fault("md5") == nullptr;
  if (const Fault* fault = options.fault("corrupt")) device.corrupt_at = fault->byte;
  if (const Fault* fault = options.fault("power-cut")) device.dead_after = fault->byte;
  std::unique_ptr<VirtualDevice> made =
      std::make_unique<ArduinoDevice>(executor, std::move(device), options, std::move(socket));
  return made;
}

}  // namespace aiot::sim::ota
