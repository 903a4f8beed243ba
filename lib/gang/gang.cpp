#include "gang/gang.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <set>

namespace aiot::gang {
namespace asio = net::asio;
namespace {

/// A member while it runs.
struct Running {
  Member member;
  asio::cancellation_signal cancel;
  asio::steady_timer limit;
  DeviceReport report;
  bool running = false;

  Running(asio::io_context& loop, Member its) : member(std::move(its)), limit(loop) {}
};

class Gang {
 public:
  Gang(std::vector<Member> members, const Terms& terms, const Limits& limits, EventSink& sink)
      : terms_(terms), limits_(limits), sink_(sink) {
    for (Member& member : members) {
      members_.push_back(std::make_unique<Running>(loop_, std::move(member)));
    }
  }

  std::vector<DeviceReport> run(std::stop_token stop) {
    std::stop_callback on_stop(stop, [this] { asio::post(loop_, [this] { cancel_all(); }); });
    const std::size_t at_once = limits_.at_once == 0 ? members_.size() : limits_.at_once;
    for (std::size_t i = 0; i < std::min(at_once, members_.size()); ++i) start_next();
    loop_.run();
    std::vector<DeviceReport> reports;
    for (auto& one : members_) reports.push_back(std::move(one->report));
    return reports;
  }

 private:
  void start_next() {
    if (next_ == members_.size()) return;
    Running& one = *members_[next_++];
    if (cancelled_) {
      leave_out(one);
      start_next();
      return;
    }
    one.running = true;
    if (limits_.each.count() > 0) {
      one.limit.expires_after(limits_.each);
      one.limit.async_wait([&one](boost::system::error_code error) {
        if (error) return;
        one.member.place->out_of_time = true;
        one.cancel.emit(asio::cancellation_type::terminal);
      });
    }
    asio::co_spawn(
        loop_, [&one] { return serve_one(one); },
        asio::bind_cancellation_slot(one.cancel.slot(), [this, &one](std::exception_ptr thrown) {
          one.running = false;
          one.limit.cancel();
          if (thrown) std::rethrow_exception(thrown);
          start_next();
        }));
  }

  static asio::awaitable<void> serve_one(Running& one) {
    co_await asio::this_coro::throw_if_cancelled(false);
    one.report = co_await one.member.serve();
  }

  /// Never begun: reported all the same, so that each device has its line.
  void leave_out(Running& one) {
    const Place& place = *one.member.place;
    one.report.device = place.address();
    one.report.error = Error(terms_.cancelled, place.name());
    sink_.on_event(event::Started{place.name(), terms_.job});
    sink_.on_event(event::Failed{place.name(), "", *one.report.error});
  }

  void cancel_all() {
    cancelled_ = true;
    // Not at once: a coroutine that is cancelled before its first step throws.
    asio::post(loop_, [this] {
      for (auto& one : members_) {
        if (one->running) one->cancel.emit(asio::cancellation_type::terminal);
      }
    });
  }

  asio::io_context loop_{1};
  const Terms& terms_;
  const Limits& limits_;
  EventSink& sink_;
  std::vector<std::unique_ptr<Running>> members_;
  std::size_t next_ = 0;
  bool cancelled_ = false;
};

/// Whatever was cancelled, it says by whom: by the user, or because its time was over.
Error named(Error error, const Place& place, const Terms& terms) {
  if (error.condition() != Condition::cancelled) return error;
  if (place.out_of_time) {
    return Error(terms.out_of_time, std::move(error.context),
                 "allow more time, or see which step is slow");
  }
  error.code = terms.cancelled;
  return error;
}

}  // namespace

asio::awaitable<DeviceReport> serve(Place& place, const Work& work, const Terms& terms,
                                    net::Clock& clock, EventSink& sink) {
  DeviceReport report;
  report.device = place.address();
  sink.on_event(event::Started{place.name(), terms.job});
  const net::TimePoint begin = clock.now();
  Result<void> done = co_await work();
  const std::chrono::duration<double> seconds = clock.now() - begin;
  place.fields.set("seconds", seconds.count());
  report.fields = place.fields;
  if (done) {
    sink.on_event(event::Finished{place.name(), Record{terms.schema, place.fields}});
    co_return report;
  }
  report.error = named(std::move(done).error(), place, terms);
  report.step = place.current_step();
  sink.on_event(event::Failed{place.name(), report.step, *report.error});
  co_return report;
}

std::vector<DeviceReport> run(std::vector<Member> members, const Terms& terms, const Limits& limits,
                              EventSink& sink, std::stop_token stop) {
  Gang gang(std::move(members), terms, limits, sink);
  return gang.run(std::move(stop));
}

Result<void> check_distinct(std::span<const Address> devices, boost::system::error_code none,
                            boost::system::error_code twice) {
  if (devices.empty()) return Error(none);
  std::set<std::string> seen;
  for (const Address& device : devices) {
    if (!seen.insert(place_of(device)).second) {
      return Error(twice, device.str(), "name each device once");
    }
  }
  return {};
}

Result<void> check_own_files(std::size_t devices, const std::string& file,
                             boost::system::error_code code) {
  if (devices < 2 || file.empty() || file.find("%d") != std::string::npos) return {};
  return Error(code, file, "put %d into the file's name: it becomes the device's number");
}

bool all_done(std::span<const DeviceReport> devices) {
  return std::ranges::none_of(devices,
                              [](const DeviceReport& one) { return one.error.has_value(); });
}

}  // namespace aiot::gang
