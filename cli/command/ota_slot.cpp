#include <ostream>

#include "aiot/ota_install.hpp"
#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

int run_slot(Context& context) {
  const Arguments& args = context.args;
  ota::SlotRequest request;
  request.state_folder = args.get("--state").value_or("");
  const auto boots = number_option<unsigned>(args, "--trial-boots", request.trial_boots);
  if (!boots) return context.fail(boots.error());
  request.trial_boots = *boots;
  const auto result = ota::choose_slot(request);
  if (!result) return context.fail(result.error());
  if (result->rolled_back) {
    context.ui.on_event(event::Notice{"", "ota.rolled_back",
                                      "the image on trial is damaged or was never confirmed",
                                      "find out why it did not confirm itself"});
  }
  if (result->restored) {
    context.ui.on_event(event::Notice{"", "ota.slot_state",
                                      "the record of the slots was damaged: its copy is used",
                                      "check the disk"});
  }
  if (result->no_state) {
    context.ui.on_event(event::Notice{"", "ota.no_state",
                                      "the state folder is not there: " + request.state_folder,
                                      "check --state, unless nothing was installed yet"});
  }
  if (!result->unreadable.empty()) {
    context.ui.on_event(
        event::Notice{"", "ota.trial_unreadable",
                      "the image on trial does not boot this time: " + result->unreadable,
                      "make its slot available before this is asked"});
  }
  render::Outcome outcome;
  outcome.record = *result;
  outcome.text = [slot = result->slot](std::ostream& out) { out << slot << '\n'; };
  return context.ui.finish(outcome);
}

int run_confirm(Context& context) {
  const auto result =
      ota::confirm({context.args.get("--state").value_or(""), context.args.has("--roll-back")});
  if (!result) return context.fail(result.error());
  render::Outcome outcome;
  outcome.record = *result;
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_slot() {
  return {
      .name = "slot",
      .summary = "print which slot this device boots",
      .description =
          "Prints a or b. Called once at each boot, by what boots: it counts the boots of an image "
          "on trial, verifies its SHA-256, and rolls back to the image before when it is damaged "
          "or was not confirmed.",
      .options = {state_option(),
                  {.names = "--trial-boots",
                   .value = "N",
                   .help = "Boots of an image on trial before it is rolled back [3]"}},
      .examples = {{"ota slot --state /var/lib/ota", "In a boot script"}},
      .handler = run_slot,
      .no_dry_run = true,
      .lists = render::lists_of<ota::SlotResult>,
  };
}

Command ota_confirm() {
  return {
      .name = "confirm",
      .summary = "keep the image that runs on trial, or roll it back",
      .description =
          "Called when the new image has shown that it works. Changes nothing when no image is on "
          "trial.",
      .options = {state_option(),
                  {.names = "--roll-back",
                   .help = "The image on trial is bad: boot the one before it next"}},
      .examples = {{"ota confirm --state /var/lib/ota", "After a health check"}},
      .handler = run_confirm,
      .no_dry_run = true,
      .lists = render::lists_of<ota::ConfirmResult>,
  };
}

}  // namespace aiot::cli::command
