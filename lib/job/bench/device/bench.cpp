#include "job/bench/device/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "inference/tiny/form.hpp"
#include "job/bench/device/error.hpp"

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

net::Task<void> DutBench::greet() {
  dut_.step("greet", 1);
  net::OpenOptions open = dut_.open_options();
  if (!request_.bauds_bps.empty()) open.baud_bps = request_.bauds_bps.front();
  Address address = dut_.address();
  Result<std::unique_ptr<net::Link>> link =
      co_await environment_.open(std::move(address), std::move(open));
  AIOT_CO_TRY(link_, std::move(link));
  session_.emplace(*link_);
  energyrunner::ConnectOptions connect;
  connect.bauds_bps = request_.bauds_bps;
  Result<energyrunner::Greeting> greeting = co_await session_->connect(std::move(connect));
  if (!greeting) co_return std::move(greeting).error();
  result_.name = greeting->name;
  result_.profile = greeting->profile;
  result_.model = greeting->model;
  result_.mode = greeting->energy_mode ? TimeMode::energy : TimeMode::performance;
  result_.baud_bps = greeting->baud_bps;
  result_.through_board = greeting->through_board;
  dut_.log(event::Level::info, fmt::format("{} with {}", escape_controls(greeting->name),
                                               escape_controls(greeting->model)));
  co_return Result<void>();
}

net::Task<void> DutBench::take_reference(const std::string& id) {
  std::function<Result<std::shared_ptr<Reference>>()> work =
      [make = environment_.engine, model = resources_.model,
       task = task_]() -> Result<std::shared_ptr<Reference>> {
    AIOT_TRY(auto engine, make(model));
    AIOT_TRY(std::shared_ptr<Reference> made, Reference::make(std::move(engine), *task));
    return made;
  };
  Result<std::shared_ptr<Reference>> made =
      co_await resources_.workers->run(std::move(work), dut_.clock());
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

net::Task<void> DutBench::prepare() {
  const std::string& id = session_->greeting().model;
  task_ = tiny::find_task(id);
  if (task_ == nullptr) task_ = &tiny::any_task();
  if (resources_.model) {
    Result<void> taken = co_await take_reference(id);
    AIOT_CO_CHECK(std::move(taken));
  }
  AIOT_CO_CHECK(check_data());
  comparer_.emplace(reference_, *resources_.workers, dut_.clock());
  folder_ = results_folder(dut_.address(), *task_, resources_.several);
  if (request_.results.empty()) co_return Result<void>();
  // An error is reported before minutes of measuring, not after.
  std::vector<std::string> modes;
  if (request_.phases.performance) modes.emplace_back("performance");
  if (request_.phases.accuracy) modes.emplace_back("accuracy");
  if (request_.phases.energy) modes.emplace_back("energy");
  if (!request_.force) {
    AIOT_CO_CHECK(check_results_free(request_.results, folder_, modes));
  }
  co_return try_results(request_.results, folder_, modes);
}

net::Task<void> DutBench::run() {
  if (request_.phases.energy) {
    // First: the monitor may be what gives the device its power.
    dut_.step("power monitor", 1);
    power_.emplace(environment_, request_.monitor);
    Result<power::MonitorInfo> info = co_await power_->prepare();
    if (!info) co_return std::move(info).error();
    result_.monitor = MonitorResult{info->kind, info->name, info->version, info->millivolts,
                                    info->samples_per_s};
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
  if (request_.phases.performance) {
    Result<void> done = co_await performance();
    AIOT_CO_CHECK(std::move(done));
  }
  if (request_.phases.accuracy) {
    Result<void> done = co_await accuracy();
    AIOT_CO_CHECK(std::move(done));
  }
  Result<void> concluded = co_await conclude();
  co_return concluded;
}

net::Task<void> DutBench::conclude() {
  if (result_.repaired > 0) {
    dut_.notice("bench.mended", fmt::format("{} errors on the line, repaired", result_.repaired),
                "check the cable, the baud rate, and a trace of the bytes");
  }
  if (comparer_->active()) {
    Result<std::optional<Diagnosis>> found = co_await comparer_->diagnosis();
    AIOT_CO_TRY(const std::optional<Diagnosis> diagnosis, std::move(found));
    result_.comparison = comparer_->result();
    if (diagnosis) {
      misses_.insert(misses_.begin(),
                     make_error(DeviceErrc::outputs_differ,
                                fmt::format("{}: {}", name_of(diagnosis->cause), diagnosis->text),
                                what_to_do(diagnosis->cause)));
    }
  }
  if (!request_.results.empty()) {
    const bool windows = request_.phases.performance || request_.phases.energy;
    const double window_s = std::chrono::duration<double>(request_.window).count();
    if (windows && (request_.windows != submitted_windows || window_s < submitted_window_s)) {
      dut_.notice("bench.not_submittable",
                      fmt::format("the windows are not the {} of {:g} s or more that the benchmark "
                                  "asks for",
                                  submitted_windows, submitted_window_s),
                      "its files say so, and hold no median that a checker takes");
    }
    dut_.step("results", 0.1);
    AIOT_CO_TRY(result_.files, write_results(request_.results, folder_, text_, request_.force));
  }
  if (misses_.empty()) co_return Result<void>();
  dut_.step("verdict", 0.1);
  co_return misses_.front();
}

net::asio::awaitable<void> DutBench::leave() {
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  if (power_) {
    Result<void> finished = co_await power_->finish();
    if (!finished) {
      dut_.notice("bench.monitor_left", "the power monitor: " + finished.error().message(),
                      "take its power away and give it back before the next run");
    }
  }
  if (link_) link_->close();
}

namespace {

constexpr int most_tries = 3;
/// Mismatches that are looked into one by one: reading back and inferring again takes time.
constexpr std::size_t most_questions = 3;
/// Of anomaly detection's reference model, for inputs when no model is there to ask.
constexpr float usual_scale = 0.39F;
constexpr std::int32_t usual_zero_point = 89;

/// An input of the benchmark's own size.
inference::TensorInfo usual_input(const tiny::Task& task) {
  inference::TensorInfo info;
  info.type = inference::Type::int8;
  info.bytes = task.elements;
  info.scale = usual_scale;
  info.zero_point = usual_zero_point;
  return info;
}

}  // namespace

void DutBench::note_repair(const Error& error, const std::string& what) {
  ++result_.repaired;
  dut_.log(event::Level::info, fmt::format("{}: {}; again", what, error.message()));
}

Result<void> DutBench::check_data() const {
  if (!resources_.data || (!reference_ && task_->elements == 0)) return {};
  const std::size_t all = resources_.data->size();
  std::size_t files = request_.files == 0 ? all : request_.files;
  if (!request_.phases.accuracy) files = request_.windows;
  const std::size_t bytes =
      reference_ ? reference_->upload_bytes() : tiny::upload_bytes(*task_, usual_input(*task_));
  return resources_.data->check_sizes(bytes, files);
}

net::Task<std::vector<Sample>> DutBench::window_samples() {
  std::vector<Sample> out;
  if (resources_.data) {
    const DataSet& data = *resources_.data;
    for (std::size_t i = 0; i < request_.windows; ++i) {
      const std::size_t file = i % data.size();
      AIOT_CO_TRY(std::vector<Bytes> uploads, data.uploads(file));
      out.push_back({data.label(file).file, std::move(uploads.front())});
    }
    co_return out;
  }
  if (!reference_ && task_->elements == 0) {
    co_return make_error(DeviceErrc::no_input_size, escape_controls(session_->greeting().model),
                         "name the model's file, or a folder with inputs");
  }
  for (unsigned i = 0; i < request_.windows; ++i) {
    Sample sample;
    sample.name = fmt::format("random input {}", i + 1);
    if (reference_) {
      std::function<Result<Bytes>()> choose = [reference = reference_, seed = request_.seed + i] {
        return telling_upload(*reference, seed);
      };
      Result<Bytes> chosen = co_await resources_.workers->run(std::move(choose), dut_.clock());
      AIOT_CO_TRY(sample.upload, std::move(chosen));
    } else {
      sample.upload = tiny::random_upload(*task_, usual_input(*task_), request_.seed + i);
    }
    out.push_back(std::move(sample));
  }
  co_return out;
}

net::Task<energyrunner::Inference> DutBench::try_infer(const Sample& sample,
                                                          std::uint32_t iterations,
                                                          std::uint32_t warmups, Input input,
                                                          bool again) {
  if (input != Input::held || again) {
    Result<energyrunner::Upload> upload =
        co_await session_->upload(sample.upload, input == Input::proven);
    if (!upload) co_return std::move(upload).error();
    for (const Error& error : upload->repaired) note_repair(error, sample.name);
  }
  const double count = static_cast<double>(iterations) + warmups;
  const net::Duration unknown = again ? net::Duration(longest_patience) : first_patience;
  const net::Duration patience = each_s_ > 0 ? patience_for(count, each_s_) : unknown;
  energyrunner::InferRequest request(iterations, warmups, patience);
  Result<energyrunner::Inference> done = co_await session_->infer(std::move(request));
  co_return done;
}

net::Task<energyrunner::Inference> DutBench::infer(const Sample& sample,
                                                      std::uint32_t iterations,
                                                      std::uint32_t warmups, Input input) {
  for (int i = 1;; ++i) {
    Result<energyrunner::Inference> done =
        co_await try_infer(sample, iterations, warmups, input, i > 1);
    if (done) co_return done;
    Error error = std::move(done).error();
    if (i == most_tries || !energyrunner::may_be_mended(error)) {
      co_return std::move(error).with(sample.name);
    }
    note_repair(error, sample.name);
    Result<void> again = co_await await_device();
    if (!again) co_return std::move(again).error().with(sample.name);
  }
}

net::Task<void> DutBench::await_device() {
  net::Clock& clock = link_->clock();
  const net::TimePoint end = clock.now() + longest_patience;
  while (true) {
    Result<void> again = co_await session_->resync();
    // As long as nothing is known of its speed, one that is silent may still be at it.
    if (again || each_s_ > 0 || !energyrunner::may_be_mended(again.error())) co_return again;
    if (clock.now() >= end) co_return again;
  }
}

net::Task<double> DutBench::calibrate(const Sample& sample) {
  Result<energyrunner::Inference> first = co_await infer(sample, 1, 0, Input::proven);
  if (!first) co_return std::move(first).error();
  if (!first->device_us) {
    co_return make_error(DeviceErrc::needs_monitor,
                         "the device is in energy mode, and tells no time",
                         "build its firmware for performance, or measure energy");
  }
  const double first_s = *first->device_us * 1e-6;
  each_s_ = std::max(first_s, 1e-6);
  const std::uint32_t more = calibrating_iterations(first_s);
  if (more == 1) co_return each_s_;
  Result<energyrunner::Inference> second = co_await infer(sample, more, 0, Input::held);
  if (!second) co_return std::move(second).error();
  each_s_ = std::max(second->device_us.value_or(0) * 1e-6 / more, 1e-7);
  co_return each_s_;
}

net::Task<void> DutBench::compare(const Sample& sample, const std::vector<double>& results) {
  Result<bool> equal = co_await comparer_->add(sample.name, sample.upload, results);
  if (!equal) co_return std::move(equal).error();
  if (*equal || comparer_->kept().size() > most_questions) co_return Result<void>();
  // Is it what it was given? Does it say the same again?
  Result<Bytes> held = co_await session_->read_back(sample.upload.size());
  if (!held) co_return std::move(held).error();
  const auto [sent, has] = std::ranges::mismatch(sample.upload, *held);
  if (sent != sample.upload.end()) {
    comparer_->blame(Cause::upload,
                       fmt::format("byte {} of {} arrived as {:#04x}, not {:#04x}",
                                   sent - sample.upload.begin(), sample.name, *has, *sent));
    co_return Result<void>();
  }
  Result<energyrunner::Inference> again = co_await infer(sample, 1, 0, Input::sent);
  if (!again) co_return std::move(again).error();
  if (again->results != results) {
    comparer_->blame(Cause::unsteady,
                       fmt::format("the same input gives other results: {}", sample.name));
  }
  co_return Result<void>();
}

}  // namespace aiot::bench
