#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <optional>

#include "aiot/bench_device.hpp"
#include "job/bench/device/run.hpp"
#include "protocol/power/monitor.hpp"

namespace aiot::bench {

/// A power monitor that streams beside the conversation with the device.
class PowerFeed {
 public:
  PowerFeed(DeviceEnvironment& environment, const MonitorRequest& request)
      : environment_(environment), request_(request) {}

  /// Opens the monitor and gives the device its power.
  net::Task<power::MonitorInfo> prepare();
  /// Begins to measure; the stream goes on by itself until finish().
  net::Task<void> start();
  /// Waits until so many edges have come in all. power::Errc::no_edges when they do not.
  net::Task<void> await_edges(std::uint64_t count);
  /// Waits until the stream has passed a time of this machine's.
  net::Task<void> await_time(net::TimePoint when);
  /// Stops and releases the monitor, also after an error or a cancellation; within seconds.
  net::Task<void> finish();

  /// What ended the stream too early.
  const std::optional<Error>& failure() const { return feed_->failure; }
  const power::Recorder& recorder() const { return feed_->recorder; }

 private:
  /// What the stream's coroutine uses: it may outlive the feed.
  struct Feed {
    explicit Feed(double samples_per_s) : recorder(samples_per_s) {}
    std::unique_ptr<power::Monitor> monitor;
    power::Recorder recorder;
    boost::asio::cancellation_signal cancel;
    std::optional<Error> failure;
    bool streaming = false;
  };
  net::Task<void> wait_while(std::function<bool()> waiting, net::TimePoint deadline);

  DeviceEnvironment& environment_;
  MonitorRequest request_;
  std::shared_ptr<Feed> feed_;
  bool finished_ = false;
};

}  // namespace aiot::bench
