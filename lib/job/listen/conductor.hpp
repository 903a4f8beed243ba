#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "job/listen/log_file.hpp"
#include "job/listen/message.hpp"
#include "job/listen/panic.hpp"
#include "job/listen/source.hpp"
#include "job/listen/verdict.hpp"

namespace aiot::listen {

/// What the job takes from outside, so that tests bring scripted links and virtual time.
struct Environment {
  net::Clock* clock = nullptr;
  std::function<SystemTime()> now;  ///< time of day
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};
Environment real_environment();

/// Runs all sources side by side on a loop that somebody else turns, until one of the request's
/// conditions, the last source's end or stop() ends them all.
class Conductor {
 public:
  /// Checks everything that can be checked without opening a source.
  static Result<std::unique_ptr<Conductor>> make(net::asio::io_context& loop,
                                                 std::span<const Address> sources,
                                                 const Request& request, Environment environment,
                                                 EventSink& sink);
  ~Conductor();

  void start();
  /// Everything has ended, and nothing runs any more.
  bool done() const { return ended_by_ != nullptr && running_ == 0; }
  /// The user's wish. Idempotent.
  void stop() { end("stop"); }
  /// Hands bytes to every source that takes any; `sent` is called when that is done.
  void send(Bytes data, std::function<void()> sent);
  /// Nothing more is at hand: writes out what was collected.
  void pause();
  /// Once it is done.
  Report report();

 private:
  struct Listener;
  Conductor(net::asio::io_context& loop, const Request& request, Environment environment,
            EventSink& sink, Judge judge);

  void start(Listener& listener);
  /// Ends the job after `time`, 0 never.
  void limit(std::chrono::milliseconds time, const char* reason);
  void receive(Listener& listener, Message message);
  void notice(const std::string& device, std::string code, std::string text, std::string hint);
  void ended(Listener& listener, Result<void> how);
  void end(const char* reason);
  net::asio::awaitable<void> send_to_all(Bytes data);
  std::optional<Error> verdict_error() const;

  net::asio::io_context& loop_;
  const Request& request_;
  Environment environment_;
  EventSink& sink_;
  Judge judge_;
  TimeText time_text_;
  std::optional<LogFile> log_;
  std::optional<image::SourceMap> source_map_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<net::asio::cancellation_signal>> limits_;
  net::TimePoint begin_{};
  const char* ended_by_ = nullptr;  // what ended it, in the words of the result
  std::string decided_;             // the payload that ended it
  std::size_t running_ = 0;         // coroutines
  std::size_t listening_ = 0;       // sources that have not ended
  std::uint64_t filtered_ = 0;
};

}  // namespace aiot::listen
