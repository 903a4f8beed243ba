#include <fmt/format.h>

#include "protocol/smp/ble.hpp"
#include "protocol/smp/device.hpp"
#include "sim/ble_device.hpp"
#include "sim/ota/smp.hpp"
#include "sim/port.hpp"

namespace aiot::sim::ota {
namespace {

/// An SMP server behind one characteristic.
class SmpBleDevice final : public BleDevice {
 public:
  explicit SmpBleDevice(smp::Device device) : device_(std::move(device)) {}

  static GattServer::Profile profile(std::string adapter, unsigned index) {
    GattServer::Profile out;
    out.adapter = std::move(adapter);
    out.name = fmt::format("smp {}", index + 1);
    out.service = smp::ble_service;
    out.characteristics.push_back(
        {std::string(smp::ble_characteristic), {"write-without-response", "notify"}, {}});
    return out;
  }
  DeviceResult report() const override {
    DeviceResult out = report_as("smp");
    out.commands = device_.commands();
    out.running = device_.running().version;
    return out;
  }

 private:
  GattOutcome on_write(std::string_view, ByteSpan value) override {
    count_write(value);
    reader_.feed(value);
    const unsigned boots = device_.boots();
    while (const std::optional<Bytes> packet = reader_.next()) {
      if (const std::optional<Bytes> reply = device_.on_packet(*packet)) send(*reply);
    }
    return device_.boots() == boots ? GattOutcome::done : GattOutcome::lost;
  }
  Bytes on_read(std::string_view) override { return {}; }
  void on_disconnect() override { reader_.drop_partial(); }

  void send(ByteSpan packet) {
    if (server() == nullptr) return;
    for (const Bytes& value : smp::to_values(packet, smp::value_bytes(server()->mtu()))) {
      count_answer(value);
      server()->notify(smp::ble_characteristic, value);
    }
  }

  smp::Device device_;
  smp::PacketReader reader_;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_smp_ble(const net::asio::any_io_executor& executor,
                                                    const Options& options, smp::Device device) {
  AIOT_TRY(std::string adapter, adapter_of_port(options.port));
  if (options.write_time.count() != 0) {
    return make_error(Errc::not_for_device, "a write time", "leave it out: the radio is slower");
  }
  auto made = std::make_unique<SmpBleDevice>(std::move(device));
  AIOT_CHECK(made->open(executor, SmpBleDevice::profile(std::move(adapter), options.index)));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::ota
