#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "job/discover/registry.hpp"
#include "job/discover/reporter.hpp"
#include "job/discover/source.hpp"

namespace aiot::discover {

/// All sources side by side on one loop, until the deadline: what run() does, with time, sources
/// and surroundings passed in.
class Search {
 public:
  /// Checks the request, and prepares the sources that it asks for: the errors of select(),
  /// parse_subnets() and filter::Filter::parse. The request outlives the search.
  static Result<std::unique_ptr<Search>> make(net::asio::io_context& loop, const Request& request,
                                              std::vector<std::unique_ptr<Source>> sources,
                                              Surroundings surroundings, net::Clock& clock,
                                              EventSink& sink);
  ~Search();

  /// Begins to look, on the loop.
  void start();
  /// Ends every source before its time. On the thread of the loop.
  void stop();
  /// Every source has ended, and all is told.
  bool done() const { return done_; }
  /// When it ends; max() when it goes on until it is stopped.
  net::TimePoint deadline() const { return deadline_; }
  /// Schema "aiot.discover/1", at any time.
  Record result() const;

 private:
  struct Worker;
  Search(net::asio::io_context& loop, const Request& request, Surroundings surroundings,
         net::Clock& clock, EventSink& sink, Reporter reporter);

  void start_worker(const std::shared_ptr<Worker>& worker);
  void worker_ended();
  /// Whoever watches for long is told what becomes of a source as it happens.
  void tell_status(Worker& worker, SourceStatus status);
  void take(Observation observation);
  void tell_soon();
  void tell();
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
  bool telling_ = false;
  bool stopped_ = false;
  bool done_ = false;
};

}  // namespace aiot::discover
