#include "job/discover/search.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

#include "job/discover/selection.hpp"
#include "job/discover/subnet.hpp"

namespace aiot::discover {
namespace asio = net::asio;
using namespace std::chrono_literals;

namespace {

/// What is heard within this time is told together: the parts of one answer, and a device that two
/// sources hear at once.
constexpr auto pause_before_telling = 25ms;
/// How often the neighbour table is asked again, and what is silent is looked for.
constexpr auto regularly = 250ms;
/// A device that nothing was heard of for so long is lost. Sources ask again several times within
/// it.
constexpr auto longest_silence = 180s;

std::string_view state_name(SourceState state) {
  switch (state) {
    case SourceState::ran: return "ran";
    case SourceState::no_adapter: return "no adapter";
    case SourceState::no_permission: return "no permission";
    case SourceState::daemon_missing: return "daemon missing";
    case SourceState::not_asked: return "not asked";
    case SourceState::failed: return "failed";
  }
  return "failed";
}

/// It has looked; what it had to say of that was not waited for.
const SourceStatus late{SourceState::ran, "still at work when the time was over", {}};

/// What became of a source whose coroutine has ended.
SourceStatus ending_of(const std::exception_ptr& thrown, Result<SourceStatus> status) {
  if (thrown) {
    // A fault in one source does not blind the others.
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      return {SourceState::failed, e.what(), "please report it"};
    }
  }
  if (status) return *std::move(status);
  if (status.error().condition() == Condition::cancelled) return {};  // its time was over
  return {SourceState::failed, status.error().message(), status.error().hint};
}

/// A port is there until it is unplugged; the others have to be heard.
bool fades(const std::string& source) { return source != "usb"; }

}  // namespace

/// A source at work. Its coroutine holds it, so that it lives as long as that does.
struct Search::Worker {
  Worker(std::unique_ptr<Source> s, SourceContext c)
      : info(s->info()), source(std::move(s)), context(std::move(c)) {}

  SourceInfo info;
  std::unique_ptr<Source> source;
  SourceContext context;
  asio::cancellation_signal cancel;
  bool asked = false;
  bool running = false;
  SourceStatus status{SourceState::not_asked, {}, {}};
  SourceStatus told;  ///< all is well until something else is told
};

Result<std::unique_ptr<Search>> Search::make(asio::io_context& loop, const Request& request,
                                             std::vector<std::unique_ptr<Source>> sources,
                                             Surroundings surroundings, net::Clock& clock,
                                             EventSink& sink) {
  std::vector<std::string> names;
  for (const auto& source : sources) names.push_back(source->info().name);
  AIOT_TRY(const std::vector<bool> asked, select(names, request));
  AIOT_CHECK(parse_subnets(request.subnets));
  std::optional<filter::Filter> where;
  if (!request.where.empty()) {
    AIOT_TRY(where, filter::Filter::parse(request.where));
  }
  std::unique_ptr<Search> search(new Search(loop, request, std::move(surroundings), clock, sink,
                                            Reporter(sink, std::move(where))));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    SourceContext context{request, clock, search->deadline_,
                          [raw = search.get()](Observation o) { raw->take(std::move(o)); }};
    auto worker = std::make_shared<Worker>(std::move(sources[i]), std::move(context));
    worker->asked = asked[i];
    worker->context.tell = [raw = search.get(), its = worker.get()](SourceStatus status) {
      raw->tell_status(*its, std::move(status));
    };
    search->workers_.push_back(std::move(worker));
  }
  return search;
}

Search::Search(asio::io_context& loop, const Request& request, Surroundings surroundings,
               net::Clock& clock, EventSink& sink, Reporter reporter)
    : loop_(loop),
      request_(request),
      clock_(clock),
      sink_(sink),
      begin_(clock.now()),
      deadline_(request.watch ? net::TimePoint::max() : begin_ + request.timeout),
      registry_(std::move(surroundings)),
      reporter_(std::move(reporter)) {}

Search::~Search() = default;

void Search::start() {
  for (const auto& worker : workers_) {
    if (worker->asked) start_worker(worker);
  }
  if (!request_.watch) end_at_deadline();
  look_around_regularly();
}

void Search::start_worker(const std::shared_ptr<Worker>& worker) {
  worker->running = true;
  ++running_;
  const auto work = [worker]() -> net::Task<SourceStatus> {
    co_await asio::this_coro::throw_if_cancelled(false);
    Result<SourceStatus> status = co_await worker->source->run(worker->context);
    co_return status;
  };
  const auto ended = [this, worker](const std::exception_ptr& thrown, Result<SourceStatus> status) {
    worker->running = false;
    const SourceStatus ending = ending_of(thrown, std::move(status));
    if (request_.watch && !stopped_ && ending.state != SourceState::ran) {
      tell_status(*worker, ending);
    }
    worker->status = ending;
    worker_ended();
  };
  asio::co_spawn(loop_, work, asio::bind_cancellation_slot(worker->cancel.slot(), ended));
}

void Search::worker_ended() {
  if (--running_ > 0) return;
  registry_.look_up_macs();
  tell();
  done_ = true;
}

void Search::tell_status(Worker& worker, SourceStatus status) {
  if (done_ || status.state == worker.told.state) return;
  worker.told = std::move(status);
  std::string text = fmt::format("{}: {}", worker.info.name, state_name(worker.told.state));
  if (!worker.told.detail.empty()) text += " (" + worker.told.detail + ")";
  sink_.on_event(event::Notice{{}, "discover.source", std::move(text), worker.told.hint});
}

void Search::take(Observation observation) {
  if (done_) return;
  registry_.add(std::move(observation), clock_.now());
  if (telling_) return;
  telling_ = true;
  const auto tell_soon = [this]() -> asio::awaitable<void> {
    const Result<void> slept = co_await clock_.sleep_for(pause_before_telling);
    if (slept && !done_) tell();
  };
  asio::co_spawn(loop_, tell_soon, asio::detached);
}

void Search::tell() {
  telling_ = false;
  reporter_.tell(registry_.take_changes());
}

void Search::end_at_deadline() {
  const auto wait = [this]() -> asio::awaitable<void> {
    const Result<void> slept = co_await clock_.sleep_until(deadline_);
    if (slept) cancel_workers();
  };
  asio::co_spawn(loop_, wait, asio::detached);
}

void Search::look_around_regularly() {
  const auto look = [this]() -> asio::awaitable<void> {
    while (!done_) {
      const Result<void> slept = co_await clock_.sleep_for(regularly);
      if (!slept || done_) co_return;
      registry_.look_up_macs();
      if (request_.watch) registry_.expire(clock_.now() - longest_silence, fades);
      tell();
    }
  };
  asio::co_spawn(loop_, look, asio::detached);
}

void Search::stop() {
  stopped_ = true;
  cancel_workers();
}

void Search::cancel_workers() {
  for (const auto& worker : workers_) {
    if (worker->running) worker->cancel.emit(asio::cancellation_type::terminal);
  }
}

Record Search::result() const {
  Array sources;
  for (const auto& worker : workers_) {
    const SourceStatus& status = worker->running ? late : worker->status;
    sources.emplace_back(Object{{"name", worker->info.name},
                                {"state", state_name(status.state)},
                                {"detail", status.detail},
                                {"hint", status.hint}});
  }
  const std::chrono::duration<double> seconds = clock_.now() - begin_;
  return {"aiot.discover/1", Object{{"devices", reporter_.devices()},
                                    {"sources", std::move(sources)},
                                    {"complete", !stopped_ || request_.watch},
                                    {"seconds", seconds.count()}}};
}

}  // namespace aiot::discover
