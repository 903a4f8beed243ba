#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "environment.hpp"

namespace aiot::cli {

/// Standard input as it comes: blocks until there are bytes. "" at its end, and when `stop` is
/// requested.
std::string read_standard_input(const std::stop_token& stop);

/// Standard input's terminal takes keys one by one, without echo and without making signals of
/// them, while the returned object lives. Whatever ends the process puts its settings back, signals
/// and crashes too. nullptr when it is no terminal.
std::shared_ptr<void> raw_terminal();

/// The same, but it still takes lines and makes signals: only what is typed is not shown, and what
/// was typed before is dropped.
std::shared_ptr<void> silent_terminal();

/// Puts the settings back when one of these has changed them. Async-signal-safe.
void restore_terminal() noexcept;

/// SIGINT and SIGTERM of this process, taken by a thread of their own once started, so that no
/// handler has to be async-signal-safe.
class ProcessSignals final : public Signals {
 public:
  ProcessSignals() = default;
  ~ProcessSignals() override;
  ProcessSignals(const ProcessSignals&) = delete;
  ProcessSignals& operator=(const ProcessSignals&) = delete;

  std::stop_token start() override;
  void asking(bool now) override { asking_ = now; }
  /// Call before start().
  void stop_when_reader_leaves() override { watch_reader_ = true; }
  int exit_code() const override { return exit_; }

 private:
  void watch();

  std::stop_source stop_;
  std::atomic<bool> asking_{false};
  std::atomic<int> exit_{0};
  bool watch_reader_ = false;
  int signal_fd_ = -1;
  int end_fd_ = -1;
  std::thread thread_;
};

}  // namespace aiot::cli
