#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/bench.hpp"
#include "aiot/bench_device.hpp"
#include "aiot/config.hpp"
#include "aiot/discover.hpp"
#include "aiot/firmware.hpp"
#include "aiot/flash.hpp"
#include "aiot/listen.hpp"
#include "aiot/ota.hpp"
#include "aiot/pair.hpp"
#include "aiot/sim.hpp"

namespace aiot::cli {

/// What is known of the terminals behind the three streams.
struct Terminal {
  bool in = false;
  bool out = false;
  bool err = false;
  bool dumb = false;                  ///< cannot move its cursor
  std::function<unsigned()> columns;  ///< of standard error's terminal; nullptr: 80
  std::function<unsigned()> rows;     ///< nullptr: 24
};

/// SIGINT and SIGTERM, as something to ask.
class Signals {
 public:
  virtual ~Signals() = default;
  /// From now on a first signal requests a stop; a second ends the process at once.
  virtual std::stop_token start() = 0;
  /// While true, the first signal ends the process: a question waits for an answer.
  virtual void asking(bool now) = 0;
  /// Requests a stop too when nobody reads standard output any more.
  virtual void stop_when_reader_leaves() = 0;
  /// 130 or 143 once a signal came, else 0.
  virtual int exit_code() const = 0;
};

/// Everything the command line reaches outside itself: the jobs and the machine. Tests pass their
/// own; real_environment() has the library's.
struct Environment {
  template <class Request, class T>
  using FlashJob = std::function<Result<flash::Report<T>>(std::span<const Address>, const Request&,
                                                          EventSink&, std::stop_token)>;
  FlashJob<flash::WriteRequest, flash::WriteResult> write;
  FlashJob<flash::VerifyRequest, flash::VerifyResult> verify;
  FlashJob<flash::ReadRequest, flash::ReadResult> read;
  FlashJob<flash::EraseRequest, flash::EraseResult> erase;
  FlashJob<flash::InfoRequest, flash::InfoResult> info;
  FlashJob<flash::ResetRequest, flash::ResetResult> reset;
  std::function<Result<std::vector<Address>>(const Address&)> expand_usb;

  std::function<Result<firmware::Explanation>(const std::string&)> explain;
  std::function<Result<firmware::MergeResult>(const firmware::MergeRequest&)> merge;
  std::function<Result<firmware::ConvertResult>(const firmware::ConvertRequest&)> convert;

  std::function<Result<discover::Report>(const discover::Request&, EventSink&, std::stop_token)> find_devices;
  std::function<std::vector<discover::SourceInfo>()> discover_sources;

  std::function<Result<pair::Report>(std::span<const pair::Target>, const pair::Request&,
                                     EventSink&, std::stop_token)>
      pair_devices;
  std::function<Result<ota::PushReport>(std::span<const Address>, const ota::PushRequest&,
                                        EventSink&, std::stop_token)>
      push;
  std::function<bool(const pair::Target&, std::string_view protocol)> pair_takes;

  std::function<Result<sim::Report>(const sim::Request&,
                                    const std::function<void(const sim::Ready&)>&, EventSink&,
                                    std::stop_token)>
      simulate;
  std::function<Result<sim::Report>(const sim::ProvisionRequest&,
                                    const std::function<void(const sim::Ready&)>&, EventSink&,
                                    std::stop_token)>
      simulate_provision;
  std::function<Result<sim::Report>(const sim::OtaRequest&,
                                    const std::function<void(const sim::Ready&)>&, EventSink&,
                                    std::stop_token)>
      simulate_ota;
  std::function<std::vector<sim::Choice>()> sim_devices;
  std::function<std::vector<sim::Choice>()> sim_faults;
  std::function<std::vector<sim::Choice>()> sim_stages;
  std::function<std::string()> sim_fault_grammar;
  std::function<std::vector<sim::Choice>()> sim_profiles;

  std::function<Result<listen::Report>(std::span<const Address>, const listen::Request&, EventSink&,
                                       std::stop_token)>
      listen;
  std::function<std::vector<listen::Scheme>()> listen_schemes;
  std::function<Result<bench::Report>(const bench::Request&, EventSink&, std::stop_token)>
      bench_run;
  std::function<Result<bench::Inference>(const bench::InferRequest&)> bench_infer;
  std::function<Result<bench::DevicesReport>(std::span<const Address>, const bench::DeviceRequest&,
                                             EventSink&, std::stop_token)>
      bench_devices;

  std::function<std::string(std::stop_token)> read_input;  ///< standard input as it comes
  std::function<std::shared_ptr<void>()> raw_terminal;     ///< keys one by one while it lives

  std::function<std::optional<std::string>(const std::string&)> variable;
  ConfigSources config;
  Terminal terminal;
  Signals* signals = nullptr;
  std::function<std::chrono::nanoseconds()> now;  ///< monotonic; nullptr: the steady clock
};

Environment real_environment(Signals& signals);

}  // namespace aiot::cli
