#include "fleet/fleet.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <set>

namespace aiot::fleet {
namespace asio = net::asio;
namespace {

/// A device, and the signals that end its work and its time limit.
struct Member {
  Member(std::size_t i, const Address& address, const Batch& batch, EventSink& sink,
         Identities& identities)
      : index(i), device(address, static_cast<unsigned>(i + 1), batch, sink, &identities) {}

  std::size_t index;
  DeviceRun device;
  asio::cancellation_signal cancel;
  asio::cancellation_signal cancel_limit;
  bool running = false;
  bool limited = false;  ///< its time limit is running
};

class BatchRun {
 public:
  BatchRun(std::span<const Address> addresses, Devices& devices, const Batch& batch,
           EventSink& sink)
      : devices_(devices), batch_(batch), sink_(sink) {
    for (const Address& address : addresses) {
      members_.push_back(
          std::make_unique<Member>(members_.size(), address, batch, sink, identities_));
    }
  }

  void run(std::stop_token stop) {
    std::stop_callback on_stop(stop, [this] { asio::post(loop_, [this] { cancel_all(); }); });
    const std::size_t at_once = batch_.at_once == 0 ? members_.size() : batch_.at_once;
    for (std::size_t i = 0; i < std::min(at_once, members_.size()); ++i) start_next();
    loop_.run();
  }

 private:
  void start_next() {
    if (next_ == members_.size()) return;
    Member& member = *members_[next_++];
    if (cancelled_) {
      skip(member);
      start_next();
      return;
    }
    member.running = true;
    if (batch_.timeout.count() > 0) {
      member.limited = true;
      asio::co_spawn(
          loop_, [this, &member] { return limit(member); },
          asio::bind_cancellation_slot(member.cancel_limit.slot(),
                                       [&member](std::exception_ptr thrown) {
                                         member.limited = false;
                                         rethrow(std::move(thrown));
                                       }));
    }
    asio::co_spawn(
        loop_, [this, &member] { return serve(member); },
        asio::bind_cancellation_slot(member.cancel.slot(), [this, &member](std::exception_ptr e) {
          member.running = false;
          if (member.limited) member.cancel_limit.emit(asio::cancellation_type::terminal);
          rethrow(std::move(e));
          start_next();
        }));
  }

  asio::awaitable<void> serve(Member& member) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await devices_.run(member.index, member.device);
  }

  asio::awaitable<void> limit(Member& member) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Result<void> over = co_await batch_.clock->sleep_for(batch_.timeout);
    if (!over || !member.running) co_return;
    member.device.expire();
    member.cancel.emit(asio::cancellation_type::terminal);
  }

  /// Not started, and reported nevertheless: each device has its line.
  void skip(Member& member) {
    const std::string& name = member.device.name();
    Error error(batch_.errors.cancelled, name);
    sink_.on_event(event::Started{name, batch_.job});
    sink_.on_event(event::Failed{name, "", error});
    devices_.skip(member.index, std::move(error));
  }

  void cancel_all() {
    cancelled_ = true;
    // Not at once: a coroutine that is cancelled before its first step throws.
    asio::post(loop_, [this] {
      for (auto& member : members_) {
        if (member->running) member->cancel.emit(asio::cancellation_type::terminal);
      }
    });
  }

  static void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(std::move(thrown));
  }

  asio::io_context loop_{1};
  Devices& devices_;
  const Batch& batch_;
  EventSink& sink_;
  Identities identities_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t next_ = 0;
  bool cancelled_ = false;
};

/// `file` with the device's number for "%d".
std::string numbered(std::string file, unsigned number) {
  if (const std::size_t mark = file.find("%d"); mark != std::string::npos) {
    file.replace(mark, 2, std::to_string(number));
  }
  return file;
}

}  // namespace

Result<void> check_batch(std::span<const Address> devices, const Batch& batch) {
  if (devices.empty()) return Error(batch.errors.no_devices);
  std::set<std::string> seen;
  for (const Address& device : devices) {
    if (!batch.schemes.empty()) {
      AIOT_CHECK(require_scheme(device, batch.schemes));
    }
    if (!seen.insert(place_of(device)).second) {
      return Error(batch.errors.same_device, device.str(), "name each device once");
    }
  }
  const std::string& file = batch.trace_file;
  if (devices.size() > 1 && !file.empty() && file.find("%d") == std::string::npos) {
    return Error(batch.errors.shared_file, file,
                 "put %d into the file's name: it becomes the device's number");
  }
  return {};
}

void DeviceRun::step(std::string name, double weight) {
  step_ = std::move(name);
  last_mark_ = -1;
  sink_.on_event(event::Step{name_, step_, weight});
}

void DeviceRun::progress(std::uint64_t done, std::uint64_t total, std::string unit) {
  const int mark = total == 0 ? 0 : static_cast<int>(done * 1000 / total);
  if (mark == last_mark_) return;
  last_mark_ = mark;
  sink_.on_event(event::Progress{name_, done, total, std::move(unit)});
}

void DeviceRun::log(event::Level level, std::string text) {
  sink_.on_event(event::Log{name_, level, std::move(text)});
}

void DeviceRun::notice(std::string code, std::string text, std::string hint) {
  sink_.on_event(event::Notice{name_, std::move(code), std::move(text), std::move(hint)});
}

Result<void> DeviceRun::identify(const std::string& identity) {
  if (identities_ == nullptr) return {};
  const std::string& first = identities_->emplace(identity, name_).first->second;
  if (first == name_) return {};
  return Error(batch_.errors.same_device, identity + " is " + first, "name each device once");
}

net::OpenOptions DeviceRun::open_options() {
  net::OpenOptions open;
  open.trace_file = numbered(batch_.trace_file, number_);
  open.secrets = secrets_;
  open.on_trace_lost = [this](const Error& error) {
    notice("trace.unwritable", error.context, error.hint);
  };
  return open;
}

Error DeviceRun::name_cause(Error error) const {
  if (error.condition() != Condition::cancelled) return error;
  if (expired_) {
    return Error(batch_.errors.timeout, std::move(error.context),
                 "allow more time, or find the step that is slow");
  }
  error.code = batch_.errors.cancelled;
  return error;
}

Reporter::Reporter(DeviceRun& run) : run_(run), begin_(run.clock().now()) {
  run_.sink_.on_event(event::Started{run_.name_, run_.batch_.job});
}

double Reporter::seconds() const {
  return std::chrono::duration<double>(run_.clock().now() - begin_).count();
}

void Reporter::finished(Document result) {
  run_.sink_.on_event(event::Finished{run_.name_, std::move(result)});
}

Error Reporter::failed(Error error, std::string& step) {
  error = run_.name_cause(std::move(error));
  step = run_.step_;
  run_.sink_.on_event(event::Failed{run_.name_, step, error});
  return error;
}

void run_all(std::span<const Address> addresses, Devices& devices, const Batch& batch,
             EventSink& sink, std::stop_token stop) {
  BatchRun run(addresses, devices, batch, sink);
  run.run(std::move(stop));
}

}  // namespace aiot::fleet
