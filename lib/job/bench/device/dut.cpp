#include "job/bench/device/dut.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "job/bench/device/error.hpp"
#include "job/bench/device/window.hpp"

namespace aiot::bench {
namespace {

constexpr int most_tries = 3;
/// Mismatches that are investigated one by one: reading back and inferring again takes time.
constexpr std::size_t most_investigated = 3;

}  // namespace

net::Task<void> Dut::greet() {
  run_.step("greet", 1);
  net::OpenOptions open = run_.open_options();
  if (!request_.bauds_bps.empty()) open.baud_bps = request_.bauds_bps.front();
  Address address = run_.address();
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
  run_.log(event::Level::info, fmt::format("{} with {}", escape_controls(greeting->name),
                                               escape_controls(greeting->model)));
  co_return Result<void>();
}

void Dut::compare_with(std::shared_ptr<Reference> reference, Workers& workers) {
  comparer_.emplace(std::move(reference), workers, run_.clock());
}

void Dut::set_inference_time(double seconds) { each_s_ = std::max(seconds, 1e-7); }

void Dut::close() {
  if (link_) link_->close();
}

void Dut::note_repair(const Error& error, const std::string& what) {
  ++result_.repaired;
  run_.log(event::Level::info, fmt::format("{}: {}; again", what, error.message()));
}

net::Task<energyrunner::Inference> Dut::try_infer(const Sample& sample,
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

net::Task<energyrunner::Inference> Dut::infer(const Sample& sample,
                                                      std::uint32_t iterations,
                                                      std::uint32_t warmups, Input input) {
  for (int i = 1;; ++i) {
    Result<energyrunner::Inference> done =
        co_await try_infer(sample, iterations, warmups, input, i > 1);
    if (done) co_return done;
    Error error = std::move(done).error();
    // No inference takes longer than the second try has waited.
    const bool silent = i > 1 && each_s_ == 0 &&
                        error.code == make_error_code(energyrunner::Errc::no_answer);
    if (i == most_tries || silent || !energyrunner::may_be_mended(error)) {
      co_return std::move(error).with(sample.name);
    }
    note_repair(error, sample.name);
    Result<void> again = co_await await_device();
    if (!again) co_return std::move(again).error().with(sample.name);
  }
}

net::Task<void> Dut::await_device() {
  net::Clock& clock = link_->clock();
  const net::TimePoint end = clock.now() + longest_patience;
  while (true) {
    Result<void> again = co_await session_->resync();
    // As long as nothing is known of its speed, one that is silent may still be at it.
    if (again || each_s_ > 0 || !energyrunner::may_be_mended(again.error())) co_return again;
    if (clock.now() >= end) co_return again;
  }
}

net::Task<double> Dut::calibrate(const Sample& sample) {
  Result<energyrunner::Inference> first = co_await infer(sample, 1, 0, Input::proven);
  if (!first) co_return std::move(first).error();
  if (!first->device_us) {
    co_return make_error(DeviceErrc::needs_monitor,
                         "the device is in energy mode, and reports no time",
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

net::Task<void> Dut::compare(const Sample& sample, const std::vector<double>& results) {
  Result<bool> equal = co_await comparer_->add(sample.name, sample.upload, results);
  if (!equal) co_return std::move(equal).error();
  if (*equal || comparer_->kept().size() > most_investigated) co_return Result<void>();
  // Did the upload arrive? Does the device repeat its results?
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

net::Task<void> Dut::compare_fresh(const Sample& sample) {
  if (!comparer_->active()) co_return Result<void>();
  Result<energyrunner::Inference> done = co_await infer(sample, 1, 0, Input::proven);
  if (!done) co_return std::move(done).error();
  Result<void> compared = co_await compare(sample, done->results);
  co_return compared;
}

}  // namespace aiot::bench
