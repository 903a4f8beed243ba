#include "job/discover/search.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <exception>

#include "aiot/units.hpp"
#include "job/discover/error.hpp"
#include "job/discover/udp.hpp"

namespace aiot::discover {
namespace asio = net::asio;
using namespace std::chrono_literals;

namespace {

/// What comes within this time is reported together: the parts of one answer, and a device that two
/// sources find at once.
constexpr auto pause_before_report = 25ms;
/// How often the neighbour table is asked again, and what is silent is looked for.
constexpr auto regularly = 250ms;
/// A device that has been silent for so long is lost. Sources ask again several times within
/// it.
constexpr auto longest_silence = 180s;

/// It has looked; its own report was not waited for.
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

/// A port is there until it is unplugged; the others announce themselves.
bool fades(const std::string& source) { return source != "usb"; }

}  // namespace

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> check_names(const std::vector<std::string>& asked,
                         const std::vector<std::string>& names, Errc unknown) {
  for (const std::string& name : asked) {
    if (has(names, name)) continue;
    const std::string near = nearest_word(name, names);
    return make_error(unknown, fmt::format("\"{}\"", name),
                      near.empty() ? fmt::format("there are {}", fmt::join(names, ", "))
                                   : fmt::format("did you mean {}?", near));
  }
  return {};
}

}  // namespace

Result<std::vector<bool>> select(const std::vector<std::string>& names, const Request& request) {
  AIOT_CHECK(check_names(request.only, names, Errc::unknown_source));
  AIOT_CHECK(check_names(request.except, names, Errc::unknown_source));
  std::vector<bool> asked;
  for (const std::string& name : names) {
    const bool wanted = request.only.empty() || has(request.only, name);
    asked.push_back(wanted && !has(request.except, name));
  }
  if (std::none_of(asked.begin(), asked.end(), [](bool wanted) { return wanted; })) {
    return make_error(Errc::no_sources, {},
                      fmt::format("leave some of {}", fmt::join(names, ", ")));
  }
  return asked;
}

Result<void> check_interfaces(const Request& request, const std::vector<std::string>& names) {
  // A search that watches may wait for one that is plugged in later.
  if (request.watch) return {};
  return check_names(request.interfaces, names, Errc::unknown_interface);
}

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
  SourceStatus reported;  ///< all is well until something else is reported
};

Result<std::unique_ptr<Search>> Search::make(asio::io_context& loop, const Request& request,
                                             std::vector<std::unique_ptr<Source>> sources,
                                             Network network, net::Clock& clock,
                                             EventSink& sink) {
  std::vector<std::string> names;
  for (const auto& source : sources) names.push_back(source->info().name);
  AIOT_TRY(const std::vector<bool> asked, select(names, request));
  AIOT_CHECK(parse_subnets(request.subnets));
  std::optional<filter::Filter> where;
  if (!request.where.empty()) {
    AIOT_TRY(where, filter::Filter::parse(request.where));
    AIOT_CHECK(check_fields(*where));
  }
  std::unique_ptr<Search> search(new Search(loop, request, std::move(network), clock, sink,
                                            Reporter(sink, std::move(where))));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    SourceContext context{request, clock, search->deadline_,
                          [raw = search.get()](Observation o) { raw->take(std::move(o)); }};
    auto worker = std::make_shared<Worker>(std::move(sources[i]), std::move(context));
    worker->asked = asked[i];
    worker->context.update = [raw = search.get(), its = worker.get()](SourceStatus status) {
      raw->report_status(*its, std::move(status));
    };
    search->workers_.push_back(std::move(worker));
  }
  return search;
}

Search::Search(asio::io_context& loop, const Request& request, Network network,
               net::Clock& clock, EventSink& sink, Reporter reporter)
    : loop_(loop),
      request_(request),
      clock_(clock),
      sink_(sink),
      begin_(clock.now()),
      deadline_(request.watch ? net::TimePoint::max() : begin_ + request.timeout),
      registry_(std::move(network)),
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
      report_status(*worker, ending);
    }
    worker->status = ending;
    worker_ended();
  };
  asio::co_spawn(loop_, work, asio::bind_cancellation_slot(worker->cancel.slot(), ended));
}

void Search::worker_ended() {
  if (--running_ > 0) return;
  registry_.look_up_macs();
  report_changes();
  done_ = true;
}

void Search::report_status(Worker& worker, SourceStatus status) {
  if (done_ || status.state == worker.reported.state) return;
  worker.reported = std::move(status);
  std::string text = fmt::format("{}: {}", worker.info.name, state_name(worker.reported.state));
  if (!worker.reported.detail.empty()) text += " (" + worker.reported.detail + ")";
  sink_.on_event(event::Notice{{}, "discover.source", std::move(text), worker.reported.hint});
}

void Search::take(Observation observation) {
  if (done_) return;
  registry_.add(std::move(observation), clock_.now());
  if (report_is_due_) return;
  report_is_due_ = true;
  const auto report_soon = [this]() -> asio::awaitable<void> {
    const Result<void> slept = co_await clock_.sleep_for(pause_before_report);
    if (slept && !done_) report_changes();
  };
  asio::co_spawn(loop_, report_soon, asio::detached);
}

void Search::report_changes() {
  report_is_due_ = false;
  reporter_.report(registry_.take_changes());
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
      report_changes();
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

Report Search::result() const {
  Report report{.devices = reporter_.devices(), .complete = !stopped_ || request_.watch};
  for (const auto& worker : workers_) {
    const SourceStatus& status = worker->running ? late : worker->status;
    report.sources.push_back({worker->info.name, status.state, status.detail, status.hint});
  }
  report.seconds = std::chrono::duration<double>(clock_.now() - begin_).count();
  return report;
}

}  // namespace aiot::discover
