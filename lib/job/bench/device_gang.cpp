#include "job/bench/device_gang.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "job/bench/device_error.hpp"
#include "job/bench/error.hpp"

namespace aiot::bench {
namespace asio = net::asio;
namespace {

constexpr const char* job_name = "bench device";

/// One device of a running gang.
struct Member {
  DeviceContext context;
  asio::cancellation_signal cancel;
  asio::steady_timer limit;
  DeviceReport report;
  bool running = false;

  Member(asio::io_context& loop, Address address, unsigned number, const DeviceRequest& request,
         DeviceEnvironment& environment, EventSink& sink)
      : context(std::move(address), number, request, environment, sink), limit(loop) {}
};

class Gang {
 public:
  Gang(std::span<const Address> devices, const DeviceRequest& request,
       const DeviceResources& resources, DeviceEnvironment& environment, EventSink& sink)
      : request_(request), resources_(resources), sink_(sink) {
    unsigned number = 0;
    for (const Address& device : devices) {
      members_.push_back(
          std::make_unique<Member>(loop_, device, ++number, request, environment, sink));
    }
  }

  DevicesReport run(std::stop_token stop) {
    std::stop_callback on_stop(stop, [this] { asio::post(loop_, [this] { cancel_all(); }); });
    const std::size_t at_once = request_.jobs == 0 ? members_.size() : request_.jobs;
    for (std::size_t i = 0; i < std::min(at_once, members_.size()); ++i) start_next();
    loop_.run();
    DevicesReport report;
    for (auto& member : members_) report.devices.push_back(std::move(member->report));
    return report;
  }

 private:
  void start_next() {
    if (next_ == members_.size()) return;
    Member& member = *members_[next_++];
    if (cancelled_) {
      // Never begun: reported all the same, so that each device has its line.
      member.report.device = member.context.address();
      member.report.error = make_error(DeviceErrc::cancelled, member.context.name());
      sink_.on_event(event::Started{member.context.name(), job_name});
      sink_.on_event(event::Failed{member.context.name(), "", *member.report.error});
      start_next();
      return;
    }
    member.running = true;
    if (request_.timeout.count() > 0) {
      member.limit.expires_after(request_.timeout);
      member.limit.async_wait([&member](boost::system::error_code error) {
        if (error) return;
        member.context.out_of_time = true;
        member.cancel.emit(asio::cancellation_type::terminal);
      });
    }
    asio::co_spawn(
        loop_, [this, &member] { return serve(member); },
        asio::bind_cancellation_slot(member.cancel.slot(),
                                     [this, &member](std::exception_ptr thrown) {
                                       member.running = false;
                                       member.limit.cancel();
                                       if (thrown) std::rethrow_exception(thrown);
                                       start_next();
                                     }));
  }

  asio::awaitable<void> serve(Member& member) {
    co_await asio::this_coro::throw_if_cancelled(false);
    member.report = co_await bench_device(member.context, resources_, sink_);
  }

  void cancel_all() {
    cancelled_ = true;
    for (auto& member : members_) {
      if (member->running) member->cancel.emit(asio::cancellation_type::terminal);
    }
  }

  asio::io_context loop_{1};
  const DeviceRequest& request_;
  const DeviceResources& resources_;
  EventSink& sink_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t next_ = 0;
  bool cancelled_ = false;
};

Error named(Error error, const DeviceContext& context) {
  if (error.condition() != Condition::cancelled) return error;
  if (context.out_of_time) {
    return make_error(DeviceErrc::device_timeout, std::move(error.context),
                      "allow more time, or see which step is slow");
  }
  error.code = make_error_code(DeviceErrc::cancelled);
  return error;
}

Error bad(std::string text, std::string hint) {
  return make_error(Errc::bad_request, std::move(text), std::move(hint));
}

}  // namespace

asio::awaitable<DeviceReport> bench_device(DeviceContext& context, const DeviceResources& resources,
                                           EventSink& sink) {
  DeviceReport report;
  report.device = context.address();
  sink.on_event(event::Started{context.name(), job_name});
  const net::TimePoint begin = context.clock().now();
  DeviceBench bench(context, resources);
  Result<void> done = co_await bench.run();
  const std::string step = context.current_step();
  co_await bench.leave();
  const std::chrono::duration<double> seconds = context.clock().now() - begin;
  context.fields.set("seconds", seconds.count());
  report.fields = context.fields;
  if (done) {
    sink.on_event(event::Finished{context.name(), Record{"aiot.bench.device/1", context.fields}});
    co_return report;
  }
  report.error = named(std::move(done).error(), context);
  report.step = step;
  sink.on_event(event::Failed{context.name(), report.step, *report.error});
  co_return report;
}

Result<void> check_request(std::span<const Address> devices, const DeviceRequest& request) {
  if (devices.empty()) return make_error(DeviceErrc::no_devices);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    constexpr std::string_view accepted[] = {"serial", "usb", "rfc2217", "tcp"};
    AIOT_CHECK(require_scheme(devices[i], accepted));
    for (std::size_t k = 0; k < i; ++k) {
      if (place_of(devices[i]) != place_of(devices[k])) continue;
      return make_error(DeviceErrc::same_device, devices[i].str(), "name each device once");
    }
  }
  const Phases& phases = request.phases;
  if (!phases.performance && !phases.accuracy && !phases.energy) {
    return bad("nothing to measure", "ask for performance, accuracy or energy");
  }
  if (phases.accuracy && request.data.empty()) {
    return bad("accuracy without files", "name the folder of the benchmark's files");
  }
  if (phases.energy && !request.monitor.address) {
    return make_error(DeviceErrc::needs_monitor, "energy", "name the power monitor's address");
  }
  if (request.monitor.address && devices.size() > 1) {
    return bad("one power monitor for several devices", "measure their energy one by one");
  }
  const auto kinds = monitor_kinds();
  if (std::ranges::find(kinds, request.monitor.kind) == kinds.end()) {
    return bad("power monitor \"" + request.monitor.kind + "\"", "there are lpm01a and joulescope");
  }
  if (request.windows == 0 || request.windows > 100) {
    return bad(std::to_string(request.windows) + " windows", "use 1 to 100; the benchmark has 5");
  }
  if (request.window.count() < 1 || request.window > std::chrono::minutes(30)) {
    return bad("a window of such a length", "use up to 30 minutes; the benchmark has 10 s");
  }
  return {};
}

Result<DevicesReport> run_device_gang(std::span<const Address> devices,
                                      const DeviceRequest& request, DeviceEnvironment& environment,
                                      EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check_request(devices, request));
  AIOT_TRY(DeviceResources resources, read_resources(request));
  resources.several = devices.size() > 1;
  Gang gang(devices, request, resources, environment, sink);
  return gang.run(std::move(stop));
}

Result<DevicesReport> run_devices(std::span<const Address> devices, const DeviceRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  DeviceEnvironment environment = real_device_environment();
  return run_device_gang(devices, request, environment, sink, std::move(stop));
}

std::vector<std::string> monitor_kinds() { return power::monitor_kinds(); }

bool DevicesReport::ok() const {
  return std::ranges::none_of(devices,
                              [](const DeviceReport& one) { return one.error.has_value(); });
}

Record DevicesReport::record() const {
  Array rows;
  for (const DeviceReport& one : devices) {
    Object row;
    row.set("device", one.device.str()).set("ok", !one.error.has_value());
    for (const auto& [name, value] : one.fields.fields()) row.set(name, value);
    rows.emplace_back(std::move(row));
  }
  Record record{"aiot.bench.device/1", {}};
  record.fields.set("devices", std::move(rows));
  return record;
}

}  // namespace aiot::bench
