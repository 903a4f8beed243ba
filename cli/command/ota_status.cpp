#include <ostream>

#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"
#include "render/ota_repository_text.hpp"

namespace aiot::cli::command {
namespace {

int run_status(Context& context) {
  const auto status = ota::repository_status(repository_of(context));
  if (!status) return context.fail(status.error());
  render::Outcome outcome;
  outcome.record = *status;
  outcome.text = [status = *status, width = output_width(context)](std::ostream& out) {
    render::print_repository_status(out, status, width);
  };
  for (const ota::RoleStatus& role : status->roles) {
    if (role.valid && !role.expired) continue;
    outcome.failures.push_back(
        {"", role.role,
         make_error(Errc::repository_due, role.role,
                    role.valid
                        ? "sign it anew: ota refresh, with its keys"
                        : "finish the change that was cut off: ota refresh, with all keys")});
  }
  for (const ota::FaultyTarget& target : status->faults) {
    const bool missing = target.fault == ota::TargetFault::missing;
    outcome.failures.push_back(
        {"", target.path,
         make_error(missing ? Errc::target_missing : Errc::target_damaged, target.file,
                    "add the same file again (ota add), or bring it back from a copy")});
  }
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_status() {
  return {
      .name = "status",
      .summary = "say what expires when, and who has signed",
      .description =
          "One line for each role of the repository: its version, when it expires, its keys and "
          "which of them signed. Then its targets, each with its file read and held against its "
          "SHA-256. The exit status is 9 when devices cannot update from it, or cannot have one of "
          "its targets.",
      .options = {repository_option()},
      .examples = {{"ota status --repository updates", "All of it"},
                   {"--json ota status | jq -r '.data.roles[] | [.role, .expires] | @tsv'",
                    "For a monitor"}},
      .handler = run_status,
      .lists = render::lists_of<ota::RepositoryStatus>,
  };
}

}  // namespace aiot::cli::command
