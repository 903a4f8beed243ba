#include "context.hpp"

#include <istream>
#include <ostream>

#include "aiot/bytes.hpp"
#include "errors.hpp"

namespace aiot::cli {

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

}  // namespace aiot::cli
