#include <doctest/doctest.h>

#include "protocol/improv/ble_device.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::improv;
using namespace std::chrono_literals;

namespace {

/// GATT in memory, on virtual time, with packets of `packet_bytes`.
class MemoryGatt final : public Characteristics {
 public:
  MemoryGatt(net::VirtualClock& clock, BleDevice& device, std::size_t packet_bytes = 244)
      : clock_(clock), device_(device), packet_bytes_(packet_bytes) {}

  net::Clock& clock() override { return clock_; }
  net::Task<Bytes> read(std::string uuid, net::TimePoint) override {
    if (!device_.link_up()) co_return make_error(net::Errc::link_lost);
    const auto value = device_.on_read(uuid);
    if (!value) co_return make_error(net::Errc::not_found);
    co_return *value;
  }
  net::Task<void> write(std::string uuid, Bytes value, net::TimePoint) override {
    if (!device_.on_write(clock_.now(), uuid, value)) co_return make_error(net::Errc::not_found);
    co_return Result<void>();
  }
  net::Task<void> subscribe(std::string uuid, net::TimePoint) override {
    subscribed_ += uuid;
    co_return Result<void>();
  }
  net::Task<Notification> next(net::TimePoint deadline) override {
    for (;;) {
      device_.on_timer(clock_.now());
      if (auto out = device_.take_notification()) {
        CHECK(subscribed_.find(out->uuid) != std::string::npos);
        if (out->value.size() > packet_bytes_) out->value.resize(packet_bytes_);
        co_return Notification{std::string(out->uuid), std::move(out->value)};
      }
      if (!device_.link_up()) co_return make_error(net::Errc::link_lost);
      if (clock_.now() >= deadline) co_return make_error(net::Errc::timed_out);
      if (on_wait) on_wait();
      const net::TimePoint until = std::min(deadline, clock_.now() + 100ms);
      Result<void> slept = co_await clock_.sleep_until(until);
      AIOT_CO_CHECK(std::move(slept));
    }
  }
  std::function<void()> on_wait;

 private:
  net::VirtualClock& clock_;
  BleDevice& device_;
  std::size_t packet_bytes_;
  std::string subscribed_;
};

DeviceOptions options_with(std::string_view fault = {}) {
  DeviceOptions out;
  out.wifi = {"home", "secret-pass", "", false};
  if (!fault.empty()) out.faults.push_back(*provisioning::parse_fault(fault));
  return out;
}

std::string run(Talk& talk, Characteristics& gatt) {
  BleLine line(gatt);
  Result<void> opened =
      talk.clock.run(talk.context, [&] { return line.open(talk.clock.now() + 10s); });
  if (!opened) return opened.error().stable_code();
  CHECK(line.capabilities() == 15);
  return talk.run(line);
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "over BLE, with notifications cut to 20 bytes") {
  for (const std::size_t packet : {244U, 20U}) {
    Talk talk;
    BleDevice device(options_with());
    MemoryGatt gatt(talk.clock, device, packet);
    CHECK(to_hex(device.service_data()) == "020f00000000");
    CHECK(::run(talk, gatt) == "ok");
    CHECK(device.device().ssid() == "home");
    CHECK(to_hex(device.service_data()) == "040f00000000");
    CHECK(talk.result.name == "Virtual lamp");
    REQUIRE(talk.result.networks.size() == 2);
    CHECK(talk.result.networks[1].security == "WPA2");
    CHECK(talk.result.url == "http://192.0.2.1/");
  }
}

TEST_CASE("over BLE each fault has its cause") {
  struct Case {
    const char* fault;
    const char* code;
  };
  for (const Case& one : {
           Case{"wrong-state", "pair.window_closed"},
           {"silent@authenticated", "pair.no_reply"},
           {"silent@joined", "pair.no_reply"},
           {"drop@authenticated", "pair.link_lost"},
           {"drop@joined", "pair.link_lost"},
           {"garbage@credentials_sent", "pair.no_reply"},
           {"refuse-password", "pair.network_refused"},
           {"no-network", "pair.network_not_found"},
       }) {
    CAPTURE(one.fault);
    Talk talk;
    BleDevice device(options_with(one.fault));
    MemoryGatt gatt(talk.clock, device);
    CHECK(::run(talk, gatt) == one.code);
    CHECK(talk.clock.elapsed() <= 61s);
  }
}

TEST_CASE_FIXTURE(Talk, "a device whose button has to be pressed") {
  DeviceOptions options = options_with();
  options.needs_button = true;
  BleDevice device(options);
  MemoryGatt gatt(clock, device);
  gatt.on_wait = [&] {
    if (clock.elapsed() > 5s) device.device().press_button();
  };
  CHECK(::run(*this, gatt) == "ok");
  CHECK(flow.words.find("button") != std::string::npos);
  CHECK(device.device().identified() == 1);
  SUBCASE("one that is not pressed refuses credentials") {
    BleDevice other(options);
    const Bytes call =
        with_sum(encode_command(Command::settings, encode_settings("home", "secret-pass")));
    CHECK(other.on_write(clock.now(), command_uuid, call));
    CHECK(to_hex(other.take_notification()->value) == "04");
    CHECK(other.on_write(clock.now(), command_uuid, *from_hex("020002")));
    CHECK(other.device().identified() == 1);
    CHECK(!other.on_write(clock.now(), state_uuid, *from_hex("04")));
  }
  SUBCASE("a damaged call") {
    BleDevice other(options);
    CHECK(other.on_write(clock.now(), command_uuid, *from_hex("020003")));
    CHECK(to_hex(other.take_notification()->value) == "01");
  }
}
