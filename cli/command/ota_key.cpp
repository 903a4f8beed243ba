#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

Result<ota::KeyChange> key_change(const Context& context) {
  const std::vector<std::string>& items = context.args.items;
  ota::KeyChange change;
  change.folder = repository_of(context);
  const std::string& action = items.at(0);
  if (action == "revoke") {
    change.action = ota::KeyAction::revoke;
  } else if (action == "rotate") {
    change.action = ota::KeyAction::rotate;
  } else if (action != "add") {
    return make_error(Errc::bad_value, "ota key " + action, "the actions are add, revoke, rotate");
  }
  const std::size_t wanted = change.action == ota::KeyAction::rotate ? 4 : 3;
  if (items.size() != wanted) {
    return make_error(
        items.size() < wanted ? Errc::missing_argument : Errc::too_many_arguments,
        "ota key " + action,
        wanted == 4 ? "name the role, the old key and the new one" : "name the role and one key");
  }
  change.role = items.at(1);
  change.key = items.at(2);
  if (wanted == 4) change.new_key = items.at(3);
  if (const auto threshold = context.args.get("--threshold")) {
    AIOT_TRY(change.threshold, parse_number<unsigned>("--threshold", *threshold));
  }
  change.signing = signing_keys(context);
  return change;
}

int run_key(Context& context) {
  const auto change = key_change(context);
  if (!change) return context.fail(change.error());
  return finish_repository(context, ota::change_key(*change));
}

}  // namespace

Command ota_key() {
  return {
      .name = "key",
      .summary = "add, revoke or rotate a key of a repository",
      .description =
          "Writes a new root, signed by the keys of the root before and by its own, so that "
          "devices "
          "follow. What the role has signed is signed anew, and needs the keys of the roles above "
          "it: the error names each that is missing.",
      .positionals = {{.name = "ACTION", .help = "add, revoke or rotate"},
                      {.name = "ROLE", .help = "root, targets, snapshot or timestamp"},
                      {.name = "KEY",
                       .help = "the key that comes or goes: a PEM file, a PKCS#11 URI, or of one "
                               "that goes the first digits of its id",
                       .complete = Complete::file},
                      {.name = "NEW",
                       .help = "the key in its place (rotate)",
                       .min = 0,
                       .complete = Complete::file}},
      .options = together({{repository_option(),
                            {.names = "--threshold",
                             .value = "N",
                             .help = "How many keys of the role must sign from now on"}},
                           signing_options()}),
      .examples = {{"ota key rotate root root.pem new.pem --key root.pem",
                    "Replace the key of the root"},
                   {"ota key add root second.pub --threshold 2 --key root.pem --key second.pem",
                    "From now on, two keys must sign the root"},
                   {"ota key revoke timestamp 7ab6b86cb2c96 --key root.pem --key online.pem",
                    "A key that was lost"}},
      .handler = run_key,
      .no_dry_run = true,
      .lists = render::lists_of<ota::RepositoryResult>,
  };
}

}  // namespace aiot::cli::command
