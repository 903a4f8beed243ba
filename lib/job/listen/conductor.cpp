#include "job/listen/conductor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <exception>
#include <set>

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

}  // namespace

/// One address of a running job.
struct Conductor::Listener {
  Address address;
  std::string name;
  std::unique_ptr<Source> source;
  SourceContext context;
  asio::cancellation_signal cancel = {};
  Event item = event::Item{};  // one for all its messages: only the fields change
  bool running = false;
  bool refused_bytes = false;  // said once
  std::optional<Error> error = {};
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t truncated = 0;
  std::optional<PanicDecoder> decoder = {};

  Listener(Address a, std::unique_ptr<Source> s, SourceContext c)
      : address(std::move(a)), name(address.str()), source(std::move(s)), context(std::move(c)) {
    event::Item& each = std::get<event::Item>(item);
    each.device = name;
    each.kind = "message";
  }
};

Conductor::Conductor(asio::io_context& loop, const Request& request, Environment environment,
                     EventSink& sink, Judge judge)
    : loop_(loop),
      request_(request),
      environment_(std::move(environment)),
      sink_(sink),
      judge_(std::move(judge)) {}

Conductor::~Conductor() = default;

Result<std::unique_ptr<Conductor>> Conductor::make(asio::io_context& loop,
                                                   std::span<const Address> sources,
                                                   const Request& request, Environment environment,
                                                   EventSink& sink) {
  if (sources.empty()) return make_error(Errc::no_sources);
  if (request.reset && std::none_of(sources.begin(), sources.end(), has_lines)) {
    return make_error(Errc::no_reset, {}, "a serial port does, also one behind RFC 2217");
  }
  AIOT_TRY(Judge judge, Judge::make(request));
  std::unique_ptr<Conductor> made(
      new Conductor(loop, request, std::move(environment), sink, std::move(judge)));
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
    listener.context.report = [conductor = made.get(), &listener](Message message) {
      conductor->receive(listener, std::move(message));
    };
    listener.context.notice = [conductor = made.get(), &listener](
                                  std::string code, std::string text, std::string hint) {
      conductor->notice(listener.name, std::move(code), std::move(text), std::move(hint));
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
    AIOT_TRY(LogFile log,
             LogFile::open(std::move(options), [conductor = made.get()](const Error& error) {
               conductor->notice("", error.stable_code(), error.message(), error.hint);
             }));
    made->log_.emplace(std::move(log));
  }
  return made;
}

void Conductor::start() {
  begin_ = environment_.clock->now();
  listening_ = listeners_.size();
  for (auto& listener : listeners_) start(*listener);
  if (!request_.expect.empty()) limit(request_.timeout, "timeout");
  limit(request_.duration, "duration");
}

void Conductor::start(Listener& listener) {
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

void Conductor::limit(std::chrono::milliseconds time, const char* reason) {
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

void Conductor::receive(Listener& listener, Message message) {
  if (ended_by_ != nullptr) return;
  std::string time = time_text_(message.time ? *message.time : environment_.now());
  const std::size_t size = message.payload.size();
  const bool truncated = message.truncated;
  if (listener.decoder) {
    Array rows = listener.decoder->decode(message.payload);
    if (!rows.empty()) message.details.set("decoded", std::move(rows));
  }
  event::Item& item = std::get<event::Item>(listener.item);
  item.record = Record{"aiot.message/1", message_fields(std::move(time), listener.name, std::move(message))};
  const Object& fields = item.record.get<Record>()->fields;
  const std::string& payload = *fields.find("payload")->string();

  const Verdict verdict = judge_.look(fields, payload);
  if (verdict == Verdict::ignored) {
    ++filtered_;
    return;
  }
  ++listener.messages;
  listener.bytes += size;
  listener.truncated += truncated ? 1 : 0;
  if (log_) log_->add(log_line(fields));
  sink_.on_event(listener.item);
  if (verdict == Verdict::go_on) return;
  if (verdict != Verdict::enough) decided_ = payload;
  end(verdict == Verdict::expected ? "expect" : verdict == Verdict::failure ? "fail_on" : "count");
}

void Conductor::notice(const std::string& device, std::string code, std::string text,
                       std::string hint) {
  sink_.on_event(event::Notice{device, std::move(code), std::move(text), std::move(hint)});
}

void Conductor::ended(Listener& listener, Result<void> how) {
  listener.running = false;
  --listening_;
  const bool cancelled = !how && how.error().condition() == Condition::cancelled;
  if (!how && !cancelled) {
    listener.error = std::move(how).error();
    // The others go on, perhaps for days: this is said now.
    if (listening_ > 0 && ended_by_ == nullptr) {
      notice(listener.name, listener.error->stable_code(), listener.error->message(),
             listener.error->hint);
    }
  }
  if (listening_ == 0) end("sources");
}

void Conductor::end(const char* reason) {
  if (ended_by_ != nullptr) return;
  ended_by_ = reason;
  // Not at once: a coroutine that is cancelled before its first step throws.
  asio::post(loop_, [this] {
    for (auto& listener : listeners_) {
      if (listener->running) listener->cancel.emit(asio::cancellation_type::terminal);
    }
    for (auto& signal : limits_) signal->emit(asio::cancellation_type::terminal);
  });
}

void Conductor::send(Bytes data, std::function<void()> sent) {
  ++running_;
  asio::co_spawn(
      loop_, [this, data = std::move(data)]() mutable { return send_to_all(std::move(data)); },
      [this, sent = std::move(sent)](std::exception_ptr thrown) {
        --running_;
        if (thrown) std::rethrow_exception(thrown);
        sent();
      });
}

asio::awaitable<void> Conductor::send_to_all(Bytes data) {
  for (auto& listener : listeners_) {
    if (ended_by_ != nullptr) break;
    if (!listener->running) continue;
    Result<void> sent = co_await listener->source->send(data);
    if (sent || listener->refused_bytes) continue;
    listener->refused_bytes = true;
    notice(listener->name, sent.error().stable_code(), sent.error().message(), sent.error().hint);
  }
}

void Conductor::pause() {
  if (log_) log_->flush();
  sink_.on_pause();
}

std::optional<Error> Conductor::verdict_error() const {
  const auto by = [this](const char* reason) { return std::strcmp(ended_by_, reason) == 0; };
  if (by("fail_on")) {
    Error error = make_error(Errc::failure_seen);
    return std::move(error).with_peer_text(decided_);
  }
  if (request_.expect.empty() || by("expect")) return std::nullopt;
  if (by("timeout") || by("duration") || by("count")) return make_error(Errc::not_seen);
  if (by("stop")) return make_error(Errc::stopped);
  const bool failed = std::any_of(listeners_.begin(), listeners_.end(),
                                  [](const auto& listener) { return listener->error.has_value(); });
  return failed ? std::nullopt : std::optional(make_error(Errc::ended_early));
}

Report Conductor::report() {
  Report report;
  report.checked = std::strcmp(ended_by_, "expect") == 0;
  report.error = verdict_error();
  Array sources;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (auto& listener : listeners_) {
    messages += listener->messages;
    bytes += listener->bytes;
    Object source({{"address", listener->name},
                   {"messages", listener->messages},
                   {"bytes", listener->bytes},
                   {"truncated", listener->truncated},
                   {"failed", listener->error.has_value()}});
    sources.emplace_back(std::move(source));
    if (listener->error) report.failures.push_back({listener->address, *listener->error});
  }
  const std::chrono::duration<double> seconds = environment_.clock->now() - begin_;
  report.record = {"aiot.listen/1", Object({{"messages", messages},
                                            {"bytes", bytes},
                                            {"filtered", filtered_},
                                            {"seconds", seconds.count()},
                                            {"ended_by", ended_by_}})};
  if (!decided_.empty()) report.record.fields.set("matched", decided_);
  if (log_) {
    log_->flush();
    report.record.fields.set("log_lost", log_->lost_lines());
    if (log_->lost_lines() > 0 && !report.error) {
      report.error = make_error(Errc::log_incomplete, request_.log_file);
    }
  }
  report.record.fields.set("sources", std::move(sources));
  return report;
}

}  // namespace aiot::listen
