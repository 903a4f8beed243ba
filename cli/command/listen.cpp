#include "aiot/listen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ostream>

#include "command/commands.hpp"
#include "command/keyboard.hpp"
#include "command/listen_options.hpp"
#include "errors.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

/// `--json` has all messages in its one document: as many as a document should hold.
constexpr std::size_t most_kept = 10'000;

/// Passes events on; keeps messages for a document, and stops when nobody takes the output.
class Ear final : public EventSink {
 public:
  Ear(render::Renderer& ui, std::ostream& out, bool keep, std::stop_source& stop)
      : ui_(ui), out_(out), keep_(keep), stop_(stop) {}
  void on_event(const Event& event) override {
    if (keep_) keep(event);
    ui_.on_event(event);
  }
  void on_pause() override {
    ui_.on_pause();
    if (!out_) stop_.request_stop();
  }
  Array take_kept() { return std::move(kept_); }

 private:
  void keep(const Event& event) {
    const auto* item = std::get_if<event::Item>(&event);
    if (item && kept_.size() < most_kept) kept_.emplace_back(item->record.fields());
  }

  render::Renderer& ui_;
  std::ostream& out_;
  bool keep_;
  std::stop_source& stop_;
  Array kept_;
};

std::string summary(const Object& fields) {
  const auto number = [&](const char* name) {
    const Value* value = fields.find(name);
    const auto* count = value ? std::get_if<std::uint64_t>(&value->storage()) : nullptr;
    return count ? *count : 0;
  };
  std::string text = fmt::format("{} messages, {} bytes", number("messages"), number("bytes"));
  if (number("filtered") > 0) text += fmt::format(", {} filtered out", number("filtered"));
  if (number("log_lost") > 0) text += fmt::format(", {} missing in the log", number("log_lost"));
  return text + '\n';
}

render::Outcome outcome_of(const listen::Report& report, std::size_t sources) {
  render::Outcome outcome;
  outcome.record = report.record;
  outcome.ended_by_signal_is_success = true;
  outcome.devices = sources;
  if (report.error) {
    // The check failed, or the record of it: that is what the exit code says.
    outcome.devices = 1;
    outcome.failures.push_back({"", "", *report.error});
  } else if (!report.checked) {
    for (const listen::Failure& failure : report.failures) {
      outcome.failures.push_back({failure.source.str(), "", failure.error});
    }
  }
  return outcome;
}

/// `--list`: every kind of address.
int list(Context& context) {
  const auto schemes = context.environment.listen_schemes();
  Array kinds;
  for (const listen::Scheme& scheme : schemes) {
    kinds.emplace_back(Object(
        {{"scheme", scheme.name}, {"form", scheme.form}, {"description", scheme.description}}));
  }
  render::Outcome outcome;
  outcome.record = Record{"aiot.listen.list/1", Object({{"addresses", std::move(kinds)}})};
  outcome.text = [&schemes](std::ostream& out) {
    std::vector<std::vector<std::string>> rows;
    for (const listen::Scheme& scheme : schemes) rows.push_back({scheme.form, scheme.description});
    out << render::table(rows, 0);
  };
  return context.ui.finish(outcome);
}

int run_listen(Context& context) {
  if (context.args.has("--list")) return list(context);
  if (context.args.items.empty()) {
    return context.fail(make_error(Errc::missing_argument, "listen: ADDRESS",
                                   "name what to listen to; `aiotctl listen --list` shows all "
                                   "kinds of address"));
  }
  auto sources = listen_sources(context);
  if (!sources) return context.fail(sources.error());
  auto request = listen_request(context);
  if (!request) return context.fail(request.error());
  const auto style = message_style(context, sources->size());
  const bool text = context.settings.format == Format::text;

  // Whoever reads the output may leave: that ends it as a signal does.
  if (context.environment.signals) context.environment.signals->stop_when_reader_leaves();
  std::stop_source stop;
  const std::stop_token signal = context.stop();
  const std::stop_callback on_signal(signal, [&stop] { stop.request_stop(); });

  auto keyboard = make_keyboard(context, *sources, style, stop);
  if (!keyboard) return context.fail(keyboard.error());
  if (*keyboard) {
    style->stream = true;
    request->framing = listen::Framing::none;
    request->input = (*keyboard)->input();
  } else if (context.args.has("--send")) {
    request->input = context.environment.read_input;
  }

  context.ui.show_items(render::MessageText(style));
  context.ui.hold_items();
  Ear ear(context.ui, context.out, context.settings.format == Format::json, stop);
  auto report = context.environment.listen(*sources, *request, ear, stop.get_token());
  keyboard->reset();
  if (!report) return context.fail(report.error());

  render::Outcome outcome = outcome_of(*report, sources->size());
  if (context.settings.format == Format::json) {
    Record with_heard = report->record;
    with_heard.fields.set("heard", ear.take_kept());
    outcome.record = std::move(with_heard);
  }
  // Standard output is what was heard; how much it was goes beside it.
  outcome.text = [](std::ostream&) {};
  if (text && !context.settings.quiet) context.err << summary(report->record.fields);
  if (context.settings.format == Format::jsonl) {
    context.ui.on_event(event::Finished{"", outcome.record});
  }
  return context.ui.finish(outcome);
}

}  // namespace

Command listen() {
  return {
      .name = "listen",
      .summary = "hear what devices say: serial, network, syslog, MQTT, CoAP, Bluetooth",
      .description =
          "Hears all addresses side by side; messages are shown in the order of time, each with a "
          "stamp. --jsonl prints each as a line of JSON, whatever bytes it has. Ctrl-C, "
          "SIGTERM and a reader that leaves end it with exit 0, unless --expect still waits.\n\n"
          "On a terminal, with one serial port or connection, what is typed goes to the device: "
          "Ctrl-T q quits, Ctrl-T ? lists the keys. --send takes standard input from a pipe "
          "instead, --no-input leaves it alone.\n\n"
          "Regular expressions are RE2's, and are searched in each message that passes --filter.",
      .positionals = {{.name = "ADDRESS",
                       .help = "what to listen to: /dev/ttyUSB0, tcp://HOST:PORT, "
                               "rfc2217://HOST:PORT, udp://0.0.0.0:PORT, syslog://0.0.0.0:514, "
                               "mqtt://HOST/TOPIC; --list shows all",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::address}},
      .options = listen_options(),
      .examples =
          {{"listen /dev/ttyUSB0", "A serial console; Ctrl-T q quits"},
           {"listen --reset --expect 'app: ready' --fail-on 'Guru|abort' --timeout 30s "
            "/dev/ttyUSB0",
            "A boot check for a script: exit 0, 6 or 9"},
           {"listen --jsonl syslog://0.0.0.0:5514 udp://0.0.0.0:9000 | jq .data.payload",
            "Two sources as JSON"},
           {"listen --filter 'severity<=3' --log errors.log --log-size 10MB syslog://0.0.0.0:5514",
            "Errors alone, into a log that rotates"},
           {"listen 'mqtts://broker/home/#' --ca ca.pem --credentials me.yaml",
            "Everything below a topic"}},
      .handler = run_listen,
  };
}

}  // namespace aiot::cli::command
