#include "job/pair/gatt_lines.hpp"

#include <algorithm>
#include <array>

#include "dbus/bluez.hpp"

namespace aiot::pair {
namespace {

/// Of ESP-IDF's scheme_ble.c, and of its examples before v4.
constexpr std::array<std::string_view, 2> esp_services = {"1775244d-6b43-439b-877c-060f2d9bed07",
                                                          "021a9004-0382-4aea-bff4-6b3f1c5adfb4"};
constexpr std::string_view session_endpoint = "prov-session";

/// The endpoints of characteristics that have no description, by the third and fourth byte of their
/// UUIDs (esp_prov).
struct EndpointNumber {
  std::string_view number;
  std::string_view name;
};
constexpr std::array<EndpointNumber, 5> endpoint_numbers = {{{"ff4f", "prov-ctrl"},
                                                             {"ff50", "prov-scan"},
                                                             {"ff51", session_endpoint},
                                                             {"ff52", "prov-config"},
                                                             {"ff53", "proto-ver"}}};
/// A device that sends more notifications than anybody reads.
constexpr std::size_t max_notifications = 256;

bool is_esp_service(std::string_view uuid) {
  return std::ranges::find(esp_services, uuid) != esp_services.end();
}

}  // namespace

bool offers_provisioning(const std::vector<std::string>& service_uuids) {
  return std::ranges::any_of(service_uuids, [](const std::string& uuid) {
    return is_esp_service(uuid) || uuid == improv::service_uuid;
  });
}

net::Task<bool> GattEndpoints::find(net::TimePoint deadline) {
  endpoints_.clear();
  bool known_service = false;
  const std::vector<bluez::Characteristic> all = gatt_.characteristics();
  for (const bluez::Characteristic& one : all) {
    const bool known = is_esp_service(one.service);
    // The service may have a UUID of the application's own.
    const std::string number = one.uuid.substr(4, 4);
    const auto* usual =
        std::ranges::find(endpoint_numbers, std::string_view(number), &EndpointNumber::number);
    if (!known && !number.starts_with("ff")) continue;
    AIOT_CO_TRY(std::string name, co_await gatt_.description(one, deadline));
    if (name.empty() && known && usual != endpoint_numbers.end()) name = usual->name;
    if (!name.empty()) endpoints_[name] = one.uuid;
    known_service = known_service || known;
  }
  co_return known_service || endpoints_.contains(session_endpoint);
}

net::Task<Bytes> GattEndpoints::exchange(std::string_view endpoint, ByteSpan body,
                                         net::TimePoint deadline) {
  const auto known = endpoints_.find(endpoint);
  if (known == endpoints_.end())
    co_return make_error(net::Errc::not_supported, std::string(endpoint));
  const std::string uuid = known->second;
  Bytes request(body.begin(), body.end());
  Result<void> written = co_await gatt_.write(uuid, std::move(request), deadline);
  Error error;
  if (written) {
    Result<Bytes> answer = co_await gatt_.read(uuid, deadline);
    if (answer) co_return answer;
    error = std::move(answer).error();
  } else {
    error = std::move(written).error();
  }
  if (error.code == make_error_code(bluez::Errc::attribute))
    error.code = make_error_code(net::Errc::refused);
  co_return error;
}

net::Task<void> GattEndpoints::restart(net::TimePoint deadline) {
  // A connection has one session, which a new handshake begins anew; Bluedroid ends the connection.
  if (gatt_.connected()) co_return Result<void>();
  std::string path = gatt_.path();
  Result<bluez::Gatt> again = co_await bluez::Gatt::open(bus_, std::move(path), deadline);
  AIOT_CO_TRY(gatt_, std::move(again));
  Result<bool> found = co_await find(deadline);
  AIOT_CO_CHECK(std::move(found));
  co_return Result<void>();
}

GattCharacteristics::GattCharacteristics(bluez::Gatt& gatt, net::Clock& clock)
    : gatt_(gatt), clock_(clock) {
  gatt_.when_lost([inbox = inbox_] {
    inbox->lost = true;
    inbox->bell->ring();
  });
}

net::Task<Bytes> GattCharacteristics::read(std::string uuid, net::TimePoint deadline) {
  return gatt_.read(std::move(uuid), deadline);
}

net::Task<void> GattCharacteristics::write(std::string uuid, Bytes value, net::TimePoint deadline) {
  return gatt_.write(std::move(uuid), std::move(value), deadline);
}

net::Task<void> GattCharacteristics::subscribe(std::string uuid, net::TimePoint deadline) {
  auto handler = [inbox = inbox_, uuid](const Bytes& value) {
    if (inbox->notifications.size() >= max_notifications) return;
    inbox->notifications.push_back({uuid, value});
    inbox->bell->ring();
  };
  AIOT_CO_TRY(auto subscription, co_await gatt_.notify(uuid, std::move(handler), deadline));
  subscriptions_.push_back(std::move(subscription));
  co_return Result<void>();
}

net::Task<improv::Characteristics::Notification> GattCharacteristics::next(
    net::TimePoint deadline) {
  const std::shared_ptr<Inbox> inbox = inbox_;
  while (inbox->notifications.empty()) {
    if (inbox->lost) co_return make_error(net::Errc::link_lost, "waiting for a notification");
    Result<void> rung = co_await dbus::Bell::wait(inbox->bell, deadline);
    AIOT_CO_CHECK(std::move(rung));
  }
  Notification first = std::move(inbox->notifications.front());
  inbox->notifications.pop_front();
  co_return first;
}

}  // namespace aiot::pair
