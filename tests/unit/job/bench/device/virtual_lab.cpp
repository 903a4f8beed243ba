#include "virtual_lab.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/bench/model_network.hpp"

namespace aiot::bench::test {

namespace asio = net::asio;

bool Recorder::noticed(std::string_view code) const {
  return std::any_of(events.begin(), events.end(), [&](const Event& event) {
    const auto* notice = std::get_if<event::Notice>(&event);
    return notice != nullptr && notice->code == code;
  });
}

VirtualLab::VirtualLab(const LabOptions& options) {
  const auto model = sim::bench::find_model(options.model);
  REQUIRE(model);
  auto engine = inference::make_reference_engine(*model, inference::EngineOptions());
  REQUIRE(engine);
  const inference::tiny::Task* task = inference::tiny::task_for((*engine)->inputs()[0]);
  REQUIRE(task != nullptr);
  energyrunner::VirtualOptions device_options;
  device_options.model = task->id;
  device_options.latency = options.latency;
  device_options.energy_mode = options.monitor;
  device_options.baud_bps = options.baud_bps;
  for (const std::string& text : options.faults) {
    auto fault = energyrunner::parse_fault(text);
    REQUIRE_MESSAGE(fault, text);
    device_options.faults.push_back(*fault);
  }
  if (options.monitor) {
    monitor = std::make_unique<power::lpm01a::VirtualMonitor>(0.005);
    device_options.on_mark = [this](net::TimePoint when) { monitor->on_mark(when); };
    device_options.on_work = [this](net::TimePoint begin, net::TimePoint end) {
      monitor->on_work(begin, end, 0.050);
    };
    request.monitor.address = *parse_address("serial:/dev/monitor");
  }
  device = std::make_unique<energyrunner::VirtualDevice>(
      std::move(device_options),
      std::make_unique<sim::bench::ModelNetwork>(*std::move(engine), *task));
  environment.clock = &clock;
  environment.stamp = [] { return std::string("1124.093801"); };
  environment.open = [this](Address address,
                            net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    if (address.path == "/dev/monitor") {
      std::unique_ptr<net::Link> link =
          std::make_unique<net::MemoryLink>(clock, *monitor, open.baud_bps);
      co_return link;
    }
    std::unique_ptr<net::Link> link =
        std::make_unique<net::MemoryLink>(clock, *device, open.baud_bps);
    co_return link;
  };
  clock.set_limit(std::chrono::hours(2));
  request.model = options.model;
  request.bauds_bps = {options.baud_bps};
}

DutReport VirtualLab::run() { return run_until(std::chrono::hours(3)); }

DutReport VirtualLab::run_until(net::Duration stop) {
  const Address address = *parse_address("serial:/dev/virtual");
  const std::vector<Address> devices = {address};
  const fleet::Batch batch = batch_of(request, environment);
  REQUIRE_MESSAGE(check_request(devices, request, batch), "the request");
  auto resources = read_resources(request, devices.size());
  REQUIRE_MESSAGE(resources, resources.error().message());
  asio::io_context loop;
  fleet::DeviceRun dut(address, 1, batch, recorder);
  asio::cancellation_signal cancel;
  std::optional<DutReport> report;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        report = co_await bench_device(dut, request, environment, *resources);
      },
      asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      }));
  const net::TimePoint when = clock.now() + stop;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        const Result<void> slept = co_await clock.sleep_until(when);
        if (slept && !report) cancel.emit(asio::cancellation_type::terminal);
      },
      [](std::exception_ptr) {});
  const Result<void> ran = clock.run_until(loop, [&] { return report.has_value(); });
  REQUIRE_MESSAGE(ran, ran.error().message());
  return *std::move(report);
}

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "aiot-XXXXXX").string();
  REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

void TemporaryFolder::write(const std::string& name, ByteSpan bytes) const {
  std::ofstream file(path_ + "/" + name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::string TemporaryFolder::read(const std::string& name) const {
  std::ifstream file(path_ + "/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file, name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace aiot::bench::test
