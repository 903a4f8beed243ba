#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/bench/device/run.hpp"
#include "protocol/energyrunner/session.hpp"

namespace aiot::bench {

/// Something to upload, and what to call it.
struct Sample {
  std::string name;
  Bytes upload;
};

/// How an input comes to the device.
enum class Input : std::uint8_t {
  sent,    ///< it is uploaded
  proven,  ///< it is uploaded, and read back
  held,    ///< it is there still, from the inference before; sent after something went wrong
};

/// The conversation with a device under test: errors on the line are repaired, and results compared
/// with the reference's.
class Dut {
 public:
  /// What it is given outlives it; `result` gets the greeting and the repairs.
  Dut(fleet::DeviceRun& run, const DeviceRequest& request, DeviceEnvironment& environment,
      DutResult& result)
      : run_(run), request_(request), environment_(environment), result_(result) {}

  net::Task<void> greet();
  /// nullptr: with nothing. Once, before anything is compared.
  void compare_with(std::shared_ptr<Reference> reference, Workers& workers);
  /// Uploads and infers; errors on the line are repaired a few times, and logged.
  net::Task<energyrunner::Inference> infer(const Sample& sample, std::uint32_t iterations,
                                           std::uint32_t warmups, Input input);
  /// How long one inference takes by the device's clock, by a run of its own.
  net::Task<double> calibrate(const Sample& sample);
  /// Compares results with the reference's, and finds out where a difference comes from.
  net::Task<void> compare(const Sample& sample, const std::vector<double>& results);
  /// The same for one inference of a fresh upload: in a window of many, a firmware's arena may
  /// overwrite its input.
  net::Task<void> compare_fresh(const Sample& sample);

  const energyrunner::Greeting& greeting() const { return session_->greeting(); }
  Comparer& comparer() { return *comparer_; }
  /// How long one inference takes: time-outs follow from it. 0: not known yet.
  double inference_time() const { return each_s_; }
  void set_inference_time(double seconds);
  /// Releases the port.
  void close();

 private:
  net::Task<energyrunner::Inference> try_infer(const Sample& sample, std::uint32_t iterations,
                                               std::uint32_t warmups, Input input, bool again);
  /// Waits after an error until the device answers again. While its speed is unknown, a silent
  /// device may be computing: up to longest_patience.
  net::Task<void> await_device();
  void note_repair(const Error& error, const std::string& what);

  fleet::DeviceRun& run_;
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
  DutResult& result_;
  std::unique_ptr<net::Link> link_;
  std::optional<energyrunner::Session> session_;
  std::optional<Comparer> comparer_;
  double each_s_ = 0;
};

}  // namespace aiot::bench
