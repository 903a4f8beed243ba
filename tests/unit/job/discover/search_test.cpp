#include "job/discover/search.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "room.hpp"
#include "support/virtual_clock.hpp"

using namespace room;
using namespace std::chrono_literals;

namespace {

/// A source that sees what it was told to, when it was told to.
class Scripted final : public Source {
 public:
  struct Step {
    std::chrono::milliseconds after;
    Observation what;
  };
  Scripted(std::string name, std::vector<Step> steps, SourceStatus status = {})
      : name_(std::move(name)), steps_(std::move(steps)), status_(std::move(status)) {}
  SourceInfo info() const override { return {name_, "a script"}; }
  net::Task<SourceStatus> run(SourceContext& context) override {
    const net::TimePoint begin = context.clock.now();
    for (const Step& step : steps_) {
      Result<void> slept = co_await context.clock.sleep_until(begin + step.after);
      AIOT_CO_CHECK(std::move(slept));
      context.report(step.what);
    }
    if (status_.state != SourceState::ran) co_return status_;
    Result<void> slept = co_await context.clock.sleep_until(context.deadline);
    AIOT_CO_CHECK(std::move(slept));
    co_return status_;
  }

 private:
  std::string name_;
  std::vector<Step> steps_;
  SourceStatus status_;
};

/// One that goes wrong at once.
class Broken final : public Source {
 public:
  explicit Broken(bool throws) : throws_(throws) {}
  SourceInfo info() const override { return {throws_ ? "thrower" : "failer", ""}; }
  net::Task<SourceStatus> run(SourceContext&) override {
    if (throws_) throw std::runtime_error("a bug");
    co_return make_error(net::Errc::port_busy, "udp 5353", "stop the other one");
  }

 private:
  bool throws_;
};

struct Told final : EventSink {
  std::vector<event::Item> items;
  std::vector<event::Notice> notices;
  std::vector<net::Duration> times;
  net::VirtualClock* clock = nullptr;
  void on_event(const Event& e) override {
    if (const auto* notice = std::get_if<event::Notice>(&e)) return notices.push_back(*notice);
    items.push_back(std::get<event::Item>(e));
    times.push_back(clock->elapsed());
  }
};

struct Bench {
  net::asio::io_context loop{1};
  net::VirtualClock clock;
  Lan network;
  Told told;
  Request request;
  std::vector<std::unique_ptr<Source>> sources;

  Bench() { told.clock = &clock; }
  Result<std::unique_ptr<Search>> make() {
    return Search::make(loop, request, std::move(sources), network.network(), clock, told);
  }
  Report run() {
    auto search = make();
    REQUIRE(search.has_value());
    (*search)->start();
    REQUIRE(clock.run_until(loop, [&] { return (*search)->done(); }).has_value());
    return (*search)->result();
  }
  void add(std::string name, std::vector<Scripted::Step> steps, SourceStatus status = {}) {
    sources.push_back(std::make_unique<Scripted>(std::move(name), std::move(steps), status));
  }
};

std::string state_of(const Report& report, const std::string& source) {
  for (const SourceReport& row : report.sources) {
    if (row.name == source) return std::string(state_name(row.state));
  }
  return "(none)";
}
const std::vector<DeviceRecord>& devices(const Report& report) { return report.devices; }

const Identity one = {IdentityKind::mac, "24:0a:c4:00:00:01"};
const Identity two = {IdentityKind::mac, "24:0a:c4:00:00:02"};

}  // namespace

TEST_CASE("sources run side by side, devices are reported at once, all ends at the deadline") {
  Bench bench;
  bench.add("ble", {{100ms, seen("ble", {one}, {{"name", "Lamp", 0.5}})}});
  bench.add("mdns", {{100ms, seen("mdns", {one}, {{"name", "Desk lamp", 0.9}})},
                     {2900ms, seen("mdns", {two}, {{"name", "Alarm"}})}});
  bench.add("wifi", {}, {SourceState::no_adapter, "there is no Wi-Fi adapter", "plug one in"});
  const Report record = bench.run();
  CHECK(bench.clock.elapsed() == 3000ms);
  REQUIRE(bench.told.items.size() == 2);
  CHECK(bench.told.times[0] == 125ms);
  CHECK(bench.told.items[0].kind == "found");
  CHECK(bench.told.items[0].record.schema() == "aiot.device/1");
  CHECK(text(bench.told.items[0].record.fields(), "name") == "Desk lamp");
  CHECK(text(bench.told.items[0].record.fields(), "id") == bench.told.items[0].device);
  CHECK(bench.told.times[1] == 2925ms);
  CHECK(schema_of(record).name == "aiot.discover/1");
  REQUIRE(devices(record).size() == 2);
  CHECK(devices(record)[0].name == "Alarm");
  CHECK(state_of(record, "ble") == "ran");
  CHECK(state_of(record, "wifi") == "no adapter");
  CHECK(record.complete);
}

TEST_CASE("what comes at the last moment is reported before the end") {
  Bench bench;
  bench.add("mdns", {{2999ms, seen("mdns", {one})}});
  CHECK(devices(bench.run()).size() == 1);
  CHECK(bench.told.items.size() == 1);
}

TEST_CASE("when no source is left to look, there is nothing to wait for") {
  Bench bench;
  bench.add("ble", {}, {SourceState::daemon_missing, "bluetoothd does not run", ""});
  const Report record = bench.run();
  CHECK(bench.clock.elapsed() == 0ms);
  CHECK(devices(record).empty());
}

TEST_CASE("a second source changes a device, the signal alone does not") {
  Bench bench;
  bench.add("ble", {{10ms, seen("ble", {one}, {{"rssi_dbm", -60}})},
                    {100ms, seen("ble", {one}, {{"rssi_dbm", -50}})}});
  bench.add("mdns", {{500ms, seen("mdns", {one}, {{"name", "Lamp"}})}});
  const Report record = bench.run();
  REQUIRE(bench.told.items.size() == 2);
  CHECK(bench.told.items[0].kind == "found");
  CHECK(bench.told.items[1].kind == "changed");
  CHECK(bench.told.items[1].device == bench.told.items[0].device);
  CHECK(devices(record)[0].rssi_dbm == -50);
}

TEST_CASE("a filter reports what begins to match as found, and what no longer does as lost") {
  Bench bench;
  bench.request.where = "state=unprovisioned mdns.txt.cm=1 mac=24:0a:*";
  const auto state = [](const char* s) {
    return std::vector<Fact>{{"state", s}, {"mdns.txt.cm", "1"}};
  };
  bench.add("mdns", {{10ms, seen("mdns", {one})},
                     {10ms, seen("mdns", {two}, state("unprovisioned"))},
                     {500ms, seen("mdns", {one}, state("unprovisioned"))},
                     {900ms, seen("mdns", {two}, state("provisioned"))}});
  const Report record = bench.run();
  REQUIRE(bench.told.items.size() == 3);
  CHECK(bench.told.items[0].kind == "found");
  CHECK(bench.told.items[1].kind == "found");
  CHECK(bench.told.items[2].kind == "lost");
  CHECK(bench.told.items[2].device == bench.told.items[0].device);
  CHECK(text(bench.told.items[2].record.fields(), "lost_reason") == "filtered");
  CHECK(devices(record).size() == 1);
}

TEST_CASE("a source that fails or throws does not keep the others from looking") {
  Bench bench;
  bench.sources.push_back(std::make_unique<Broken>(true));
  bench.sources.push_back(std::make_unique<Broken>(false));
  bench.add("mdns", {{10ms, seen("mdns", {one})}});
  const Report record = bench.run();
  CHECK(devices(record).size() == 1);
  CHECK(state_of(record, "thrower") == "failed");
  CHECK(state_of(record, "failer") == "failed");
  const SourceReport& failer = record.sources.at(1);
  CHECK(failer.detail.starts_with("udp 5353: "));
  CHECK(failer.hint == "stop the other one");
}

TEST_CASE("sources that are not asked for say so, and do not look") {
  Bench bench;
  bench.request.except = {"ble"};
  bench.add("ble", {{10ms, seen("ble", {one})}});
  bench.add("mdns", {{10ms, seen("mdns", {two})}});
  const Report record = bench.run();
  CHECK(devices(record).size() == 1);
  CHECK(state_of(record, "ble") == "not asked");
}

TEST_CASE("what the request says wrong is refused before anything runs") {
  Bench bench;
  bench.add("ble", {});
  bench.request.where = "state=";
  CHECK(bench.make().error().stable_code() == "filter.syntax");
  bench.add("ble", {});
  bench.request.where = "state=unprovisioned (mdns.anything=1 or nme=lamp)";
  const Error unknown = bench.make().error();
  CHECK(unknown.stable_code() == "discover.unknown_field");
  CHECK(unknown.hint == "did you mean name?");
  // Every field that a record has in JSON, and the singular of the lists.
  DeviceRecord record;
  record.ecosystem_reason = record.vendor = record.product = record.model = record.version =
      record.serial = record.lost_reason = record.merged_into = "x";
  record.vendor_id = record.product_id = record.discriminator = 1;
  record.rssi_dbm = -50;
  record.truncated = true;
  std::string every = "mac=* ip=* host=* job=* address=* source=*";
  const Object fields = fields_of(record);
  for (const auto& [name, value] : fields.fields()) {
    if (name != "facts") every += " " + name + "=*";
  }
  bench.add("ble", {});
  bench.request.where = every;
  const auto made = bench.make();
  CHECK_MESSAGE(made.has_value(), made.error().message());
  bench.request.where.clear();
  bench.request.only = {"bel"};
  bench.add("ble", {});
  CHECK(bench.make().error().stable_code() == "discover.unknown_source");
}

TEST_CASE("watching goes on until it is stopped, and reports what falls silent") {
  Bench bench;
  bench.request.watch = true;
  bench.add("ble", {{10ms, seen("ble", {one})}, {100s, seen("ble", {two})}});
  auto search = bench.make();
  REQUIRE(search.has_value());
  CHECK((*search)->deadline() == net::TimePoint::max());
  (*search)->start();
  REQUIRE(
      bench.clock.run_until(bench.loop, [&] { return bench.clock.elapsed() >= 200s; }).has_value());
  REQUIRE(bench.told.items.size() == 3);
  CHECK(bench.told.items[2].kind == "lost");
  CHECK(bench.told.items[2].device == bench.told.items[0].device);
  CHECK(text(bench.told.items[2].record.fields(), "lost_reason") == "silent");
  (*search)->stop();
  REQUIRE(bench.clock.run_until(bench.loop, [&] { return (*search)->done(); }).has_value());
  CHECK(devices((*search)->result()).size() == 1);
  CHECK(state_of((*search)->result(), "ble") == "ran");
}

TEST_CASE("while watching, a source that ends before its time is reported; otherwise at the end") {
  for (const bool watch : {true, false}) {
    CAPTURE(watch);
    Bench bench;
    bench.request.watch = watch;
    bench.add("mdns", {{10ms, seen("mdns", {one})}});
    bench.add("ble", {}, {SourceState::daemon_missing, "no bluetoothd", "start it"});
    auto search = bench.make();
    REQUIRE(search.has_value());
    (*search)->start();
    REQUIRE(
        bench.clock.run_until(bench.loop, [&] { return bench.clock.elapsed() >= 1s; }).has_value());
    REQUIRE(bench.told.notices.size() == (watch ? 1 : 0));
    CHECK(state_of((*search)->result(), "ble") == "daemon missing");
    if (!watch) continue;
    CHECK(bench.told.notices[0].code == "discover.source");
    CHECK(bench.told.notices[0].text == "ble: daemon missing (no bluetoothd)");
    CHECK(bench.told.notices[0].hint == "start it");
    (*search)->stop();
    REQUIRE(bench.clock.run_until(bench.loop, [&] { return (*search)->done(); }).has_value());
    CHECK(bench.told.notices.size() == 1);  // the end of the other is what was asked for
  }
}

TEST_CASE("a search that is stopped before its time has what it found, and says so") {
  Bench bench;
  bench.add("ble", {{10ms, seen("ble", {one})}});
  auto search = bench.make();
  REQUIRE(search.has_value());
  (*search)->start();
  REQUIRE(bench.clock.run_until(bench.loop, [&] { return bench.clock.elapsed() >= 500ms; })
              .has_value());
  (*search)->stop();
  REQUIRE(bench.clock.run_until(bench.loop, [&] { return (*search)->done(); }).has_value());
  CHECK(bench.clock.elapsed() < 1s);
  const Report record = (*search)->result();
  CHECK(devices(record).size() == 1);
  CHECK(!record.complete);
}
