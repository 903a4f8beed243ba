// Gadgets in a network of their own: discover finds each once, listen hears what they say.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "aiot/discover.hpp"
#include "aiot/listen.hpp"
#include "aiot/sim.hpp"
#include "network_namespace.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace std::chrono_literals;

namespace {

/// Gadgets that run while this lives; the thread is in the network namespace of whoever makes it.
class Gadgets {
 public:
  explicit Gadgets(unsigned count, std::uint64_t lines_per_s = 20) {
    sim::Request request;
    request.device = "gadget";
    request.count = count;
    request.lines_per_s = lines_per_s;
    std::promise<void> all;
    auto ready = [this, count, &all](const sim::Ready& one) {
      devices.push_back(one);
      if (devices.size() == count) all.set_value();
    };
    thread_ = std::jthread([this, request, ready](const std::stop_token& stop) {
      result_ = sim::run(request, ready, null_sink(), stop);
    });
    all.get_future().wait();
  }
  sim::Report stop() {
    thread_.request_stop();
    thread_.join();
    REQUIRE(result_.has_value());
    return *result_;
  }
  /// The address of a scheme; "" when there is none.
  static std::string address(const sim::Ready& device, std::string_view scheme) {
    for (const std::string& one : device.addresses) {
      if (one.starts_with(scheme)) return one;
    }
    return {};
  }
  std::vector<sim::Ready> devices;

 private:
  Result<sim::Report> result_ = sim::Report{};
  std::jthread thread_;
};

/// Keeps the messages of listen.
class Heard final : public EventSink {
 public:
  void on_event(const Event& event) override {
    const auto* item = std::get_if<event::Item>(&event);
    if (item == nullptr) return;
    const Object fields = item->record.fields();
    const Value* payload = fields.find("payload");
    if (payload != nullptr && payload->string() != nullptr) texts.push_back(*payload->string());
  }
  std::vector<std::string> texts;
};

Result<listen::Report> hear(const std::string& address, const listen::Request& request,
                            Heard& heard) {
  const auto parsed = parse_address(address);
  REQUIRE(parsed.has_value());
  return listen::run(std::span(&*parsed, 1), request, heard, {});
}

std::string text(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : "";
}

bool has(const Object& fields, std::string_view name, std::string_view wanted) {
  const Value* value = fields.find(name);
  if (value == nullptr || value->array() == nullptr) return false;
  for (const Value& one : *value->array()) {
    if (one.string() != nullptr && one.string()->find(wanted) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("each gadget of a room is found once, by all it announces") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Gadgets gadgets(2);
  CHECK(gadgets.devices[0].name == "Virtual gadget 1");
  CHECK_FALSE(Gadgets::address(gadgets.devices[0], "miio://").empty());
  CHECK(Gadgets::address(gadgets.devices[1], "miio://") == "miio://127.0.0.2");
  discover::Request request;
  request.timeout = 6s;
  request.only = {"mdns", "ssdp", "miio", "coap"};
  const auto found = discover::run(request, null_sink(), {});
  REQUIRE(found.has_value());
  std::map<std::string, Object> by_name;
  for (const discover::DeviceRecord& device : found->devices) {
    CHECK_MESSAGE(by_name.emplace(device.name, fields_of(device)).second, "twice: " << device.name);
  }
  CHECK(by_name.size() == 2);
  for (const sim::Ready& device : gadgets.devices) {
    CAPTURE(device.name);
    REQUIRE(by_name.contains(device.name));
    const Object& fields = by_name[device.name];
    CHECK(has(fields, "macs", device.mac));
    CHECK(has(fields, "sources", "mdns"));
    CHECK(has(fields, "sources", "ssdp"));
    CHECK(has(fields, "sources", "coap"));
    CHECK(has(fields, "addresses", "http://10.77.0.1:"));
    CHECK(has(fields, "addresses", "/temperature"));
  }
  CHECK(has(by_name["Virtual gadget 1"], "sources", "miio"));
  CHECK(text(by_name["Virtual gadget 1"], "state") == "unprovisioned");
}

TEST_CASE("every gadget has miIO, the second on an address of the loopback network") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Gadgets gadgets(3);
  discover::Request request;
  request.timeout = 4s;
  request.only = {"miio"};
  request.subnets = {"127.0.0.0/29"};
  const auto found = discover::run(request, null_sink(), {});
  REQUIRE(found.has_value());
  const std::vector<discover::DeviceRecord>& devices = found->devices;
  CHECK(devices.size() == 3);
  for (unsigned i = 0; i < 3; ++i) {
    CAPTURE(i);
    const std::string address = "miio://127.0.0." + std::to_string(i + 1);
    CHECK(Gadgets::address(gadgets.devices[i], "miio://") == address);
    CHECK(std::any_of(devices.begin(), devices.end(), [&](const discover::DeviceRecord& device) {
      return has(fields_of(device), "macs", gadgets.devices[i].mac) &&
             has(fields_of(device), "addresses", address);
    }));
  }
}

TEST_CASE("a gadget is found where there is IPv6 alone, in each way that has it") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (::access("/proc/sys/net/ipv6", X_OK) != 0) AIOT_SKIP("this kernel has no IPv6");
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.ip("address del 10.77.0.1/24 dev dev0"));
  Gadgets gadgets(1);
  for (const char* source : {"mdns", "ssdp", "coap"}) {
    CAPTURE(std::string(source));
    discover::Request request;
    request.timeout = 4s;
    request.only = {source};
    const auto found = discover::run(request, null_sink(), {});
    REQUIRE(found.has_value());
    const std::vector<discover::DeviceRecord>& devices = found->devices;
    REQUIRE(devices.size() == 1);
    CHECK(has(fields_of(devices[0]), "ips", "fe80::"));
    // CoAP's directory does not tell a name; SSDP's comes from the description, by HTTP.
    if (std::string_view(source) != "coap") {
      CHECK(devices[0].name == "Virtual gadget 1");
    }
  }
}

TEST_CASE("a gadget that leaves says goodbye") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Gadgets gadgets(1);
  /// Stops the gadget when it is found, and the search when it is lost.
  struct Watch final : EventSink {
    explicit Watch(Gadgets& g) : gadgets(g) {}
    void on_event(const Event& event) override {
      const auto* item = std::get_if<event::Item>(&event);
      if (item == nullptr) return;
      if (item->kind == "lost") lost = true;
      if (item->kind == "lost") end.request_stop();
      if (item->kind != "found" || left) return;
      left = true;
      gadgets.stop();
    }
    Gadgets& gadgets;
    std::stop_source end;
    bool left = false;
    bool lost = false;
  } watch(gadgets);
  discover::Request request;
  request.timeout = 30s;
  request.only = {"mdns"};
  request.watch = true;
  std::jthread limit([&watch](const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, 60s, [] { return false; });
    watch.end.request_stop();
  });
  const auto watched = discover::run(request, watch, watch.end.get_token());
  CHECK(watched.has_value());
  CHECK(watch.left);
  CHECK(watch.lost);
}

TEST_CASE("the console and the sensor are heard") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  Gadgets gadgets(1);
  const sim::Ready& device = gadgets.devices[0];
  SUBCASE("lines") {
    listen::Request request;
    request.count = 3;
    Heard heard;
    CHECK(hear(device.address, request, heard).has_value());
    REQUIRE(heard.texts.size() >= 2);  // the others are no text
    CHECK(heard.texts[1].find("gadget: line ") != std::string::npos);
  }
  SUBCASE("a panic on demand") {
    listen::Request request;
    request.expect = "Guru Meditation Error";
    request.timeout = 60s;
    bool said = false;
    request.input = [&said](const std::stop_token&) {
      return std::exchange(said, true) ? std::string() : std::string("panic\n");
    };
    Heard heard;
    const auto report = hear(device.address, request, heard);
    REQUIRE(report.has_value());
    CHECK_FALSE(report->error.has_value());
  }
  SUBCASE("CoAP") {
    listen::Request request;
    request.count = 2;
    Heard heard;
    CHECK(hear(Gadgets::address(device, "coap://"), request, heard).has_value());
    REQUIRE(heard.texts.size() == 2);
    CHECK(heard.texts[0].starts_with("2"));
    CHECK(heard.texts[0] != heard.texts[1]);
  }
  const sim::Report report = gadgets.stop();
  REQUIRE(report.devices.size() == 1);
  CHECK(report.devices.front().chip == "gadget");
}

TEST_CASE("what is not for a gadget is said") {
  const auto code = [](const sim::Request& request) {
    const auto result = sim::run(request, [](const sim::Ready&) {}, null_sink(), {});
    return result ? std::string("ran") : result.error().stable_code();
  };
  sim::Request request;
  request.device = "gadget";
  request.faults = {"reset@data"};
  CHECK(code(request) == "sim.not-for-device");
  request.faults.clear();
  request.lines_per_s = 1'000'001;
  CHECK(code(request) == "sim.bad-rate");
  request.lines_per_s = 1;
  request.mac = "1:2";
  CHECK(code(request) == "sim.bad-mac");
  request.mac.clear();
  request.device = "esp32";
  CHECK(code(request) == "sim.not-for-device");
}
