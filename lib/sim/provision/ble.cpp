#include "sim/provision/ble.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <map>

#include "crypto/random.hpp"
#include "protocol/improv/ble_device.hpp"
#include "protocol/protocomm/device.hpp"
#include "sim/ble_device.hpp"
#include "sim/port.hpp"
#include "sim/provision/esp.hpp"

namespace aiot::sim::provision {
namespace {

DeviceResult paired_with(DeviceResult device, const std::string& ssid) {
  device.paired = !ssid.empty();
  if (*device.paired) device.ssid = ssid;
  return device;
}

constexpr std::string_view esp_service = "1775244d-6b43-439b-877c-060f2d9bed07";

/// The UUID of an endpoint: 16 bits of the service's are replaced (scheme_ble.c).
std::string endpoint_uuid(std::string_view endpoint) {
  struct Number {
    std::string_view endpoint;
    std::string_view number;
  };
  constexpr std::array<Number, 6> numbers = {{{"prov-ctrl", "ff4f"},
                                              {"prov-scan", "ff50"},
                                              {"prov-session", "ff51"},
                                              {"prov-config", "ff52"},
                                              {"proto-ver", "ff53"},
                                              {"custom-data", "ff54"}}};
  const auto* at = std::ranges::find(numbers, endpoint, &Number::endpoint);
  std::string uuid(esp_service);
  uuid.replace(4, 4, at->number);
  return uuid;
}

class EspBleDevice final : public BleDevice {
 public:
  EspBleDevice(EspIdentity identity, net::Clock& clock)
      : clock_(clock),
        code_(std::move(identity.code)),
        engine_(std::move(identity.device), crypto::random_bytes) {
    for (const std::string_view endpoint : protocomm::Device::endpoints)
      endpoints_[endpoint_uuid(endpoint)] = endpoint;
  }

  GattServer::Profile profile(std::string adapter, std::string name) const {
    GattServer::Profile out;
    out.adapter = std::move(adapter);
    out.name = std::move(name);
    out.service = esp_service;
    for (const auto& [uuid, endpoint] : endpoints_)
      out.characteristics.push_back({uuid, {"read", "write"}, std::string(endpoint)});
    return out;
  }
  std::string code() const override { return code_; }
  DeviceResult report() const override {
    return paired_with(report_as("esp"), engine_.joined(clock_.now()));
  }

 private:
  GattOutcome on_write(std::string_view uuid, ByteSpan value) override {
    count_write(value);
    const auto endpoint = endpoints_.find(uuid);
    if (endpoint == endpoints_.end()) return GattOutcome::refused;
    protocomm::Reply reply = engine_.on_request(clock_.now(), endpoint->second, value);
    switch (reply.kind) {
      case protocomm::Reply::Kind::answer:
        answers_[endpoint->first] = std::move(reply.body);
        return GattOutcome::done;
      case protocomm::Reply::Kind::silence: return GattOutcome::silent;
      case protocomm::Reply::Kind::lost: return GattOutcome::lost;
      case protocomm::Reply::Kind::dropped:
      case protocomm::Reply::Kind::no_endpoint: break;
    }
    return GattOutcome::refused;
  }
  Bytes on_read(std::string_view uuid) override {
    const auto answer = answers_.find(uuid);
    if (answer == answers_.end()) return {};
    count_answer(answer->second);
    return answer->second;
  }
  void on_disconnect() override {
    engine_.new_session();
    answers_.clear();
  }

  net::Clock& clock_;
  std::string code_;
  protocomm::Device engine_;
  std::map<std::string, std::string_view, std::less<>> endpoints_;  ///< UUID -> name
  std::map<std::string, Bytes, std::less<>> answers_;
};

class ImprovBleDevice final : public BleDevice {
 public:
  ImprovBleDevice(const net::asio::any_io_executor& executor, improv::DeviceOptions options,
                  net::Clock& clock)
      : clock_(clock), timer_(executor), engine_(std::move(options)) {}

  static GattServer::Profile profile(std::string adapter, const std::string& name) {
    GattServer::Profile out;
    out.adapter = std::move(adapter);
    out.name = name;
    out.service = improv::service_uuid;
    for (const std::string_view uuid :
         {improv::state_uuid, improv::failure_uuid, improv::result_uuid})
      out.characteristics.push_back({std::string(uuid), {"read", "notify"}, {}});
    out.characteristics.push_back({std::string(improv::command_uuid), {"write"}, {}});
    out.characteristics.push_back({std::string(improv::capabilities_uuid), {"read"}, {}});
    return out;
  }
  void stop() override {
    timer_.cancel();
    BleDevice::stop();
  }
  DeviceResult report() const override {
    return paired_with(report_as("improv"), engine_.device().ssid());
  }

 private:
  GattOutcome on_write(std::string_view uuid, ByteSpan value) override {
    count_write(value);
    const bool taken = engine_.on_write(clock_.now(), uuid, value);
    // What it notifies comes after the write's response, as from a radio.
    net::asio::post(timer_.get_executor(), [this] { pump(); });
    if (!engine_.link_up()) return GattOutcome::lost;
    return taken ? GattOutcome::done : GattOutcome::refused;
  }
  Bytes on_read(std::string_view uuid) override {
    Bytes value = engine_.on_read(uuid).value_or(Bytes());
    count_answer(value);
    return value;
  }
  void on_disconnect() override {}

  void pump() {
    while (auto next = engine_.take_notification()) {
      count_answer(next->value);
      if (server() != nullptr) server()->notify(next->uuid, next->value);
    }
    const auto when = engine_.next_timer();
    if (!when || server() == nullptr) return;
    timer_.expires_at(*when);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      engine_.on_timer(clock_.now());
      pump();
    });
  }

  net::Clock& clock_;
  net::asio::steady_timer timer_;
  improv::BleDevice engine_;
};

}  // namespace

Result<std::unique_ptr<VirtualDevice>> make_esp_ble(const net::asio::any_io_executor& executor,
                                                    const Options& options) {
  AIOT_TRY(std::string adapter, adapter_of_port(options.port));
  EspIdentity identity = esp_identity(options, std::nullopt, "ble");
  std::string name = identity.name;
  auto made = std::make_unique<EspBleDevice>(std::move(identity), *options.clock);
  AIOT_CHECK(made->open(executor, made->profile(std::move(adapter), std::move(name))));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

Result<std::unique_ptr<VirtualDevice>> make_improv_ble(const net::asio::any_io_executor& executor,
                                                       const Options& options) {
  AIOT_TRY(std::string adapter, adapter_of_port(options.port));
  improv::DeviceOptions device;
  device.info.name += " " + std::to_string(options.index + 1);
  device.wifi = options.wifi;
  device.faults = options.faults;
  const std::string name = device.info.name;
  auto made = std::make_unique<ImprovBleDevice>(executor, std::move(device), *options.clock);
  AIOT_CHECK(made->open(executor, ImprovBleDevice::profile(std::move(adapter), name)));
  return std::unique_ptr<VirtualDevice>(std::move(made));
}

}  // namespace aiot::sim::provision
