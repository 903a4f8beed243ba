#include <fmt/format.h>

#include <algorithm>

#include "job/bench/device_bench.hpp"
#include "job/bench/device_error.hpp"

namespace aiot::bench {

namespace tiny = inference::tiny;

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

void DeviceBench::mended(const Error& error, const std::string& what) {
  ++mended_;
  context_.log(event::Level::info, fmt::format("{}: {}; again", what, error.message()));
}

Result<void> DeviceBench::check_data() const {
  if (!resources_.data || (!reference_ && task_->elements == 0)) return {};
  const DeviceRequest& request = context_.request();
  const std::size_t all = resources_.data->size();
  std::size_t files = request.files == 0 ? all : request.files;
  if (!request.phases.accuracy) files = request.windows;
  const std::size_t bytes =
      reference_ ? reference_->upload_bytes() : tiny::upload_bytes(*task_, usual_input(*task_));
  return resources_.data->check_sizes(bytes, files);
}

net::Task<std::vector<Sample>> DeviceBench::window_samples() {
  const DeviceRequest& request = context_.request();
  std::vector<Sample> out;
  if (resources_.data) {
    const DataSet& data = *resources_.data;
    for (std::size_t i = 0; i < request.windows; ++i) {
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
  for (unsigned i = 0; i < request.windows; ++i) {
    Sample sample;
    sample.name = fmt::format("random input {}", i + 1);
    if (reference_) {
      std::function<Result<Bytes>()> choose = [reference = reference_, seed = request.seed + i] {
        return telling_upload(*reference, seed);
      };
      Result<Bytes> chosen = co_await resources_.workers->run(std::move(choose), context_.clock());
      AIOT_CO_TRY(sample.upload, std::move(chosen));
    } else {
      sample.upload = tiny::random_upload(*task_, usual_input(*task_), request.seed + i);
    }
    out.push_back(std::move(sample));
  }
  co_return out;
}

net::Task<energyrunner::Inference> DeviceBench::try_infer(const Sample& sample,
                                                          std::uint32_t iterations,
                                                          std::uint32_t warmups, Input input,
                                                          bool again) {
  if (input != Input::held || again) {
    Result<energyrunner::Upload> upload =
        co_await session_->upload(sample.upload, input == Input::proven);
    if (!upload) co_return std::move(upload).error();
    for (const Error& error : upload->repaired) mended(error, sample.name);
  }
  const double count = static_cast<double>(iterations) + warmups;
  const net::Duration unknown = again ? net::Duration(longest_patience) : first_patience;
  const net::Duration patience = each_s_ > 0 ? patience_for(count, each_s_) : unknown;
  energyrunner::InferRequest request(iterations, warmups, patience);
  Result<energyrunner::Inference> done = co_await session_->infer(std::move(request));
  co_return done;
}

net::Task<energyrunner::Inference> DeviceBench::infer(const Sample& sample,
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
    mended(error, sample.name);
    Result<void> again = co_await listens_again();
    if (!again) co_return std::move(again).error().with(sample.name);
  }
}

net::Task<void> DeviceBench::listens_again() {
  net::Clock& clock = link_->clock();
  const net::TimePoint end = clock.now() + longest_patience;
  while (true) {
    Result<void> again = co_await session_->resync();
    // As long as nothing is known of its speed, one that is silent may still be at it.
    if (again || each_s_ > 0 || !energyrunner::may_be_mended(again.error())) co_return again;
    if (clock.now() >= end) co_return again;
  }
}

net::Task<double> DeviceBench::calibrate(const Sample& sample) {
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

net::Task<void> DeviceBench::compare(const Sample& sample, const std::vector<double>& results) {
  Result<bool> equal = co_await comparison_->add(sample.name, sample.upload, results);
  if (!equal) co_return std::move(equal).error();
  if (*equal || comparison_->kept().size() > most_questions) co_return Result<void>();
  // Is it what it was given? Does it say the same again?
  Result<Bytes> held = co_await session_->read_back(sample.upload.size());
  if (!held) co_return std::move(held).error();
  const auto [sent, has] = std::ranges::mismatch(sample.upload, *held);
  if (sent != sample.upload.end()) {
    comparison_->blame(Cause::upload,
                       fmt::format("byte {} of {} arrived as {:#04x}, not {:#04x}",
                                   sent - sample.upload.begin(), sample.name, *has, *sent));
    co_return Result<void>();
  }
  Result<energyrunner::Inference> again = co_await infer(sample, 1, 0, Input::sent);
  if (!again) co_return std::move(again).error();
  if (again->results != results) {
    comparison_->blame(Cause::unsteady,
                       fmt::format("the same input gives other results: {}", sample.name));
  }
  co_return Result<void>();
}

}  // namespace aiot::bench
