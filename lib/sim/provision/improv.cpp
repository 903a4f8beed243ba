#include "sim/provision/improv.hpp"

#include "protocol/improv/serial_device.hpp"
#include "sim/engine_station.hpp"
#include "sim/provision/ble.hpp"

namespace aiot::sim::provision {
namespace {

/// A device with Improv Wi-Fi on a serial port of its own.
class ImprovDevice final : public VirtualDevice {
 public:
  ImprovDevice(const net::asio::any_io_executor& executor, improv::DeviceOptions options,
               net::Clock& clock, std::unique_ptr<Port> port)
      : name_(options.info.name),
        engine_(std::move(options)),
        station_(executor, engine_, clock, std::move(port)) {}

  void start() override { station_.start(); }
  void stop() override { station_.stop(); }
  std::string address() const override { return station_.address(); }
  std::string name() const override { return name_; }
  DeviceResult report() const override {
    DeviceResult out;
    out.chip = "improv";
    out.address = station_.address();
    out.bytes_in = station_.bytes_in();
    out.bytes_out = station_.bytes_out();
    out.commands = engine_.device().calls();
    out.paired = !engine_.device().ssid().empty();
    if (*out.paired) out.ssid = engine_.device().ssid();
    return out;
  }

 private:
  std::string name_;
  improv::SerialDevice engine_;
  EngineStation station_;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_improv(const net::asio::any_io_executor& executor,
                                                   const Options& options) {
  if (options.port.starts_with("ble")) return make_improv_ble(executor, options);
  AIOT_TRY(auto port,
           make_port(executor, options.port.empty() ? "pty" : options.port, options.index));
  improv::DeviceOptions device;
  device.info.name += " " + std::to_string(options.index + 1);
  device.wifi = options.wifi;
  device.faults = options.faults;
  std::unique_ptr<VirtualDevice> made =
      std::make_unique<ImprovDevice>(executor, std::move(device), *options.clock, std::move(port));
  return made;
}

}  // namespace aiot::sim::provision
