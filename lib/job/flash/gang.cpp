#include "job/flash/gang.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <set>

#include "job/flash/device.hpp"
#include "job/flash/error.hpp"

namespace aiot::flash {
namespace asio = net::asio;
namespace {

Result<void> check_distinct(std::span<const Address> devices) {
  if (devices.empty()) return make_error(Errc::no_devices);
  std::set<std::string> seen;
  for (const Address& device : devices) {
    if (!seen.insert(place_of(device)).second) {
      return make_error(Errc::same_device, device.str(), "name each device once");
    }
  }
  return {};
}

/// One device of a running gang.
struct Member {
  DeviceContext context;
  asio::cancellation_signal cancel;
  asio::steady_timer limit;
  DeviceReport report;
  bool running = false;
  bool out_of_time = false;

  Member(asio::io_context& loop, Address address, unsigned number, const Session& session,
         Environment& environment, EventSink& sink, Claims& claims)
      : context(std::move(address), number, session, environment, sink, &claims), limit(loop) {}
};

class Gang {
 public:
  Gang(std::span<const Address> devices, const Session& session, const std::string& name,
       const Operation& operation, Environment& environment, EventSink& sink)
      : session_(session), name_(name), operation_(operation), sink_(sink) {
    unsigned number = 0;
    for (const Address& device : devices) {
      members_.push_back(
          std::make_unique<Member>(loop_, device, ++number, session, environment, sink, claims_));
    }
  }

  Report run(std::stop_token stop) {
    std::stop_callback on_stop(stop, [this] { asio::post(loop_, [this] { cancel_all(); }); });
    const std::size_t at_once = session_.jobs == 0 ? members_.size() : session_.jobs;
    for (std::size_t i = 0; i < std::min(at_once, members_.size()); ++i) start_next();
    loop_.run();
    Report report;
    report.operation = name_;
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
      member.report.error = make_error(Errc::cancelled, member.context.name());
      sink_.on_event(event::Started{member.context.name(), "flash " + name_});
      sink_.on_event(event::Failed{member.context.name(), "", *member.report.error});
      start_next();
      return;
    }
    member.running = true;
    if (session_.timeout.count() > 0) {
      member.limit.expires_after(session_.timeout);
      member.limit.async_wait([&member](boost::system::error_code error) {
        if (error) return;
        member.out_of_time = true;
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
    EndFilter filter(sink_, member.out_of_time);
    member.report = co_await run_device(member.context, operation_, "flash " + name_, filter);
    if (member.out_of_time) member.report.error = filter.rename(std::move(member.report.error));
  }

  void cancel_all() {
    cancelled_ = true;
    for (auto& member : members_) {
      if (member->running) member->cancel.emit(asio::cancellation_type::terminal);
    }
  }

  /// A device cancelled because its time was over says so, instead of "stopped".
  class EndFilter final : public EventSink {
   public:
    EndFilter(EventSink& next, const bool& out_of_time) : next_(next), out_of_time_(out_of_time) {}
    void on_event(const Event& event) override {
      const auto* failed = std::get_if<event::Failed>(&event);
      if (failed == nullptr || !out_of_time_) return next_.on_event(event);
      event::Failed renamed = *failed;
      renamed.error = *rename(renamed.error);
      next_.on_event(renamed);
    }
    static std::optional<Error> rename(std::optional<Error> error) {
      if (!error || error->condition() != Condition::cancelled) return error;
      return make_error(Errc::device_timeout, std::move(error->context),
                        "allow more time, or see which step is slow");
    }

   private:
    EventSink& next_;
    const bool& out_of_time_;
  };

  asio::io_context loop_{1};
  const Session& session_;
  const std::string& name_;
  const Operation& operation_;
  EventSink& sink_;
  Claims claims_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t next_ = 0;
  bool cancelled_ = false;
};

}  // namespace

asio::awaitable<DeviceReport> run_device(DeviceContext& context, const Operation& operation,
                                         std::string job, EventSink& sink) {
  DeviceReport report;
  report.device = context.address();
  sink.on_event(event::Started{context.name(), std::move(job)});
  const net::TimePoint begin = context.clock().now();
  Result<void> done = co_await operation(context);
  const std::chrono::duration<double> seconds = context.clock().now() - begin;
  context.fields.set("seconds", seconds.count());
  report.fields = context.fields;
  if (done) {
    sink.on_event(event::Finished{context.name(), Record{"aiot.flash/1", context.fields}});
  } else {
    report.error = std::move(done).error();
    if (report.error->condition() == Condition::cancelled) {
      report.error->code = make_error_code(Errc::cancelled);
    }
    report.step = context.current_step();
    sink.on_event(event::Failed{context.name(), report.step, *report.error});
  }
  co_return report;
}

Result<Report> run_gang(std::span<const Address> devices, const Session& session,
                        const std::string& operation_name, const Operation& operation,
                        Environment& environment, EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check_distinct(devices));
  for (const Address& device : devices) {
    constexpr std::string_view accepted[] = {"serial", "usb", "rfc2217", "tcp"};
    AIOT_CHECK(require_scheme(device, accepted));
  }
  AIOT_CHECK(expected_chip(session));
  if (session.baud_bps != 0) {
    AIOT_CHECK(check_baud(session.baud_bps));
  }
  Gang gang(devices, session, operation_name, operation, environment, sink);
  return gang.run(std::move(stop));
}

}  // namespace aiot::flash
