#include "aiot/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "command/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "help.hpp"
#include "render/diagnostics.hpp"
#include "render/envelope.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::size_t detail_column = 28;

struct Label {
  const char* text;
  const char* color;
};
/// By doctor::State.
constexpr std::array<Label, 4> labels = {
    {{"OK", "32"}, {"WARNING", "33"}, {"FAULT", "31"}, {"UNKNOWN", "2"}}};

/// A command is printed whole: it is there to be copied.
void print_report(std::ostream& out, const doctor::Report& report, std::size_t width, bool color) {
  for (const doctor::Check& check : report.checks) {
    const Label& label = labels[static_cast<std::size_t>(check.state)];
    const std::string head = fmt::format("{:<9}{:<19}", label.text, check.name);
    out << render::styled(head.substr(0, 9), label.color, color) << head.substr(9)
        << render::wrap(escape_controls(check.detail), width, detail_column).substr(detail_column);
    if (check.fix.empty()) continue;
    out << std::string(detail_column, ' ') << "fix: " << escape_controls(check.fix) << '\n';
  }
}

int run_doctor(Context& context) {
  doctor::Report report = doctor::run();
  for (doctor::Check& check : report.checks) {
    if (check.name == "wifi-move" && check.state == doctor::State::fault) {
      check.fix = "aiotctl pair --restore-wifi";
    }
  }
  render::Outcome outcome;
  if (!report.ok()) {
    const auto faults =
        std::ranges::count(report.checks, doctor::State::fault, &doctor::Check::state);
    outcome.failures.push_back(
        {"", "",
         make_error(Errc::machine_fault,
                    fmt::format("{} of {} checks", faults, report.checks.size()),
                    "run the fix of each, then check again")});
  }
  const std::size_t width = help_width(context.environment);
  outcome.text = [report, width, color = context.settings.color_out](std::ostream& out) {
    print_report(out, report, width, color);
  };
  outcome.record = std::move(report);
  return context.ui.finish(outcome);
}

}  // namespace

Command doctor() {
  return {
      .name = "doctor",
      .summary = "check that this machine can do its jobs",
      .description =
          "Checks the permissions of serial ports, the programs that take them, D-Bus and its "
          "daemons, Bluetooth, Wi-Fi, multicast DNS and the clock, and prints the command that "
          "mends each fault. Changes nothing. The exit code is 5 when a check reports a fault; "
          "warnings do not change it.",
      .examples =
          {{"doctor", "On a machine that is new, or when a command fails"},
           {"doctor --json | jq -r '.data.checks[] | select(.state == \"fault\") | .fix // empty'",
            "Only the commands"}},
      .handler = run_doctor,
      .lists = render::lists_of<doctor::Report>,
  };
}

}  // namespace aiot::cli::command
