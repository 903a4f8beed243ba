#include "sim/provision/mesh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "crypto/ec.hpp"
#include "crypto/random.hpp"
#include "protocol/alibaba/genie.hpp"
#include "protocol/mesh/device.hpp"
#include "sim/port.hpp"
#include "sim/provision/hci_socket.hpp"

namespace aiot::sim::provision {
namespace {

namespace asio = net::asio;

/// How long a packet is on the air: some advertising intervals.
constexpr std::chrono::milliseconds air_time{60};
constexpr std::chrono::milliseconds beacon_interval{1000};
constexpr std::uint32_t virtual_product = 1;

class MeshDevice final : public VirtualDevice {
 public:
  MeshDevice(const asio::any_io_executor& executor, net::Clock& clock,
             std::shared_ptr<HciSocket> controller, const mesh::DeviceOptions& options)
      : clock_(clock),
        controller_(std::move(controller)),
        uuid_(options.uuid),
        device_(options),
        timer_(executor) {}

  void start() override {
    controller_->start([this](ByteSpan data) { on_advert(data); });
    run();
  }
  void stop() override {
    timer_.cancel();
    controller_->stop();
  }
  std::string address() const override { return "mesh:" + to_hex(uuid_); }
  DeviceResult report() const override {
    DeviceResult out;
    out.chip = "mesh";
    out.mac = to_hex(uuid_);
    out.address = address();
    out.bytes_in = bytes_in_;
    out.bytes_out = bytes_out_;
    out.commands = packets_;
    out.paired = device_.node().has_value();
    return out;
  }

 private:
  void on_advert(ByteSpan data) {
    while (data.size() > 1 && data[0] != 0 && data[0] < data.size()) {
      if (data[1] == mesh::pb_adv_type) {
        ++packets_;
        bytes_in_ += data[0] - 1U;
        device_.on_packet(clock_.now(), data.subspan(2, data[0] - 1U));
      }
      data = data.subspan(data[0] + 1U);
    }
    if (!busy_) run();
  }

  /// Puts what comes next on the air, and sets the timer for what is after it.
  void run() {
    const net::TimePoint now = clock_.now();
    if (const auto due = device_.next_timer(); due && now >= *due) device_.on_timer(now);
    net::TimePoint next = now + beacon_interval;
    const auto packet = device_.take_packet();
    busy_ = packet.has_value();
    if (packet) {
      advertise(mesh::pb_adv_type, *packet);
      next = now + air_time;
    } else if (const auto beacon = device_.beacon(); beacon && now >= next_beacon_) {
      advertise(mesh::beacon_type, *beacon);
      next_beacon_ = next;
    } else if (!beacon) {
      controller_->advertise({});
    }
    if (const auto due = device_.next_timer(); due && !busy_) next = std::min(next, *due);
    timer_.expires_at(next);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) run();
    });
  }

  void advertise(std::uint8_t type, const Bytes& payload) {
    Bytes data{static_cast<std::uint8_t>(payload.size() + 1), type};
    append(data, payload);
    bytes_out_ += payload.size();
    controller_->advertise(data);
  }

  net::Clock& clock_;
  std::shared_ptr<HciSocket> controller_;
  mesh::Key uuid_;
  mesh::Device device_;
  asio::steady_timer timer_;
  net::TimePoint next_beacon_{};
  bool busy_ = false;  ///< a packet is on the air
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_mesh(const asio::any_io_executor& executor,
                                                 const Options& options) {
  constexpr std::string_view scheme = "hci";
  const std::string_view spec = options.port;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(spec.data() + std::min(scheme.size(), spec.size()),
                                            spec.data() + spec.size(), number);
  if (!spec.starts_with(scheme) || error != std::errc() || end != spec.data() + spec.size())
    return make_error(Errc::bad_port, options.port, "write hci1, the controller of the device");
  if (options.index != 0)
    return make_error(Errc::bad_port, options.port, "a controller is one device");
  AIOT_TRY(auto controller, HciSocket::open(executor, number));
  alibaba::GenieUuid identity;
  identity.product_id = virtual_product;
  identity.mac = {0xA8, 0x01, 0x71, 0x00, 0x00, static_cast<std::uint8_t>(number)};
  mesh::DeviceOptions device;
  device.uuid = alibaba::genie_uuid(identity);
  if (!options.secrets.proof.empty()) {
    device.static_oob =
        alibaba::genie_static_oob(identity.product_id, identity.mac, options.secrets.proof);
  }
  device.secret = crypto::ec_random_secret(crypto::EcCurve::p256);
  const Bytes random = crypto::random_bytes(device.random.size());
  std::ranges::copy(random, device.random.begin());
  device.faults = options.faults;
  return std::unique_ptr<VirtualDevice>(
      std::make_unique<MeshDevice>(executor, *options.clock, std::move(controller), device));
}

}  // namespace aiot::sim::provision
