#include "sim/provision/homekit.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/tcp_link.hpp"
#include "protocol/homekit/accessory.hpp"
#include "provisioning/error.hpp"
#include "sim/announcement.hpp"
#include "sim/port.hpp"

namespace aiot::sim::provision {
namespace {

namespace asio = net::asio;

constexpr std::uint8_t lightbulb = 5;  ///< HAP specification, 13
constexpr unsigned most_controllers = 16;
constexpr std::chrono::seconds longest_write{10};
/// A pairing that is made and removed at once is not announced.
constexpr std::chrono::seconds announce_after{1};

/// A HomeKit accessory: many controllers may be connected at once. Its announcement says whether it
/// is paired.
class HomeKitDevice final : public VirtualDevice {
 public:
  HomeKitDevice(const asio::any_io_executor& executor, net::TcpListener listener,
                homekit::AccessoryOptions options, std::string setup_id, net::Clock& clock)
      : executor_(executor),
        clock_(clock),
        setup_id_(std::move(setup_id)),
        shared_(std::make_shared<Shared>(std::move(listener), std::move(options))),
        mdns_(executor, clock),
        announcement_(executor) {}
  ~HomeKitDevice() override { shared_->device = nullptr; }

  void start() override {
    shared_->device = this;
    asio::co_spawn(
        executor_, [shared = shared_, &clock = clock_] { return accept(shared, clock); },
        asio::detached);
    announce();
  }
  void stop() override {
    shared_->device = nullptr;
    announcement_.cancel();
    mdns_.withdraw();
  }
  std::string address() const override {
    return fmt::format("homekit://127.0.0.1:{}", shared_->listener.port());
  }
  std::string code() const override {
    return homekit::setup_uri(options().code, lightbulb, setup_id_);
  }
  std::string name() const override { return options().name; }
  DeviceResult report() const override {
    DeviceResult out;
    out.chip = "homekit";
    out.mac = options().device_id;
    out.address = address();
    out.bytes_in = shared_->bytes_in;
    out.bytes_out = shared_->bytes_out;
    out.commands = shared_->accessory.requests();
    return out;
  }

 private:
  /// What the connections use; they may end after the device.
  struct Shared {
    Shared(net::TcpListener on, homekit::AccessoryOptions options)
        : listener(std::move(on)), accessory(std::move(options)) {}
    net::TcpListener listener;
    homekit::Accessory accessory;
    unsigned controllers = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    HomeKitDevice* device = nullptr;
  };

  const homekit::AccessoryOptions& options() const { return shared_->accessory.options(); }

  static asio::awaitable<void> accept(std::shared_ptr<Shared> shared, net::Clock& clock) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    for (;;) {
      Result<net::Accepted> accepted = co_await shared->listener.accept(net::TimePoint::max());
      if (!accepted) co_return;                               // the loop has ended
      if (shared->controllers >= most_controllers) continue;  // closed at once
      const auto stream = std::make_shared<net::FdStream>(std::move(accepted->stream));
      const auto work = [shared, stream, &clock]() -> asio::awaitable<void> {
        ++shared->controllers;
        const Result<void> served = co_await serve(*shared, *stream, clock);
        static_cast<void>(served);  // a controller leaves when it wants to
        --shared->controllers;
      };
      asio::co_spawn(executor, work, asio::detached);
    }
  }

  static net::Task<void> serve(Shared& shared, net::FdStream& stream, net::Clock& clock) {
    homekit::AccessoryConnection connection(shared.accessory);
    while (connection.link_up()) {
      std::array<std::uint8_t, 2048> buffer;
      AIOT_CO_TRY(const std::size_t got, co_await stream.read_some(buffer, net::TimePoint::max()));
      shared.bytes_in += got;
      connection.on_bytes(clock.now(), ByteSpan(buffer).first(got));
      const Bytes out = connection.take_output(clock.now());
      if (shared.device != nullptr) shared.device->look_at_pairing();
      if (out.empty()) continue;
      AIOT_CO_CHECK(co_await stream.write(out, clock.now() + longest_write));
      shared.bytes_out += out.size();
    }
    co_return Result<void>();
  }

  void look_at_pairing() {
    if (shared_->accessory.is_paired() == announced_paired_) return;
    announcement_.expires_after(announce_after);
    announcement_.async_wait([shared = shared_](const boost::system::error_code& error) {
      HomeKitDevice* device = shared->device;
      if (error || device == nullptr) return;
      if (shared->accessory.is_paired() != device->announced_paired_) device->announce();
    });
  }

  /// HAP specification, 6.4.
  void announce() {
    announced_paired_ = shared_->accessory.is_paired();
    const std::string& id = options().device_id;
    std::string host = "lamp-";
    for (const char c : id) {
      if (c != ':') host += c;
    }
    mdns_.announce(host, {options().name,
                          "_hap._tcp",
                          shared_->listener.port(),
                          {{"c#", "1"},
                           {"ci", std::to_string(lightbulb)},
                           {"ff", "0"},
                           {"id", id},
                           {"md", options().model},
                           {"pv", "1.1"},
                           {"s#", "1"},
                           {"sf", announced_paired_ ? "0" : "1"},
                           {"sh", homekit::setup_hash(setup_id_, id)}},
                          {}});
  }

  asio::any_io_executor executor_;
  net::Clock& clock_;
  std::string setup_id_;
  std::shared_ptr<Shared> shared_;
  Announcement mdns_;
  bool announced_paired_ = false;
  asio::steady_timer announcement_;
};

Result<homekit::AccessoryOptions> accessory_of(const Options& options) {
  homekit::AccessoryOptions out;
  out.device_id =
      fmt::format("1A:2B:3C:4D:{:02X}:{:02X}", options.index >> 8 & 0xff, options.index & 0xff);
  out.name = fmt::format("Virtual lamp {}", options.index + 1);
  out.serial = fmt::format("{:04}", options.index + 1);
  if (!options.secrets.proof.empty()) {
    const auto code = homekit::normal_code(options.secrets.proof);
    if (!code || !homekit::is_allowed_code(*code))
      return make_error(provisioning::Errc::bad_code, "HomeKit",
                        "use 8 digits, neither equal nor in their order");
    out.code = *code;
  }
  for (const provisioning::Fault& fault : options.faults) {
    using provisioning::FaultKind;
    if (fault.kind == FaultKind::refuse_password || fault.kind == FaultKind::no_network ||
        fault.kind == FaultKind::no_address)
      return make_error(provisioning::Errc::bad_fault, "a HomeKit accessory joins no network",
                        "use wrong-state, or silent, drop or garbage with a stage");
  }
  out.faults = options.faults;
  return out;
}

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_homekit(const asio::any_io_executor& executor,
                                                    const Options& options) {
  AIOT_TRY(homekit::AccessoryOptions accessory, accessory_of(options));
  const std::string_view spec = options.port.empty() ? "tcp" : std::string_view(options.port);
  if (!spec.starts_with("tcp")) return make_error(Errc::bad_port, options.port, "use tcp:PORT");
  AIOT_TRY(const std::uint16_t port, tcp_port_of(spec, options.index));
  // Controllers come by the address that mDNS told them: over IPv6 and IPv4.
  Result<net::TcpListener> opened =
      net::TcpListener::open(executor, asio::ip::tcp::endpoint(asio::ip::tcp::v6(), port));
  if (!opened)
    opened = net::TcpListener::open(executor, asio::ip::tcp::endpoint(asio::ip::tcp::v4(), port));
  AIOT_TRY(net::TcpListener listener, std::move(opened));
  return std::unique_ptr<VirtualDevice>(
      std::make_unique<HomeKitDevice>(executor, std::move(listener), std::move(accessory),
                                      fmt::format("V{:03}", options.index), *options.clock));
}

}  // namespace aiot::sim::provision
