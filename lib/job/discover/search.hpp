#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "job/discover/registry.hpp"
#include "job/discover/reporter.hpp"
#include "job/discover/source.hpp"

namespace aiot::discover {

/// Which of `names` a request asks for, in their order: those of `only`, or all, without those of
/// `except`. Errc::unknown_source with the nearest name, Errc::no_sources.
Result<std::vector<bool>> select(const std::vector<std::string>& names, const Request& request);

/// The interfaces that are asked for are there; `names` are this machine's.
/// Errc::unknown_interface.
Result<void> check_interfaces(const Request& request, const std::vector<std::string>& names);

/// All sources side by side on one loop, until the deadline: what run() does, with time, sources
/// and network passed in.
class Search {
 public:
  /// Checks the request, and prepares the sources that it asks for: the errors of select(),
  /// parse_subnets() and filter::Filter::parse. The request outlives the search.
  static Result<std::unique_ptr<Search>> make(net::asio::io_context& loop, const Request& request,
                                              std::vector<std::unique_ptr<Source>> sources,
                                              Network network, net::Clock& clock,
                                              EventSink& sink);
  ~Search();

  /// Begins to look, on the loop.
  void start();
  /// Ends every source before its time. On the thread of the loop.
  void stop();
  /// Every source has ended, and everything is reported.
  bool done() const { return done_; }
  /// When it ends; max() when it goes on until it is stopped.
  net::TimePoint deadline() const { return deadline_; }
  /// Schema "aiot.discover/1", at any time.
  Report result() const;

 private:
  struct Worker;
  Search(net::asio::io_context& loop, const Request& request, Network network,
         net::Clock& clock, EventSink& sink, Reporter reporter);

  void start_worker(const std::shared_ptr<Worker>& worker);
  void worker_ended();
  /// While watching, what becomes of a source is reported as it happens.
  void report_status(Worker& worker, SourceStatus status);
  void take(Observation observation);
  void report_changes();
  void end_at_deadline();
  void look_around_regularly();
  void cancel_workers();

  net::asio::io_context& loop_;
  const Request& request_;
  net::Clock& clock_;
  EventSink& sink_;
  net::TimePoint begin_;
  net::TimePoint deadline_;
  Registry registry_;
  Reporter reporter_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::size_t running_ = 0;
  bool report_is_due_ = false;
  bool stopped_ = false;
  bool done_ = false;
};

}  // namespace aiot::discover
