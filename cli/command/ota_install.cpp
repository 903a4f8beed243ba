#include "aiot/ota_install.hpp"

#include <fmt/format.h>

#include <ostream>
#include <sstream>

#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

std::string text_of(const ota::InstallResult& result) {
  const std::string version = escape_controls(result.version);
  switch (result.state) {
    case ota::InstallState::current: return fmt::format("{} is current\n", version);
    case ota::InstallState::available: return fmt::format("{} is available\n", version);
    case ota::InstallState::on_trial: return fmt::format("{} is on trial: confirm it\n", version);
    case ota::InstallState::installed: break;
  }
  return fmt::format("{} is installed{}, on trial: reboot, and confirm it\n", version,
                     result.path.empty() ? "" : " in slot " + result.slot);
}

int run_install(Context& context) {
  const Arguments& args = context.args;
  ota::InstallRequest request;
  request.repository = args.items.front();
  request.root_file = args.get("--root").value_or("");
  request.ca_file = args.get("--ca").value_or("");
  request.fingerprint = args.get("--fingerprint").value_or("");
  request.product = args.get("--product").value_or("");
  request.hardware = args.get("--hardware").value_or("");
  request.state_folder = args.get("--state").value_or("");
  request.slots = args.all("--slot");
  std::istringstream words(args.get("--hand-off").value_or(""));
  for (std::string word; words >> word;) request.hand_off.push_back(word);
  request.allow_older = args.has("--allow-older");
  request.again = args.has("--again");
  request.use_deltas = !args.has("--no-delta");
  request.dry_run = context.settings.dry_run;
  request.timeout = context.settings.timeout;
  const auto result = ota::install(request, context.ui, context.stop());
  if (!result) return context.fail(result.error());
  render::Outcome outcome;
  outcome.record = *result;
  outcome.text = [text = text_of(*result)](std::ostream& out) { out << text; };
  return context.ui.finish(outcome);
}

}  // namespace

Option state_option() {
  return {.names = "--state",
          .value = "FOLDER",
          .help = "The folder of trusted metadata and of the state of the slots",
          .complete = Complete::folder};
}

Command ota_install() {
  return {
      .name = "install",
      .summary = "update this Linux device from a repository",
      .description =
          "Verifies the metadata of a TUF repository from a pinned root on, takes the newest image "
          "for the product and hardware, and writes it into the slot that does not run, by a delta "
          "where there is one. The image boots on trial: it stays once `ota confirm` has run, and "
          "is rolled back otherwise.\n\n"
          "Cut off at any point, the device boots the old image or the new one; run again, it goes "
          "on where it ended.",
      .positionals = {{.name = "URL", .help = "the repository: https://HOST/PATH"}},
      .options = together(
          {{{.names = "--root",
             .value = "FILE",
             .help = "The root metadata that this device was made with",
             .complete = Complete::file},
            {.names = "--product", .value = "NAME", .help = "The product that this device is"},
            {.names = "--hardware", .value = "NAME", .help = "The hardware that it is"},
            state_option(),
            {.names = "--slot",
             .value = "FILE",
             .help = "A slot, a file or a block device; given twice, a and b",
             .complete = Complete::file,
             .repeatable = true},
            {.names = "--hand-off",
             .value = "COMMAND",
             .help = "Let a program install the verified file, such as 'rauc install' or "
                     "'swupdate -i'; in place of slots"}},
           server_options(),
           {{.names = "--allow-older", .help = "Install also a version older than the one here"},
            {.names = "--again", .help = "Install also an image that failed its trial here"},
            {.names = "--no-delta", .help = "Fetch the whole image also where there is a delta"}}}),
      .common = "--root --product --hardware --slot --state --fingerprint --ca",
      .examples = {{"ota install https://updates.example --root /etc/lamp/root.json --product lamp "
                    "--hardware rev-b --state /var/lib/ota --slot /dev/mmcblk0p2 --slot "
                    "/dev/mmcblk0p3",
                    "Two partitions"},
                   {"ota install https://updates.example --root root.json --product hub --hardware "
                    "r1 --state /var/lib/ota --hand-off ./install.sh",
                    "A device whose slots RAUC has"}},
      .handler = run_install,
      .lists = render::lists_of<ota::InstallResult>,
  };
}

}  // namespace aiot::cli::command
