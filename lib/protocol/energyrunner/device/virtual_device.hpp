#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "net/device_engine.hpp"
#include "protocol/energyrunner/device/fault.hpp"
#include "protocol/energyrunner/device/firmware.hpp"

namespace aiot::energyrunner {

/// What a virtual device infers with: a model behind an input of bytes and an output of numbers.
class Network {
 public:
  virtual ~Network() = default;
  /// The bytes of an upload.
  virtual std::size_t input_bytes() const = 0;
  /// Makes the model's input of an upload, each value `slip` steps higher than it should be.
  virtual Board::Loaded load(std::span<const std::uint8_t> bytes, int slip) = 0;
  /// Computes the results of what was loaded.
  virtual void run() = 0;
  /// As the firmware prints them.
  virtual std::vector<float> results() const = 0;
  /// The smallest difference that two results can have, 0 when there is none.
  virtual float step() const = 0;
};

struct VirtualOptions {
  std::string vendor = "aiotctl virtual device";
  std::string model;                   ///< "ic01"
  bool energy_mode = false;            ///< a pin falls instead of a lap being said
  std::uint32_t baud_bps = 115200;     ///< of the device's UART
  bool paced = true;                   ///< false: its clock runs ahead, and replies come at once
  std::chrono::nanoseconds latency{};  ///< of one inference
  std::size_t buffer_bytes = 96 * 96 * 3;  ///< MAX_DB_INPUT_SIZE of the reference
  std::vector<Fault> faults;
  /// Called for what a power monitor detects: the pin that falls, work that begins and ends.
  std::function<void(net::TimePoint)> on_mark;
  std::function<void(net::TimePoint begin, net::TimePoint end)> on_work;

  VirtualOptions() = default;
};

struct Counters {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t commands = 0;
  std::uint64_t uploads = 0;     ///< that were announced
  std::uint64_t inferences = 0;  ///< that were modelled; the network runs once a command
};

/// A device under test as an engine: a command that has arrived runs at once, what it says leaves
/// when the device's clock is there.
class VirtualDevice final : public net::DeviceEngine, private Board {
 public:
  VirtualDevice(VirtualOptions options, std::unique_ptr<Network> network);

  /// The device gets power, and says so.
  void power_on(net::TimePoint now);

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint now, std::uint32_t baud_bps) override;
  std::optional<net::TimePoint> next_timer() const override;
  void on_timer(net::TimePoint now) override;
  Bytes take_output(net::TimePoint now) override;
  net::TimePoint host_sent() const override { return wire_in_free_; }
  bool link_up() const override { return true; }

  const VirtualOptions& options() const { return options_; }
  const Counters& counters() const { return counters_; }
  const Faults& faults() const { return faults_; }

 private:
  struct Command {
    net::TimePoint at;
    std::string text;
  };
  struct Output {
    net::TimePoint at;
    Bytes bytes;
  };

  void write(std::string_view text) override;
  std::uint32_t clock_us() override;
  void mark() override;
  Loaded load(std::span<const std::uint8_t> bytes) override;
  void infer(std::uint32_t times) override;
  std::size_t results() override { return results_.size(); }
  float result(std::size_t index) override { return results_[index]; }

  void execute(Command command);
  void spoil(std::string& command, const Fault& fault);
  void boot();
  void spoil_results();
  net::Duration wire_time(std::size_t bytes) const;
  net::TimePoint host_time() const;
  bool has_same_baud() const;  ///< as the host

  VirtualOptions options_;
  std::unique_ptr<Network> network_;
  Faults faults_;
  Bytes buffer_;
  Firmware firmware_;
  Counters counters_;
  std::string incoming_;          ///< of the command that has begun
  std::deque<Command> commands_;  ///< that have begun to arrive
  std::deque<Output> output_;
  std::vector<float> results_;
  bool input_is_fresh_ = false;  ///< no inference since load()
  std::vector<Output> said_;     ///< by the command that runs
  net::TimePoint start_{};       ///< power
  net::TimePoint device_now_{};  ///< of the device's own time line
  net::TimePoint wire_in_free_{};
  std::uint32_t host_baud_ = 0;
  bool powered_ = false;
};

}  // namespace aiot::energyrunner
