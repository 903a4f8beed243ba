#include "sim/provision/miio.hpp"

#include <fmt/format.h>

#include "crypto/digest.hpp"
#include "protocol/miio/device.hpp"
#include "sim/udp_station.hpp"

namespace aiot::sim::provision {
namespace {

constexpr std::uint64_t first_device_id = 0x0BADF00D;

class MiioDevice final : public VirtualDevice {
 public:
  MiioDevice(const net::asio::any_io_executor& executor, const miio::DeviceOptions& options,
             net::Clock& clock, net::UdpSocket socket)
      : mac_(options.mac),
        device_(options, clock.now() - std::chrono::hours(1)),
        station_(executor, device_, clock, std::move(socket)) {}

  void start() override { station_.start(); }
  void stop() override { station_.stop(); }
  std::string address() const override {
    return fmt::format("miio://127.0.0.1:{}", station_.port());
  }
  DeviceResult report() const override {
    DeviceResult out;
    out.chip = "miio";
    out.mac = mac_;
    out.address = address();
    out.bytes_in = station_.bytes_in();
    out.bytes_out = station_.bytes_out();
    out.commands = device_.calls();
    out.paired = device_.provisioned() && !device_.ssid().empty();
    if (*out.paired) out.ssid = device_.ssid();
    return out;
  }

 private:
  std::string mac_;
  miio::Device device_;
  UdpStation station_;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_miio(const net::asio::any_io_executor& executor,
                                                 const Options& options) {
  AIOT_TRY(net::UdpSocket socket,
           UdpStation::open(executor, options.port, miio::udp_port, options.index));
  miio::DeviceOptions device;
  device.device_id = first_device_id + options.index;
  device.mac = fmt::format("34:CE:00:00:{:02X}:{:02X}", (options.index >> 8) & 0xFF,
                           (options.index + 1) & 0xFF);
  const crypto::Md5 token = crypto::md5(as_bytes(device.mac));
  device.token = token;
  if (!options.secrets.token.empty()) {
    const auto given = miio::parse_token(options.secrets.token);
    if (!given) {
      return make_error(provisioning::Errc::missing_secret, "the token is not one of miIO",
                        "give 32 hexadecimal digits");
    }
    device.token = *given;
  }
  device.wifi = options.wifi;
  device.faults = options.faults;
  device.join_time = std::chrono::milliseconds(300);
  std::unique_ptr<VirtualDevice> made =
      std::make_unique<MiioDevice>(executor, device, *options.clock, std::move(socket));
  return made;
}

}  // namespace aiot::sim::provision
