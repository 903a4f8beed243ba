#include "job/pair/wifi_join.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "core/file.hpp"
#include "job/pair/state_file.hpp"
#include "net/interfaces.hpp"
#include "net/run_alone.hpp"
#include "provisioning/error.hpp"

namespace aiot::pair {
namespace {

using namespace std::chrono_literals;

constexpr auto visit_find_time = 5s;
constexpr auto visit_join_time = 45s;
constexpr auto visit_leave_time = 30s;
constexpr auto radio_again = 100ms;
constexpr std::uint64_t most_record_bytes = 64 * 1024;

/// One radio, one move at a time.
std::atomic<bool> radio_taken{false};

std::string text_at(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

net::Task<WifiCredentials> ask_host_wifi(net::Clock& clock) {
  const net::TimePoint deadline = clock.now() + visit_find_time;
  AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  AIOT_CO_TRY(const auto mover, co_await wifi::Mover::find(bus, {}, {}, deadline));
  AIOT_CO_TRY(wifi::Network network, co_await mover->current(deadline));
  WifiCredentials out;
  out.ssid = std::move(network.ssid);
  out.password = std::move(network.password);
  out.security = std::move(network.security);
  out.hidden = network.hidden;
  co_return out;
}

net::Task<bool> undo_record(net::Clock& clock) {
  const std::string path = wifi_record_path();
  AIOT_CO_TRY(const std::optional<wifi::Stay> stay, read_wifi_record(path));
  if (!stay) co_return false;
  const net::TimePoint deadline = clock.now() + visit_leave_time;
  AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  AIOT_CO_TRY(const auto mover,
              co_await wifi::Mover::find(bus, stay->manager, stay->interface, deadline));
  AIOT_CO_CHECK(co_await mover->restore(*stay, deadline));
  std::filesystem::remove(path);
  co_return true;
}

}  // namespace

std::string wifi_record_path() { return state_file_path("wifi-move.json"); }

Result<std::optional<wifi::Stay>> read_wifi_record(const std::string& path) {
  std::optional<wifi::Stay> none;
  if (path.empty()) return none;
  const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) {
    const auto error = file::last_error();
    if (error == boost::system::errc::no_such_file_or_directory) return none;
    return state_file_error(error, path);
  }
  const auto bytes = file::read_all(file.get(), most_record_bytes);
  if (!bytes) return state_file_error(bytes.error(), path);
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(to_string(*bytes), error);
  if (error || !parsed.is_object()) {
    return Error(make_error_code(boost::system::errc::bad_message),
                 "the record of this machine's Wi-Fi in " + path,
                 "join the network by hand, and remove the file");
  }
  const boost::json::object& object = parsed.get_object();
  wifi::Stay stay{text_at(object, "manager"),
                  text_at(object, "interface"),
                  text_at(object, "before"),
                  {},
                  text_at(object, "added")};
  const boost::json::value* enabled = object.if_contains("enabled");
  if (enabled != nullptr && enabled->is_array()) {
    for (const boost::json::value& one : enabled->get_array())
      if (one.is_string()) stay.enabled.emplace_back(one.get_string());
  }
  return std::optional(std::move(stay));
}

Result<void> write_wifi_record(const std::string& path, const wifi::Stay& stay) {
  boost::json::array enabled;
  for (const std::string& one : stay.enabled) enabled.emplace_back(one);
  return write_state_file(path, {{"manager", stay.manager},
                                 {"interface", stay.interface},
                                 {"before", stay.before},
                                 {"enabled", std::move(enabled)},
                                 {"added", stay.added}});
}

AccessPointVisit::~AccessPointVisit() { radio_taken = false; }

net::Task<std::unique_ptr<AccessPointVisit>> AccessPointVisit::begin(const WifiCredentials& network,
                                                                     net::Clock& clock) {
  std::string record = wifi_record_path();
  AIOT_CO_TRY(const std::optional<wifi::Stay> left, read_wifi_record(record));
  while (radio_taken.exchange(true)) {
    Result<void> slept = co_await clock.sleep_for(radio_again);
    AIOT_CO_CHECK(std::move(slept));
  }
  // From here on the destructor gives the radio back.
  std::unique_ptr<AccessPointVisit> visit(new AccessPointVisit(clock));
  AIOT_CO_TRY(const std::optional<wifi::Stay> stale, read_wifi_record(record));
  if (stale) {
    co_return make_error(provisioning::Errc::unreachable,
                         "an earlier run has left this machine's Wi-Fi at a device",
                         "bring it back first");
  }
  visit->record_ = std::move(record);
  AIOT_CO_TRY(visit->bus_, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  AIOT_CO_TRY(visit->mover_,
              co_await wifi::Mover::find(*visit->bus_, {}, {}, clock.now() + visit_find_time));
  AIOT_CO_TRY(visit->stay_, co_await visit->mover_->look(clock.now() + visit_find_time));
  wifi::Network to{network.ssid, network.password, network.security, network.hidden};
  wifi::Mover::Keep keep = [path = visit->record_](const wifi::Stay& stay) {
    return write_wifi_record(path, stay);
  };
  Result<void> joined = co_await visit->mover_->join(to, visit->stay_, std::move(keep),
                                                     clock.now() + visit_join_time);
  if (joined) co_return std::move(visit);
  Error error = std::move(joined).error();
  Result<void> back = co_await visit->leave();
  if (!back) error.hint = "this machine's Wi-Fi is not back: " + back.error().message();
  co_return std::move(error).with("joining the device's access point");
}

net::Task<void> AccessPointVisit::leave() {
  if (left_) co_return Result<void>();
  left_ = true;
  // Whatever has ended the visit, even in the middle of this: the way back has a time of its own.
  bool cancelled = co_await net::is_cancelled();
  Result<void> back = make_error(net::Errc::cancelled);
  for (int i = 0; i < 2 && !back && back.error().condition() == Condition::cancelled; ++i) {
    if (cancelled) {
      co_await net::asio::this_coro::reset_cancellation_state(
          net::asio::enable_terminal_cancellation());
    }
    back = co_await mover_->restore(stay_, clock_.now() + visit_leave_time);
    cancelled = cancelled || (!back && back.error().condition() == Condition::cancelled);
  }
  if (!back) co_return back;
  std::filesystem::remove(record_);
  if (cancelled) co_return make_error(net::Errc::cancelled);
  co_return Result<void>();
}

std::string interface_of(const Attempt& attempt) {
  const auto named = attempt.target.address.query.find("interface");
  if (named != attempt.target.address.query.end()) return named->second;
  if (attempt.visit == nullptr) return {};
  // Older kernels keep it for root: then the routes have to do.
  const file::Descriptor probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string& name = attempt.visit->interface();
  return net::bind_to_interface(probe.get(), name) ? name : std::string();
}

Result<WifiCredentials> host_wifi(std::stop_token stop) {
  return net::run_alone<WifiCredentials>([] { return ask_host_wifi(net::steady_clock()); },
                                         std::move(stop));
}

Result<bool> restore_wifi(std::stop_token stop) {
  return net::run_alone<bool>([] { return undo_record(net::steady_clock()); }, std::move(stop));
}

std::string wifi_left_behind() {
  const auto stay = read_wifi_record(wifi_record_path());
  return stay && *stay ? (*stay)->interface : std::string();
}

}  // namespace aiot::pair
