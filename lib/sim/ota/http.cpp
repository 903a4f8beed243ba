#include "sim/ota/http.hpp"

#include <array>

#include "protocol/http_update/device.hpp"
#include "sim/ota/esp_firmware.hpp"
#include "sim/ota/tcp_server.hpp"
#include "sim/port.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 5> http_table = {{
    {"wrong-version", "boots the old firmware"},
    {"never-back", "is gone after the update"},
    {"refuses", "cannot write its flash"},
    {"corrupt", "changes a byte of the upload", true},
    {"power-cut", "is gone at a byte of the upload", true},
}};

class HttpDevice final : public TcpDevice {
 public:
  explicit HttpDevice(http_update::DeviceOptions options)
      : TcpDevice("http"), device_(std::move(options)) {}

 private:
  std::uint64_t commands() const override { return device_.requests(); }
  std::string running() const override { return device_.version(); }
  void on_connect() override { device_.on_connect(); }
  Bytes on_bytes(ByteSpan bytes) override { return device_.on_bytes(bytes); }
  bool wants_close() const override { return device_.wants_close(); }

  http_update::Device device_;
};

}  // namespace

std::span<const FaultKind> http_faults() { return http_table; }

Result<std::unique_ptr<VirtualDevice>> make_http(const net::asio::any_io_executor& executor,
                                                 const Options& options) {
  const std::string_view spec = options.port.empty() ? "tasmota:0" : std::string_view(options.port);
  const std::size_t colon = spec.find(':');
  http_update::DeviceOptions device;
  device.flavour = http_update::find_flavour(spec.substr(0, colon));
  if (device.flavour == nullptr || colon == std::string_view::npos) {
    return make_error(Errc::bad_port, options.port,
                      "tasmota:PORT, wled:PORT, esphome:PORT, esp8266:PORT or arduino:PORT");
  }
  device.password = options.password;
  device.read_version = esp_version;
  device.reverts = options.fault("wrong-version") != nullptr;
  device.never_returns = options.fault("never-back") != nullptr;
  device.refuses = options.fault("refuses") != nullptr;
  if (const Fault* fault = options.fault("corrupt")) device.corrupt_at = fault->byte;
  if (const Fault* fault = options.fault("power-cut")) device.dead_after = fault->byte;
  auto made = std::make_unique<HttpDevice>(std::move(device));
  AIOT_CHECK(made->open(executor, spec.substr(colon + 1), options));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::ota
