#include "job/bench/device_bench.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "job/bench/device_error.hpp"

namespace aiot::bench {

namespace tiny = inference::tiny;

namespace {

/// After results that differ for this reason.
const char* what_to_do(Cause cause) {
  switch (cause) {
    case Cause::upload: return "see the cable and its rate, and how the firmware takes its input";
    case Cause::quantisation:
      return "compare scale and zero point in the firmware with the model's";
    case Cause::kernel: return "compare the operators' rounding with the reference kernels";
    case Cause::unsteady:
      return "see its memory, its supply and its clock: it is no matter of the model";
    case Cause::count:
      return "see what the firmware prints as results: the benchmarks have one number for each "
             "class; anomaly detection has a single one, the mean square of output less input";
  }
  return "";
}

}  // namespace

Result<DeviceResources> read_resources(const DeviceRequest& request, std::size_t devices) {
  DeviceResources out;
  out.several = devices > 1;
  out.workers = std::make_unique<Workers>(devices);
  if (!request.model.empty()) {
    AIOT_TRY(out.model, Reference::read(request.model));
  }
  if (!request.data.empty()) {
    AIOT_TRY(out.data, DataSet::open(request.data, request.labels));
  }
  return out;
}

net::Task<void> DeviceBench::greet() {
  context_.step("greet", 1);
  const DeviceRequest& request = context_.request();
  net::OpenOptions open;
  if (!request.bauds_bps.empty()) open.baud_bps = request.bauds_bps.front();
  context_.trace(open, request.trace_file);
  Address address = context_.address();
  Result<std::unique_ptr<net::Link>> link =
      co_await context_.environment().open(std::move(address), std::move(open));
  AIOT_CO_TRY(link_, std::move(link));
  session_.emplace(*link_);
  energyrunner::ConnectOptions connect;
  connect.bauds_bps = request.bauds_bps;
  Result<energyrunner::Greeting> greeting = co_await session_->connect(std::move(connect));
  if (!greeting) co_return std::move(greeting).error();
  context_.fields.set("name", greeting->name)
      .set("profile", greeting->profile)
      .set("model", greeting->model)
      .set("mode", greeting->energy_mode ? "energy" : "performance")
      .set("baud_bps", std::uint64_t{greeting->baud_bps});
  if (greeting->through_board) context_.fields.set("through_board", true);
  context_.log(event::Level::info, fmt::format("{} with {}", escape_controls(greeting->name),
                                               escape_controls(greeting->model)));
  co_return Result<void>();
}

net::Task<void> DeviceBench::take_reference(const std::string& id) {
  std::function<Result<std::shared_ptr<Reference>>()> work =
      [make = context_.environment().engine, model = resources_.model,
       task = task_]() -> Result<std::shared_ptr<Reference>> {
    AIOT_TRY(auto engine, make(model));
    AIOT_TRY(std::shared_ptr<Reference> made, Reference::make(std::move(engine), *task));
    return made;
  };
  Result<std::shared_ptr<Reference>> made =
      co_await resources_.workers->run(std::move(work), context_.clock());
  AIOT_CO_TRY(reference_, std::move(made));
  const tiny::Task* of_model = tiny::task_for(reference_->input());
  if (of_model != nullptr && of_model->short_name != task_->short_name &&
      task_->id != std::string_view()) {
    co_return make_error(
        DeviceErrc::wrong_model,
        fmt::format("the device has {}, the file is of {}", escape_controls(id), of_model->id),
        "name the model that the device's firmware was built with");
  }
  co_return Result<void>();
}

net::Task<void> DeviceBench::prepare() {
  const std::string& id = session_->greeting().model;
  task_ = tiny::find_task(id);
  if (task_ == nullptr) task_ = &tiny::any_task();
  if (resources_.model) {
    Result<void> taken = co_await take_reference(id);
    AIOT_CO_CHECK(std::move(taken));
  }
  AIOT_CO_CHECK(check_data());
  comparison_.emplace(reference_, *resources_.workers, context_.clock());
  place_ = results_place(context_.address(), *task_, resources_.several);
  const DeviceRequest& request = context_.request();
  if (request.results.empty()) co_return Result<void>();
  // Said before minutes of measuring, not after.
  std::vector<std::string> modes;
  if (request.phases.performance) modes.emplace_back("performance");
  if (request.phases.accuracy) modes.emplace_back("accuracy");
  if (request.phases.energy) modes.emplace_back("energy");
  if (!request.force) {
    AIOT_CO_CHECK(check_results_free(request.results, place_, modes));
  }
  co_return try_results(request.results, place_, modes);
}

net::Task<void> DeviceBench::run() {
  const DeviceRequest& request = context_.request();
  if (request.phases.energy) {
    // First: the monitor may be what gives the device its power.
    context_.step("power monitor", 1);
    power_.emplace(context_, request.monitor);
    Result<power::MonitorInfo> info = co_await power_->prepare();
    if (!info) co_return std::move(info).error();
    Object monitor;
    monitor.set("kind", info->kind)
        .set("name", info->name)
        .set("version", info->version)
        .set("millivolts", std::uint64_t{info->millivolts})
        .set("samples_per_s", std::uint64_t{info->samples_per_s});
    context_.fields.set("monitor", std::move(monitor));
    Result<void> greeted = co_await greet();
    AIOT_CO_CHECK(std::move(greeted));
    Result<void> ready = co_await prepare();
    AIOT_CO_CHECK(std::move(ready));
    Result<void> measured = co_await energy_windows(*info);
    AIOT_CO_CHECK(std::move(measured));
  } else {
    Result<void> greeted = co_await greet();
    AIOT_CO_CHECK(std::move(greeted));
    Result<void> ready = co_await prepare();
    AIOT_CO_CHECK(std::move(ready));
  }
  if (request.phases.performance) {
    Result<void> done = co_await performance();
    AIOT_CO_CHECK(std::move(done));
  }
  if (request.phases.accuracy) {
    Result<void> done = co_await accuracy();
    AIOT_CO_CHECK(std::move(done));
  }
  Result<void> concluded = co_await conclude();
  co_return concluded;
}

net::Task<void> DeviceBench::conclude() {
  if (mended_ > 0) {
    context_.fields.set("mended", mended_);
    context_.notice("bench.mended", fmt::format("mended on the line: {}", mended_),
                    "see its cable, its rate, and the trace of the bytes");
  }
  if (comparison_->active()) {
    Result<std::optional<Verdict>> found = co_await comparison_->verdict();
    AIOT_CO_TRY(const std::optional<Verdict> verdict, std::move(found));
    context_.fields.set("comparison", comparison_->fields());
    if (verdict) {
      misses_.insert(misses_.begin(),
                     make_error(DeviceErrc::outputs_differ,
                                fmt::format("{}: {}", name_of(verdict->cause), verdict->text),
                                what_to_do(verdict->cause)));
    }
  }
  const DeviceRequest& request = context_.request();
  if (!request.results.empty()) {
    const bool windows = request.phases.performance || request.phases.energy;
    const double window_s = std::chrono::duration<double>(request.window).count();
    if (windows && (request.windows != submitted_windows || window_s < submitted_window_s)) {
      context_.notice("bench.not_submittable",
                      fmt::format("the windows are not the {} of {:g} s or more that the benchmark "
                                  "asks for",
                                  submitted_windows, submitted_window_s),
                      "its files say so, and hold no median that a checker takes");
    }
    context_.step("results", 0.1);
    AIOT_CO_TRY(const std::vector<std::string> files,
                write_results(request.results, place_, text_, request.force));
    context_.fields.set("results", Array(files.begin(), files.end()));
  }
  if (misses_.empty()) co_return Result<void>();
  context_.step("verdict", 0.1);
  co_return misses_.front();
}

net::asio::awaitable<void> DeviceBench::leave() {
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  if (power_) {
    Result<void> finished = co_await power_->finish();
    if (!finished) {
      context_.notice("bench.monitor_left", "the power monitor: " + finished.error().message(),
                      "take its power away and give it back before the next run");
    }
  }
  if (link_) link_->close();
}

}  // namespace aiot::bench
