#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "dbus/bell.hpp"
#include "dbus/bluez.hpp"
#include "dbus/gatt.hpp"
#include "job/ota/protocol.hpp"
#include "net/error.hpp"
#include "protocol/smp/ble.hpp"
#include "protocol/smp/packet.hpp"

/// SMP over Bluetooth LE, through BlueZ.
namespace aiot::ota {
namespace {

using std::chrono::seconds;

constexpr seconds find_time{20};
constexpr seconds connect_time{20};
const std::string characteristic(smp::ble_characteristic);

class Ble final : public smp::Transport {
 public:
  Ble(net::asio::any_io_executor executor, std::shared_ptr<dbus::Bus> bus, const Address& address,
      net::Clock& clock)
      : executor_(std::move(executor)), bus_(std::move(bus)), clock_(clock) {
    wanted_.address = address.path;
    const auto adapter = address.query.find("adapter");
    if (adapter != address.query.end()) wanted_.adapter = adapter->second;
    wanted_.now = true;
  }
  ~Ble() override {
    if (gatt_) bluez::hang_up_meanwhile(executor_, bus_, gatt_->path());
  }
  Ble(const Ble&) = delete;
  Ble& operator=(const Ble&) = delete;

  net::Clock& clock() override { return clock_; }
  net::Task<void> send(ByteSpan packet, net::TimePoint deadline) override {
    if (!gatt_ || inbox_->lost) co_return lost();
    for (Bytes& value : smp::to_values(packet, most_whole_bytes())) {
      Result<void> written =
          co_await gatt_->write_command(characteristic, std::move(value), deadline);
      if (!written) co_return std::move(written).error();
    }
    co_return Result<void>();
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    const std::shared_ptr<Inbox> inbox = inbox_;
    for (;;) {
      if (std::optional<Bytes> packet = inbox->reader.next()) co_return *std::move(packet);
      if (inbox->lost) co_return lost();
      Result<void> rung = co_await dbus::Bell::wait(inbox->bell, deadline);
      // What was begun by now is not ended.
      if (!rung) inbox->reader.drop_partial();
      AIOT_CO_CHECK(std::move(rung));
    }
  }
  net::Task<void> reopen(net::TimePoint deadline) override {
    gatt_.reset();
    subscription_.reset();
    inbox_ = std::make_shared<Inbox>();
    bluez::Wanted wanted = wanted_;
    const net::TimePoint found_by = std::min(deadline, clock_.now() + find_time);
    AIOT_CO_TRY(bluez::Advert device,
                co_await bluez::find_device(*bus_, std::move(wanted), found_by));
    const net::TimePoint ready_by = std::min(deadline, clock_.now() + connect_time);
    AIOT_CO_TRY(bluez::Gatt gatt,
                co_await bluez::Gatt::open(*bus_, std::move(device.path), ready_by));
    gatt_.emplace(std::move(gatt));
    gatt_->when_lost([inbox = inbox_] {
      inbox->lost = true;
      inbox->bell->ring();
    });
    AIOT_CO_TRY(mtu_, co_await gatt_->mtu(characteristic, ready_by));
    auto take = [inbox = inbox_](const Bytes& value) {
      inbox->reader.feed(value);
      inbox->bell->ring();
    };
    AIOT_CO_TRY(subscription_, co_await gatt_->notify(characteristic, std::move(take), ready_by));
    co_return Result<void>();
  }
  std::size_t least_packet_bytes() const override { return most_whole_bytes(); }
  /// A connection event carries a few values, and there may be seven to fifty of them a second.
  std::size_t most_packet_bytes() const override { return 16 * most_whole_bytes(); }
  net::Duration patience() const override { return seconds(5); }
  std::size_t most_whole_bytes() const override { return smp::value_bytes(mtu_); }

 private:
  /// What has come, shared with what brings it.
  struct Inbox {
    smp::PacketReader reader;
    bool lost = false;
    std::shared_ptr<dbus::Bell> bell = std::make_shared<dbus::Bell>();
  };
  static Error lost() { return make_error(net::Errc::link_lost, "Bluetooth"); }

  net::asio::any_io_executor executor_;
  std::shared_ptr<dbus::Bus> bus_;
  net::Clock& clock_;
  bluez::Wanted wanted_;
  std::optional<bluez::Gatt> gatt_;
  std::size_t mtu_ = smp::least_att_mtu;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  dbus::Bus::Subscription subscription_;
};

}  // namespace

net::Task<std::unique_ptr<smp::Transport>> open_ble(fleet::DeviceRun& run) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  AIOT_CO_TRY(dbus::Bus opened, dbus::Bus::open(executor, {}));
  auto bus = std::make_shared<dbus::Bus>(std::move(opened));
  auto transport = std::make_unique<Ble>(executor, std::move(bus), run.address(), run.clock());
  AIOT_CO_CHECK(co_await transport->reopen(net::TimePoint::max()));
  std::unique_ptr<smp::Transport> out = std::move(transport);
  co_return out;
}

}  // namespace aiot::ota
