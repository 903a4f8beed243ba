#include "sim/ota/esphome.hpp"

#include <array>

#include "crypto/random.hpp"
#include "protocol/esphome_ota/device.hpp"
#include "sim/ota/esp_firmware.hpp"
#include "sim/ota/tcp_server.hpp"

namespace aiot::sim::ota {
namespace {

constexpr std::array<FaultKind, 5> esphome_table = {{
    {"never-back", "is gone after the update"},
    {"md5", "asks for the older challenge"},
    {"refuses", "cannot write its flash"},
    {"corrupt", "changes a byte of the upload", true},
    {"power-cut", "is gone at a byte of the upload", true},
}};

class EsphomeDevice final : public TcpDevice {
 public:
  EsphomeDevice(esphome::DeviceOptions options, bool returns)
      : TcpDevice("esphome"), device_(std::move(options)), returns_(returns) {}

 private:
  std::uint64_t commands() const override { return device_.updates(); }
  std::string running() const override {
    return device_.updates() == 0 ? "1.0.0" : esp_version(device_.firmware());
  }
  void on_connect() override { device_.on_host_baud({}, 0); }
  Bytes on_bytes(ByteSpan bytes) override {
    device_.on_bytes({}, bytes);
    return device_.take_output({});
  }
  bool wants_close() const override {
    return !device_.link_up() || (!returns_ && device_.updates() > 0);
  }

  esphome::Device device_;
  bool returns_;
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
  auto made =
      std::make_unique<EsphomeDevice>(std::move(device), options.fault("never-back") == nullptr);
  AIOT_CHECK(made->open(executor, port, options.index));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::ota
