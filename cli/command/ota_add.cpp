#include <ostream>

#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "render/envelope.hpp"
#include "render/ota_repository_text.hpp"

namespace aiot::cli::command {
namespace {

int run_add(Context& context) {
  const Arguments& args = context.args;
  ota::AddRequest request;
  request.folder = repository_of(context);
  request.file = args.items.front();
  request.product = args.get("--product").value_or("");
  request.version = args.get("--version").value_or("");
  request.hardware = args.all("--hardware");
  request.chip = args.get("--chip").value_or("");
  const auto deltas = number_option<unsigned>(args, "--deltas", 0);
  if (!deltas) return context.fail(deltas.error());
  request.deltas = *deltas;
  request.signing = signing_keys(context);
  const auto added = ota::add_artifact(request);
  if (!added) return context.fail(added.error());
  render::Outcome outcome;
  outcome.record = *added;
  outcome.text = [added = *added, width = output_width(context)](std::ostream& out) {
    render::print_added(out, added, width);
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_add() {
  return {
      .name = "add",
      .summary = "add a firmware file to a repository",
      .description =
          "Takes ESP and MCUboot images, ELF and Intel HEX files, archives of SWUpdate, bundles of "
          "RAUC, and any other file. Version, chip and name come from the file where it has them, "
          "and "
          "must agree with the options. A hardware has one file of each version, and keeps its "
          "chip.\n\n"
          "Signs with the keys of targets, snapshot and timestamp.",
      .positionals = {{.name = "FIRMWARE", .help = "the file", .complete = Complete::file}},
      .options = together(
          {{repository_option(),
            {.names = "--product", .value = "NAME", .help = "The product it is for"},
            {.names = "--version", .value = "VERSION", .help = "Its version [what the file says]"},
            {.names = "--hardware",
             .value = "NAME",
             .help = "The hardware it runs on; repeatable",
             .repeatable = true},
            {.names = "--chip",
             .value = "CHIP",
             .help = "The chip that it must be for, such as esp32c3"},
            {.names = "--deltas",
             .value = "N",
             .help = "Make deltas to it from the last N versions [0]"}},
           signing_options()}),
      .examples = {{"ota add build/lamp.bin --product lamp --hardware rev-b --repository updates "
                    "--key root.pem --key online.pem",
                    "An ESP image, which says its version"},
                   {"ota add lamp.bin --product lamp --version 1.4.0 --hardware rev-a --hardware "
                    "rev-b --key root.pem --key online.pem",
                    "Any file, for two kinds of hardware"}},
      .handler = run_add,
      .no_dry_run = true,
      .lists = render::lists_of<ota::AddResult>,
  };
}

}  // namespace aiot::cli::command
