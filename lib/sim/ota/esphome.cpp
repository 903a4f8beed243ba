#include "sim/ota/esphome.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/steady_timer.hpp>

#include "crypto/random.hpp"
#include "protocol/esphome_ota/device.hpp"
#include "sim/announcement.hpp"
#include "sim/ota/esp_firmware.hpp"
#include "sim/ota/tcp_server.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 6> esphome_table = {{
    {"wrong-version", "boots the old firmware"},
    {"never-back", "is gone after the update"},
    {"md5", "asks for the older challenge"},
    {"refuses", "cannot write its flash"},
    {"corrupt", "changes a byte of the upload", true},
    {"power-cut", "is gone at a byte of the upload", true},
}};

class EsphomeDevice final : public TcpDevice {
 public:
  EsphomeDevice(const net::asio::any_io_executor& executor, esphome::DeviceOptions options,
                const Options& sim)
      : TcpDevice("esphome"),
        device_(std::move(options)),
        returns_(sim.fault("never-back") == nullptr),
        boots_new_(sim.fault("wrong-version") == nullptr),
        index_(sim.index),
        announces_(sim.announces),
        announcement_(executor, *sim.clock),
        boot_(executor) {}

  void start() override {
    TcpDevice::start();
    announce();
  }
  void stop() override {
    boot_.cancel();
    announcement_.fall_silent();
    TcpDevice::stop();
  }

 private:
  std::uint64_t commands() const override { return device_.updates(); }
  std::string running() const override {
    if (device_.updates() == 0 || !boots_new_) return "1.0.0";
    return esp_version(device_.firmware());
  }
  void on_connect() override { device_.on_host_baud({}, 0); }
  Bytes on_bytes(ByteSpan bytes) override {
    const std::uint64_t updates = device_.updates();
    device_.on_bytes({}, bytes);
    if (device_.updates() != updates) reboot();
    return device_.take_output({});
  }
  bool wants_close() const override {
    return !device_.link_up() || (!returns_ && device_.updates() > 0);
  }

  void reboot() {
    announcement_.fall_silent();
    if (!returns_) return;
    boot_.expires_after(boot_time);
    boot_.async_wait([this](const boost::system::error_code& error) {
      if (!error) announce();
    });
  }
  /// As esphome/components/mdns does; its native API has port 6053.
  void announce() {
    if (!announces_) return;
    const std::string name = fmt::format("sim-{}", index_ + 1);
    announcement_.announce(name, {name,
                                  "_esphomelib._tcp",
                                  6053,
                                  {{"friendly_name", name},
                                   {"version", running()},
                                   {"mac", fmt::format("020000{:06x}", index_)},
                                   {"platform", "ESP32"},
                                   {"board", "esp32dev"},
                                   {"network", "wifi"}},
                                  {}});
  }

  esphome::Device device_;
  bool returns_;
  bool boots_new_;
  unsigned index_;
  bool announces_;
  Announcement announcement_;
  net::asio::steady_timer boot_;
};

}  // namespace

std::span<const FaultKind> esphome_faults() { return esphome_table; }

Result<std::unique_ptr<VirtualDevice>> make_esphome(const net::asio::any_io_executor& executor,
                                                    const Options& options) {
  std::string_view port = options.port;
  if (port.starts_with("tcp:")) port.remove_prefix(4);
  esphome::DeviceOptions device;
  device.password = options.password;
  device.partition_bytes = std::size_t{4} << 20;
  device.random = crypto::random_bytes;
  device.sha256 = options.fault("md5") == nullptr;
  device.refuses_write = options.fault("refuses") != nullptr;
  if (const Fault* fault = options.fault("corrupt")) device.corrupt_at = fault->byte;
  if (const Fault* fault = options.fault("power-cut")) device.dead_after = fault->byte;
  auto made = std::make_unique<EsphomeDevice>(executor, std::move(device), options);
  AIOT_CHECK(made->open(executor, port, options));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::ota
