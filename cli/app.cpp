#include "app.hpp"

#include <cerrno>
#include <exception>
#include <istream>
#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/version.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "fd_stream.hpp"
#include "help.hpp"
#include "option.hpp"
#include "render/exit.hpp"
#include "render/log_file.hpp"
#include "settings.hpp"

namespace aiot::cli {
namespace {

/// Keeps the configuration's notices until there is a renderer to say them.
struct Notices final : EventSink {
  std::vector<Event> events;
  void on_event(const Event& event) override { events.push_back(event); }
};

render::Options options_of(const Settings& s, const Command& command,
                           const Environment& environment) {
  render::Options o;
  o.lists = command.lists;
  o.quiet = s.quiet;
  o.verbosity = s.verbosity;
  o.color_out = s.color_out;
  o.color_err = s.color_err;
  o.terminal = environment.terminal;
  o.now = environment.now;
  o.signals = environment.signals;
  return o;
}

/// An error before `command` ran, in the form that was asked for.
int early_error(Error error, const Command& command, const std::vector<std::string>& args,
                std::ostream& out, std::ostream& err, const Environment& environment) {
  const EarlySettings early = early_settings(args, environment);
  render::Options options;
  options.lists = command.lists;
  options.terminal = environment.terminal;
  options.color_err = early.color_err;
  const auto ui = render::make_renderer(early.format, out, err, options);
  render::Outcome outcome;
  outcome.failures.push_back({"", "", std::move(error)});
  return ui->finish(outcome);
}

/// Help, when there is nothing else to do: exit 2 when it was not asked for.
int help(const Arguments& parsed, const std::vector<std::string>& args, std::ostream& out,
         std::ostream& err, const Environment& environment) {
  const bool asked = parsed.has("--help");
  if (!asked && early_settings(args, environment).format != Format::text) {
    return early_error(make_error(Errc::missing_argument, spelled(parsed.path) + ": COMMAND",
                                  "`" + spelled(parsed.path) + " --help` lists the commands"),
                       *parsed.command, args, out, err, environment);
  }
  const std::string when = parsed.get("--color").value_or("auto");
  const bool terminal = asked ? environment.terminal.out : environment.terminal.err;
  print_help(asked ? out : err, *parsed.command, parsed.path,
             {help_width(environment), use_color(when, terminal, environment)});
  return asked ? 0 : render::exit_code(Condition::usage);
}

int run_command(const Arguments& parsed, const std::vector<std::string>& args, std::istream& in,
                std::ostream& out, std::ostream& err, const Environment& environment) {
  Notices notices;
  const auto settings = make_settings(parsed, environment, notices);
  if (!settings.has_value()) {
    return early_error(settings.error(), *parsed.command, args, out, err, environment);
  }
  if (settings->dry_run && parsed.command->no_dry_run) {
    return early_error(make_error(Errc::conflict, "--dry-run with " + spelled(parsed.path),
                                  "leave --dry-run out: this command has no way to show what it "
                                  "would do"),
                       *parsed.command, args, out, err, environment);
  }
  wait_at_most(in, out, settings->timeout);
  const auto ui = render::make_renderer(settings->format, out, err,
                                        options_of(*settings, *parsed.command, environment));
  if (!settings->log_file.empty()) {
    auto log = render::open_log_file(
        settings->log_file, [&renderer = *ui](const Event& event) { renderer.on_event(event); });
    if (!log.has_value()) {
      render::Outcome outcome;
      outcome.failures.push_back({"", "", log.error()});
      return ui->finish(outcome);
    }
    ui->log_to(*std::move(log));
  }
  for (const Event& event : notices.events) ui->on_event(event);
  Context context{parsed, *settings, environment, in, out, err, *ui};
  return parsed.command->handler(context);
}

/// What became of standard output. A reader that left early is not an error; a full disk is.
int check_output(std::ostream& out, std::ostream& err, const Signals* signals, int exit) {
  out.flush();
  const int reason = write_error(out);
  if (reason == 0 || reason == EPIPE) return exit;
  const int stopped = signals ? signals->exit_code() : 0;
  if (reason == ETIMEDOUT && stopped != 0) return stopped;
  if (reason == ETIMEDOUT) {
    err << "error: standard output could not be written: its reader takes nothing\n"
           "  next: end the reader, or allow more time\n";
  } else {
    err << "error: standard output could not be written: "
        << std::generic_category().message(reason)
        << "\n  next: free some space, or write elsewhere\n";
  }
  return exit == 0 ? render::exit_code(Condition::resource) : exit;
}

}  // namespace

int Context::fail(Error error) const {
  render::Outcome outcome;
  outcome.failures.push_back({"", "", std::move(error)});
  return ui.finish(outcome);
}

Result<void> Context::confirm(const std::string& question) const {
  if (settings.yes || settings.dry_run) return {};
  if (!settings.may_ask) {
    return make_error(Errc::needs_confirmation, question, "add --yes when you are sure");
  }
  Signals* signals = environment.signals;
  if (signals) {
    (void)signals->start();
    signals->asking(true);
  }
  err << escape_controls(question) << " [y/N] " << std::flush;
  std::string answer;
  std::getline(in, answer);
  if (signals) signals->asking(false);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return make_error(Errc::declined, question);
}

void print_version(std::ostream& out, std::string_view commit) {
  out << "aiotctl " << version() << '\n'
      << "Commit: " << (commit.empty() ? "unknown (built from a source archive)" : commit) << '\n'
      << "Licence: Apache-2.0 <https://www.apache.org/licenses/LICENSE-2.0>\n";
}

int run(const std::vector<std::string>& args, std::istream& in, std::ostream& out,
        std::ostream& err, const Environment& environment) {
  const Command* reached = &root_command();
  try {
    auto parsed = parse(args, reached);
    if (!parsed.has_value()) {
      return early_error(parsed.error(), *reached, args, out, err, environment);
    }
    int exit = 0;
    if (parsed->has("-V")) {
      print_version(out, commit());
    } else if (parsed->has("--help") || !parsed->command->handler) {
      exit = help(*parsed, args, out, err, environment);
    } else {
      exit = run_command(*parsed, args, in, out, err, environment);
    }
    return check_output(out, err, environment.signals, exit);
  } catch (const std::exception& e) {
    return early_error(make_error(Errc::internal, e.what(), "please report it with this command"),
                       *reached, args, out, err, environment);
  }
}

}  // namespace aiot::cli
