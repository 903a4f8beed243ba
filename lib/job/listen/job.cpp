#include "job/listen/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <semaphore>
#include <set>
#include <thread>

#include "aiot/bytes.hpp"
#include "job/listen/error.hpp"
#include "net/error.hpp"

namespace aiot::listen {
namespace asio = net::asio;

namespace {

/// True of what has DTR and RTS.
bool has_lines(const Address& address) {
  return address.scheme == "serial" || address.scheme == "usb" || address.scheme == "rfc2217";
}

/// A line of the log file: time, source, topic, and the payload with control bytes escaped.
std::string log_line(const Message& message) {
  std::string line = format_time(*message.time);
  for (const std::string* text :
       {&message.source, &message.from, &message.topic, &message.payload}) {
    if (text->empty() && text != &message.payload) continue;
    line += ' ';
    line += escape_controls(*text);
  }
  return line;
}

}  // namespace

/// One address of a running job.
struct Job::Listener {
  Address address;
  std::string name;
  std::unique_ptr<Source> source;
  SourceContext context;
  asio::cancellation_signal cancel = {};
  Event item = event::Item{};  // one for all its messages: only the message changes
  bool running = false;
  bool refused_bytes = false;  // said once
  SourceResult result = {};
  std::optional<PanicDecoder> decoder = {};

  Listener(Address a, std::unique_ptr<Source> s, SourceContext c)
      : address(std::move(a)), name(address.str()), source(std::move(s)), context(std::move(c)) {
    event::Item& each = std::get<event::Item>(item);
    each.device = name;
    each.kind = "message";
    result.address = name;
  }
};

Job::Job(asio::io_context& loop, const Request& request, Environment environment, EventSink& sink,
         Conditions conditions)
    : loop_(loop),
      request_(request),
      environment_(std::move(environment)),
      sink_(sink),
      conditions_(std::move(conditions)) {}

Job::~Job() = default;

Result<std::unique_ptr<Job>> Job::make(asio::io_context& loop, std::span<const Address> sources,
                                       const Request& request, Environment environment,
                                       EventSink& sink) {
  if (sources.empty()) return make_error(Errc::no_sources);
  if (request.reset && std::none_of(sources.begin(), sources.end(), has_lines)) {
    return make_error(Errc::no_reset, {}, "a serial port does, also one behind RFC 2217");
  }
  AIOT_TRY(Conditions conditions, Conditions::make(request));
  std::unique_ptr<Job> made(
      new Job(loop, request, std::move(environment), sink, std::move(conditions)));
  std::set<std::string> seen;
  for (const Address& address : sources) {
    if (!seen.insert(address.str()).second) {
      return make_error(Errc::same_source, address.str(), "name each address once");
    }
    AIOT_TRY(std::unique_ptr<Source> source, make_source(address, request));
    SourceContext context{request, *made->environment_.clock, nullptr, nullptr,
                          made->environment_.open};
    made->listeners_.push_back(
        std::make_unique<Listener>(address, std::move(source), std::move(context)));
    Listener& listener = *made->listeners_.back();
    listener.context.report = [job = made.get(), &listener](Message message) {
      job->receive(listener, std::move(message));
    };
    listener.context.notice = [job = made.get(), &listener](std::string code, std::string text,
                                                            std::string hint) {
      job->notice(listener.name, std::move(code), std::move(text), std::move(hint));
    };
  }
  if (!request.elf_file.empty()) {
    AIOT_TRY(made->source_map_, image::SourceMap::open(request.elf_file));
    for (auto& listener : made->listeners_) {
      listener->decoder.emplace(*made->source_map_, request.framing != Framing::none);
    }
  }
  if (!request.log_file.empty()) {
    LogFile::Options options{request.log_file, request.log_bytes, request.log_files};
    AIOT_TRY(LogFile log, LogFile::open(std::move(options), [job = made.get()](const Error& error) {
               job->notice("", error.stable_code(), error.message(), error.hint);
             }));
    made->log_.emplace(std::move(log));
  }
  return made;
}

void Job::start() {
  begin_ = environment_.clock->now();
  listening_ = listeners_.size();
  for (auto& listener : listeners_) start(*listener);
  if (!request_.expect.empty()) limit(request_.timeout, EndedBy::timeout);
  limit(request_.duration, EndedBy::duration);
}

void Job::start(Listener& listener) {
  listener.running = true;
  ++running_;
  asio::co_spawn(
      loop_,
      [this, &listener]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        Result<void> how = co_await listener.source->run(listener.context);
        ended(listener, std::move(how));
      },
      asio::bind_cancellation_slot(listener.cancel.slot(), [this](std::exception_ptr thrown) {
        --running_;
        if (thrown) std::rethrow_exception(thrown);
      }));
}

void Job::limit(std::chrono::milliseconds time, EndedBy reason) {
  if (time.count() == 0) return;
  limits_.push_back(std::make_unique<asio::cancellation_signal>());
  ++running_;
  asio::co_spawn(
      loop_,
      [this, time, reason]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        Result<void> slept = co_await environment_.clock->sleep_for(time);
        if (slept) end(reason);
      },
      asio::bind_cancellation_slot(limits_.back()->slot(), [this](std::exception_ptr thrown) {
        --running_;
        if (thrown) std::rethrow_exception(thrown);
      }));
}

void Job::receive(Listener& listener, Message message) {
  if (ended_by_) return;
  message.source = listener.name;
  if (!message.time) message.time = environment_.now();
  if (listener.decoder) message.decoded = listener.decoder->decode(message.payload);
  const Match match = conditions_.check(message);
  if (match == Match::filtered) {
    ++filtered_;
    return;
  }
  ++listener.result.messages;
  listener.result.bytes += message.payload.size();
  listener.result.truncated += message.truncated ? 1 : 0;
  if (log_) log_->add(log_line(message));
  if (match == Match::expected || match == Match::failure) matched_ = message.payload;
  if (request_.keep > 0) keep(message);
  std::get<event::Item>(listener.item).record = std::move(message);
  sink_.on_event(listener.item);
  if (match == Match::none) return;
  end(match == Match::expected  ? EndedBy::expect
      : match == Match::failure ? EndedBy::fail_on
                                : EndedBy::count);
}

void Job::keep(const Message& message) {
  // A control byte becomes six in JSON, whose text doubles its memory as it grows.
  constexpr std::size_t most_bytes = 16U << 20;
  constexpr std::size_t overhead = 512;  // of a message in memory, about
  const std::size_t size = message.payload.size() + message.topic.size() + overhead;
  if (kept_.size() >= request_.keep || kept_bytes_ + size > most_bytes) return;
  kept_bytes_ += size;
  kept_.push_back(message);
}

void Job::notice(const std::string& device, std::string code, std::string text, std::string hint) {
  sink_.on_event(event::Notice{device, std::move(code), std::move(text), std::move(hint)});
}

void Job::ended(Listener& listener, Result<void> how) {
  listener.running = false;
  --listening_;
  const bool cancelled = !how && how.error().condition() == Condition::cancelled;
  if (!how && !cancelled) {
    listener.result.error = std::move(how).error();
    // The others go on, perhaps for days: this is said now.
    if (listening_ > 0 && !ended_by_) {
      notice(listener.name, listener.result.error->stable_code(), listener.result.error->message(),
             listener.result.error->hint);
    }
  }
  if (listening_ == 0) end(EndedBy::sources);
}

void Job::end(EndedBy reason) {
  if (ended_by_) return;
  ended_by_ = reason;
  // Not at once: a coroutine that is cancelled before its first step throws.
  asio::post(loop_, [this] {
    for (auto& listener : listeners_) {
      if (listener->running) listener->cancel.emit(asio::cancellation_type::terminal);
    }
    for (auto& signal : limits_) signal->emit(asio::cancellation_type::terminal);
  });
}

void Job::send(Bytes data, std::function<void()> sent) {
  ++running_;
  asio::co_spawn(
      loop_, [this, data = std::move(data)]() mutable { return send_to_all(std::move(data)); },
      [this, sent = std::move(sent)](std::exception_ptr thrown) {
        --running_;
        if (thrown) std::rethrow_exception(thrown);
        sent();
      });
}

asio::awaitable<void> Job::send_to_all(Bytes data) {
  for (auto& listener : listeners_) {
    if (ended_by_) break;
    if (!listener->running) continue;
    Result<void> sent = co_await listener->source->send(data);
    if (sent || listener->refused_bytes) continue;
    listener->refused_bytes = true;
    notice(listener->name, sent.error().stable_code(), sent.error().message(), sent.error().hint);
  }
}

void Job::pause() {
  if (log_) log_->flush();
  sink_.on_pause();
}

std::optional<Error> Job::check_error() const {
  if (ended_by_ == EndedBy::fail_on) {
    Error error = make_error(Errc::failure_seen);
    return std::move(error).with_peer_text(*matched_);
  }
  if (request_.expect.empty() || ended_by_ == EndedBy::expect) return std::nullopt;
  if (ended_by_ == EndedBy::stop) return make_error(Errc::stopped);
  if (ended_by_ != EndedBy::sources) return make_error(Errc::not_seen);
  const bool failed = std::any_of(listeners_.begin(), listeners_.end(), [](const auto& listener) {
    return listener->result.error.has_value();
  });
  return failed ? std::nullopt : std::optional(make_error(Errc::ended_early));
}

Report Job::report() {
  Report report;
  report.ended_by = *ended_by_;
  report.error = check_error();
  report.filtered = filtered_;
  report.matched = std::move(matched_);
  for (auto& listener : listeners_) {
    report.messages += listener->result.messages;
    report.bytes += listener->result.bytes;
    report.sources.push_back(listener->result);
  }
  const std::chrono::duration<double> seconds = environment_.clock->now() - begin_;
  report.seconds = seconds.count();
  if (request_.keep > 0) report.heard = std::move(kept_);
  if (log_) {
    log_->flush();
    report.log_lost = log_->lost_lines();
    if (*report.log_lost > 0 && !report.error) {
      report.error = make_error(Errc::log_incomplete, request_.log_file);
    }
  }
  return report;
}

namespace {

/// Carries the user's bytes to the loop, a piece at a time: the next is fetched when the last has
/// gone out. Joins its thread when it goes.
class Sender {
 public:
  Sender(asio::io_context& loop, Job& job, const Request& request) {
    if (!request.input) return;
    thread_ = std::jthread([this, &loop, &job, &request](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const std::string text = request.input(stop);
        if (text.empty()) return;
        const ByteSpan bytes = as_bytes(text);
        asio::post(loop, [this, &job, data = Bytes(bytes.begin(), bytes.end())]() mutable {
          job.send(std::move(data), [this] { sent_.release(); });
        });
        sent_.acquire();
      }
    });
  }
  ~Sender() {
    thread_.request_stop();
    sent_.release();  // the loop does not turn any more: nothing else would wake it
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

 private:
  std::counting_semaphore<> sent_{0};
  std::jthread thread_;
};

}  // namespace

Environment real_environment() {
  Environment environment;
  environment.clock = &net::steady_clock();
  environment.now = [] {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  };
  environment.open = [](Address address, net::OpenOptions options) {
    return net::open_link(std::move(address), std::move(options));
  };
  return environment;
}

Result<Report> run(std::span<const Address> sources, const Request& request, EventSink& sink,
                   std::stop_token stop) {
  asio::io_context loop(1);
  AIOT_TRY(const std::unique_ptr<Job> job,
           Job::make(loop, sources, request, real_environment(), sink));
  job->start();
  Sender sender(loop, *job, request);
  std::stop_callback on_stop(std::move(stop), [&] { asio::post(loop, [&] { job->stop(); }); });
  while (!job->done()) {
    // Everything that is ready now, and only then a pause: a flood is written in large pieces.
    if (loop.poll() > 0) continue;
    job->pause();
    loop.run_one();
  }
  return job->report();
}

}  // namespace aiot::listen
