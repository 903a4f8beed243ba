#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "job/listen/conditions.hpp"
#include "job/listen/log_file.hpp"
#include "job/listen/panic.hpp"
#include "job/listen/source.hpp"

namespace aiot::listen {

/// What the job takes from outside, so that tests bring scripted links and virtual time.
struct Environment {
  net::Clock* clock = nullptr;
  std::function<SystemTime()> now;  ///< time of day
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};
Environment real_environment();

/// Runs all sources side by side on the caller's loop, until one of the request's conditions, the
/// last source's end or stop() ends them all.
class Job {
 public:
  /// Checks everything that can be checked without opening a source.
  static Result<std::unique_ptr<Job>> make(net::asio::io_context& loop,
                                                 std::span<const Address> sources,
                                                 const Request& request, Environment environment,
                                                 EventSink& sink);
  ~Job();

  void start();
  /// Everything has ended, and nothing runs any more.
  bool done() const { return ended_by_ && running_ == 0; }
  /// By the user. Idempotent.
  void stop() { end(EndedBy::stop); }
  /// Hands bytes to every source that takes any; `sent` is called when that is done.
  void send(Bytes data, std::function<void()> sent);
  /// Nothing more is at hand: writes out what was collected.
  void pause();
  /// Once it is done.
  Report report();

 private:
  struct Listener;
  Job(net::asio::io_context& loop, const Request& request, Environment environment, EventSink& sink,
      Conditions conditions);

  void start(Listener& listener);
  /// Ends the job after `time`, 0 never.
  void limit(std::chrono::milliseconds time, EndedBy reason);
  void receive(Listener& listener, Message message);
  void notice(const std::string& device, std::string code, std::string text, std::string hint);
  void ended(Listener& listener, Result<void> how);
  void end(EndedBy reason);
  net::asio::awaitable<void> send_to_all(Bytes data);
  void keep(const Message& message);
  std::optional<Error> check_error() const;

  net::asio::io_context& loop_;
  const Request& request_;
  Environment environment_;
  EventSink& sink_;
  Conditions conditions_;
  std::optional<LogFile> log_;
  std::optional<image::SourceMap> source_map_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<net::asio::cancellation_signal>> limits_;
  net::TimePoint begin_{};
  std::optional<EndedBy> ended_by_;
  std::optional<std::string> matched_;  // the payload that ended it
  std::vector<Message> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t running_ = 0;    // coroutines
  std::size_t listening_ = 0;  // sources that have not ended
  std::uint64_t filtered_ = 0;
};

}  // namespace aiot::listen
