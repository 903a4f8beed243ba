#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/value.hpp"
#include "environment.hpp"
#include "settings.hpp"

/// The only place that prints. A job's events come in while it runs, its outcome at the end.
namespace aiot::cli::render {

/// What failed, where.
struct Failure {
  std::string device;  ///< "" when it concerns no device
  std::string step;
  Error error;
};

/// How a command ended.
struct Outcome {
  Document record;                ///< empty when there is no result
  std::vector<Failure> failures;  ///< in the order of the devices
  std::size_t devices = 0;        ///< how many were tried
  const char* noun = "device";    ///< what these are
  /// What failed is what the exit code says, also when other devices are well.
  bool failures_decide = false;
  /// The result as text; nullptr prints the record's fields.
  std::function<void(std::ostream&)> text;
  bool ended_by_signal_is_success = false;  ///< `sim`: stopping it is how it ends
};

struct Options {
  bool quiet = false;
  int verbosity = 0;
  bool color_out = false;
  bool color_err = false;
  Terminal terminal;
  std::function<std::chrono::nanoseconds()> now;
  const Signals* signals = nullptr;
  Object (*lists)() = nullptr;  ///< of the command: `data` when there is no result
};

class Renderer : public EventSink {
 public:
  explicit Renderer(Options options);

  /// Gives the event to the log file and to the form of this renderer.
  void on_event(const Event& event) final;
  /// Writes out whatever was held back.
  void on_pause() final { flush_items(); }
  /// Prints the result and the errors; returns the exit code. Called once.
  int finish(const Outcome& outcome);
  /// How an item of the job reads for people, with its line feed; "" says nothing. Without it items
  /// are not shown as text. JSON Lines have them always, one JSON document has them in its result.
  using ItemText = std::function<std::string(const event::Item&)>;
  void show_items(ItemText text) { item_text_ = std::move(text); }
  /// The job reports its pauses: a flood of items is written out then, and every 20 ms meanwhile,
  /// not one by one.
  void hold_items() { hold_items_ = true; }
  /// Since the command began, in whole milliseconds: `time_s` of every event.
  double time_s() const;
  /// Every event goes to `log` too.
  void log_to(std::unique_ptr<EventSink> log) { log_ = std::move(log); }

 protected:
  virtual void show(const Event& event) = 0;
  virtual void end(const Outcome& outcome, int exit) = 0;
  /// Flushes the stream that items go to.
  virtual void flush_items() {}
  /// True when an item that was just printed should be flushed.
  bool item_is_due();

  const Options& options() const { return options_; }
  std::string text_of(const event::Item& item) const {
    return item_text_ ? item_text_(item) : std::string();
  }
  /// Since this renderer was made.
  std::chrono::nanoseconds elapsed() const;

 private:
  std::chrono::nanoseconds clock() const;

  Options options_;
  std::chrono::nanoseconds start_;
  std::unique_ptr<EventSink> log_;
  ItemText item_text_;
  bool hold_items_ = false;
  std::chrono::nanoseconds last_flush_{0};
};

std::unique_ptr<Renderer> make_renderer(Format format, std::ostream& out, std::ostream& err,
                                        Options options);

std::unique_ptr<Renderer> make_text_renderer(std::ostream& out, std::ostream& err, Options options);
std::unique_ptr<Renderer> make_json_renderer(std::ostream& out, std::ostream& err, Options options);
std::unique_ptr<Renderer> make_jsonl_renderer(std::ostream& out, std::ostream& err,
                                              Options options);

}  // namespace aiot::cli::render
