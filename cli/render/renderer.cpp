#include "render/renderer.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <ostream>
#include <set>
#include <thread>

#include "aiot/bytes.hpp"
#include "aiot/version.hpp"
#include "errors.hpp"
#include "render/diagnostics.hpp"
#include "render/envelope.hpp"
#include "render/exit.hpp"
#include "render/json.hpp"
#include "render/progress.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {

Renderer::Renderer(Options options) : options_(std::move(options)), start_(clock()) {}

std::chrono::nanoseconds Renderer::clock() const {
  return options_.now ? options_.now() : std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::nanoseconds Renderer::elapsed() const { return clock() - start_; }

double Renderer::time_s() const {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed());
  return static_cast<double>(ms.count()) / 1000;
}

void Renderer::on_event(const Event& event) {
  if (log_) log_->on_event(event);
  show(event);
}

bool Renderer::item_is_due() {
  constexpr std::chrono::milliseconds longest_hold{20};
  if (!hold_items_) return true;
  const std::chrono::nanoseconds now = elapsed();
  if (now - last_flush_ < longest_hold) return false;
  last_flush_ = now;
  return true;
}

int Renderer::finish(const Outcome& outcome) {
  const int exit = exit_code(outcome, options_.signals ? options_.signals->exit_code() : 0);
  end(outcome, exit);
  return exit;
}

std::unique_ptr<Renderer> make_renderer(Format format, std::ostream& out, std::ostream& err,
                                        Options options) {
  switch (format) {
    case Format::json: return make_json_renderer(out, err, std::move(options));
    case Format::jsonl: return make_jsonl_renderer(out, err, std::move(options));
    case Format::text: break;
  }
  return make_text_renderer(out, err, std::move(options));
}

namespace {

/// For people: progress and diagnostics on stderr while it runs, the result on stdout at the end.
class TextRenderer final : public Renderer {
 public:
  TextRenderer(std::ostream& out, std::ostream& err, Options given)
      : Renderer(std::move(given)), out_(out), err_(err) {
    const Terminal& terminal = options().terminal;
    if (options().quiet) return;
    if (terminal.err && !terminal.dumb) {
      progress_ = make_bars(err, terminal, options().color_err);
    } else if (options().verbosity > 0) {
      progress_ = make_lines(err);
    }
  }

 private:
  void show(const Event& event) override {
    const std::lock_guard lock(mutex_);
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const event::Started& e) {
    changed(device(e.device));
    start_ticks();
  }
  void take(const event::Step& e) {
    DeviceProgress& d = device(e.device);
    d.step = e.name;
    d.done = d.total = 0;
    changed(d);
  }
  void take(const event::Progress& e) {
    DeviceProgress& d = device(e.device);
    if (d.total == 0) {
      d.first_done = e.done;
      d.first_at = elapsed();
    }
    d.done = e.done;
    d.total = e.total;
    d.unit = e.unit;
    changed(d);
  }
  void take(const event::Log& e) {
    const int needed = e.level == event::Level::debug ? 2 : e.level == event::Level::info ? 1 : 0;
    if (options().quiet || options().verbosity < needed) return;
    interrupt();
    const std::string from = e.device.empty() ? "" : escape_controls(e.device) + ": ";
    const char* kind = e.level == event::Level::warning ? "warning: " : "";
    err_ << from << styled(kind, "1;33", options().color_err && *kind) << escape_controls(e.text)
         << '\n';
  }
  void take(const event::Notice& e) {
    if (options().quiet) return;
    interrupt();
    print_notice(err_, e, options());
  }
  void take(const event::Item& e) {
    const std::string text = text_of(e);
    if (text.empty()) return;
    interrupt();
    out_ << text;
    if (item_is_due()) out_.flush();
  }
  void take(const event::Finished& e) {
    DeviceProgress& d = device(e.device);
    d.state = DeviceProgress::State::done;
    changed(d);
  }
  void take(const event::Failed& e) {
    DeviceProgress& d = device(e.device);
    d.state = DeviceProgress::State::failed;
    d.ending = e.error.message();
    changed(d);
  }

  DeviceProgress& device(const std::string& name) {
    const auto it = std::find_if(devices_.begin(), devices_.end(),
                                 [&](const DeviceProgress& d) { return d.device == name; });
    if (it != devices_.end()) return *it;
    DeviceProgress& added = devices_.emplace_back();
    added.device = name;
    return added;
  }
  void changed(DeviceProgress& d) {
    if (!progress_) return;
    d.moved_at = elapsed();
    progress_->update(devices_, static_cast<std::size_t>(&d - devices_.data()), elapsed());
  }
  void interrupt() {
    if (progress_) progress_->clear();
  }

  void flush_items() override { out_.flush(); }
  void end(const Outcome& outcome, int) override {
    ticker_ = {};
    interrupt();
    if (outcome.text) {
      outcome.text(out_);
    } else if (outcome.record) {
      const Terminal& terminal = options().terminal;
      const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
      out_ << describe(outcome.record.fields(), width);
    }
    out_.flush();
    for (const Failure& failure : outcome.failures) {
      print_failure(err_, failure, options());
    }
    if (outcome.devices > 1 && !outcome.failures.empty()) {
      err_ << fmt::format("{} of {} {}s failed\n", failed_devices(outcome), outcome.devices,
                          outcome.noun);
    }
  }

  /// A device that says nothing makes no events: a thread looks at the clock.
  void start_ticks() {
    if (!progress_ || ticker_.joinable()) return;
    // The signals are for other threads.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ticker_ = std::jthread([this](const std::stop_token& stop) {
      std::unique_lock lock(mutex_);
      while (!stop.stop_requested()) {
        wake_.wait_for(lock, stop, tick_interval, [] { return false; });
        if (!stop.stop_requested()) progress_->tick(devices_, elapsed());
      }
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  static constexpr std::chrono::milliseconds tick_interval{500};

  std::ostream& out_;
  std::ostream& err_;
  std::unique_ptr<Progress> progress_;
  std::vector<DeviceProgress> devices_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread ticker_;  ///< last: it uses the others
};

}  // namespace

std::unique_ptr<Renderer> make_text_renderer(std::ostream& out, std::ostream& err,
                                             Options options) {
  return std::make_unique<TextRenderer>(out, err, std::move(options));
}

namespace {

ErrorEntry entry_of(const Failure& failure) {
  const Error& error = failure.error;
  return {error.stable_code(), failure.device,   failure.step,
          error.message(),     full_hint(error), error.retryable()};
}

/// `--json`: nothing until the end, then one document. Warnings and errors also go to stderr.
class JsonRenderer final : public Renderer {
 public:
  JsonRenderer(std::ostream& out, std::ostream& err, Options options)
      : Renderer(std::move(options)), out_(out), err_(err) {}

 private:
  void show(const Event& event) override {
    if (const auto* notice = std::get_if<event::Notice>(&event)) {
      document_.notices.push_back({notice->device, notice->code, notice->text, notice->hint});
      if (!options().quiet) print_notice(err_, *notice, options());
    }
  }
  void end(const Outcome& outcome, int exit) override {
    for (const Failure& failure : outcome.failures) {
      document_.errors.push_back(entry_of(failure));
      print_failure(err_, failure, options());
    }
    if (outcome.record) document_.schema = outcome.record.schema();
    document_.version = version();
    document_.ok = exit == 0;
    document_.exit = exit;
    document_.data = outcome.record.fields();
    if (!outcome.record && options().lists != nullptr) document_.data = options().lists();
    out_ << to_json(fields_of(document_)) << '\n';
  }

  std::ostream& out_;
  std::ostream& err_;
  Envelope document_;
};

/// `--jsonl`: a line an event, as it happens; the last line is `end`.
class JsonlRenderer final : public Renderer {
 public:
  JsonlRenderer(std::ostream& out, std::ostream& err, Options options)
      : Renderer(std::move(options)), out_(out), err_(err) {}

 private:
  static constexpr std::chrono::milliseconds progress_interval{100};

  void show(const Event& event) override {
    std::visit([this](const auto& e) { line(e); }, event);
  }
  void line(const event::Started& e) {
    print({.event = "started", .device = e.device, .job = e.job});
  }
  void line(const event::Step& e) {
    print({.event = "step", .device = e.device, .name = e.name, .weight = e.weight});
  }
  void line(const event::Progress& e) {
    auto [it, first] = last_progress_.try_emplace(e.device, elapsed());
    // A consumer wants movement, not every block.
    if (!first && e.done < e.total && elapsed() - it->second < progress_interval) return;
    it->second = elapsed();
    print({.event = "progress",
           .device = e.device,
           .done = e.done,
           .total = e.total,
           .unit = e.unit});
  }
  void line(const event::Log& e) {
    if (e.level == event::Level::debug && options().verbosity == 0) return;
    print({.event = "log", .device = e.device, .level = e.level, .text = e.text});
  }
  void line(const event::Notice& e) {
    print(
        {.event = "notice", .device = e.device, .code = e.code, .message = e.text, .hint = e.hint});
  }
  void line(const event::Item& e) {
    // There may be a flood of these: written in place, in the form that print() gives.
    line_ = "{";
    append_json_field(line_, "event", e.kind);
    line_ += ',';
    append_json_field(line_, "device", e.device);
    fmt::format_to(std::back_inserter(line_), ",\"time_s\":{},", time_s());
    append_json_field(line_, "schema", e.record.schema());
    line_ += ",\"data\":";
    append_json(line_, e.record);
    line_ += "}\n";
    out_ << line_;
    if (item_is_due()) out_.flush();
  }
  void flush_items() override { out_.flush(); }
  void line(const event::Finished& e) {
    finished_ = true;
    print({.event = "finished",
           .device = e.device,
           .schema = std::string(e.result.schema()),
           .data = e.result.fields()});
  }
  void line(const event::Failed& e) {
    failed_.insert(e.device);
    ErrorEntry entry = entry_of({e.device, e.step, e.error});
    print({.event = "failed",
           .device = std::move(entry.device),
           .step = std::move(entry.step),
           .code = std::move(entry.code),
           .message = std::move(entry.message),
           .hint = std::move(entry.hint),
           .retryable = entry.retryable});
  }

  void print(EventLine line) {
    line.time_s = time_s();
    out_ << to_json(fields_of(line)) << '\n';
    out_.flush();
  }
  void end(const Outcome& outcome, int exit) override {
    // Jobs without devices, and errors before the first device, say so here.
    if (outcome.devices == 0 && !finished_ && outcome.record) {
      line(event::Finished{"", outcome.record});
    }
    for (const Failure& failure : outcome.failures) {
      print_failure(err_, failure, options());
      if (!failed_.contains(failure.device)) {
        line(event::Failed{failure.device, failure.step, failure.error});
      }
    }
    print({.event = "end", .version = version(), .ok = exit == 0, .exit = exit});
  }

  std::ostream& out_;
  std::ostream& err_;
  std::map<std::string, std::chrono::nanoseconds> last_progress_;
  std::set<std::string> failed_;
  std::string line_;  // of an item; keeps its room
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Renderer> make_json_renderer(std::ostream& out, std::ostream& err,
                                             Options options) {
  return std::make_unique<JsonRenderer>(out, err, std::move(options));
}

std::unique_ptr<Renderer> make_jsonl_renderer(std::ostream& out, std::ostream& err,
                                              Options options) {
  return std::make_unique<JsonlRenderer>(out, err, std::move(options));
}

}  // namespace aiot::cli::render
