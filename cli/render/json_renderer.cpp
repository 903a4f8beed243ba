#include <fmt/format.h>

#include <iterator>
#include <ostream>
#include <set>

#include "aiot/version.hpp"
#include "render/diagnostics.hpp"
#include "render/json.hpp"

namespace aiot::cli::render {
namespace {

Object failure_fields(const Failure& failure) {
  Object fields(
      {{"code", failure.error.stable_code()}, {"device", failure.device}, {"step", failure.step}});
  const Object error = error_fields(failure.error);
  for (const auto& [name, value] : error.fields()) fields.set(name, value);
  return fields;
}

/// `--json`: nothing until the end, then one document. Warnings and errors also go to stderr.
class JsonRenderer final : public Renderer {
 public:
  JsonRenderer(std::ostream& out, std::ostream& err, Options options)
      : Renderer(std::move(options)), out_(out), err_(err) {}

 private:
  void show(const Event& event) override {
    if (const auto* notice = std::get_if<event::Notice>(&event)) {
      notices_.emplace_back(Object({{"device", notice->device},
                                    {"code", notice->code},
                                    {"message", notice->text},
                                    {"hint", notice->hint}}));
      if (!options().quiet) print_notice(err_, *notice, options().color_err);
    }
  }
  void end(const Outcome& outcome, int exit) override {
    Array errors;
    for (const Failure& failure : outcome.failures) {
      errors.emplace_back(failure_fields(failure));
      print_failure(err_, failure, options().color_err);
    }
    const std::string schema(outcome.record.schema());
    Object document({{"schema", schema.empty() ? std::string("aiot.error/1") : schema},
                     {"version", version()},
                     {"ok", exit == 0},
                     {"exit", exit},
                     {"data", outcome.record.fields()},
                     {"errors", std::move(errors)},
                     {"notices", std::move(notices_)}});
    out_ << to_json(document) << '\n';
  }

  std::ostream& out_;
  std::ostream& err_;
  Array notices_;
};

const char* level_name(event::Level level) {
  switch (level) {
    case event::Level::debug: return "debug";
    case event::Level::info: return "info";
    case event::Level::warning: return "warning";
  }
  return "info";
}

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
  void line(const event::Started& e) { print("started", e.device, {{"job", e.job}}); }
  void line(const event::Step& e) {
    print("step", e.device, {{"name", e.name}, {"weight", e.weight}});
  }
  void line(const event::Progress& e) {
    auto [it, first] = last_progress_.try_emplace(e.device, elapsed());
    // A consumer wants movement, not every block.
    if (!first && e.done < e.total && elapsed() - it->second < progress_interval) return;
    it->second = elapsed();
    print("progress", e.device, {{"done", e.done}, {"total", e.total}, {"unit", e.unit}});
  }
  void line(const event::Log& e) {
    if (e.level == event::Level::debug && options().verbosity == 0) return;
    print("log", e.device, {{"level", level_name(e.level)}, {"text", e.text}});
  }
  void line(const event::Notice& e) {
    print("notice", e.device, {{"code", e.code}, {"message", e.text}, {"hint", e.hint}});
  }
  void line(const event::Item& e) {
    // There may be a flood of these: written in place, in the form that print() gives.
    line_ = "{";
    append_json_field(line_, "event", e.kind);
    line_ += ',';
    append_json_field(line_, "device", e.device);
    fmt::format_to(std::back_inserter(line_), ",\"time_s\":{},", seconds());
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
    print("finished", e.device, {{"schema", e.result.schema()}, {"data", e.result.fields()}});
  }
  void line(const event::Failed& e) {
    failed_.insert(e.device);
    Object fields({{"step", e.step}});
    const Object error = error_fields(e.error);
    for (const auto& [name, value] : error.fields()) fields.set(name, value);
    print("failed", e.device, fields);
  }

  void print(const char* kind, const std::string& device, const Object& fields) {
    Object all({{"event", kind}, {"device", device}, {"time_s", seconds()}});
    for (const auto& [name, value] : fields.fields()) all.set(name, value);
    out_ << to_json(all) << '\n';
    out_.flush();
  }
  double seconds() const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed());
    return static_cast<double>(ms.count()) / 1000;
  }
  void end(const Outcome& outcome, int exit) override {
    // Jobs without devices, and errors before the first device, say so here.
    if (outcome.devices == 0 && !finished_ && outcome.record) {
      line(event::Finished{"", outcome.record});
    }
    for (const Failure& failure : outcome.failures) {
      print_failure(err_, failure, options().color_err);
      if (!failed_.contains(failure.device)) {
        line(event::Failed{failure.device, failure.step, failure.error});
      }
    }
    const Object last({{"event", "end"},
                       {"version", version()},
                       {"time_s", seconds()},
                       {"ok", exit == 0},
                       {"exit", exit}});
    out_ << to_json(last) << '\n';
    out_.flush();
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
