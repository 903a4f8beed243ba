#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

int run_refresh(Context& context) {
  ota::RefreshRequest request;
  request.folder = repository_of(context);
  if (const auto within = context.args.get("--within")) {
    const auto time = parse_lifetime("--within", *within);
    if (!time) return context.fail(time.error());
    request.within = *time;
  }
  request.signing = signing_keys(context);
  return finish_repository(context, ota::refresh_repository(request));
}

}  // namespace

Command ota_refresh() {
  return {
      .name = "refresh",
      .summary = "renew what will expire",
      .description =
          "For cron: signs anew the metadata that has less than half of its lifetime left, and "
          "what "
          "a change that was cut off has left unsigned. Metadata whose keys are not given stays, "
          "and "
          "is reported; the exit status is 7 once it has expired.",
      .options = together({{repository_option(),
                            {.names = "--within",
                             .value = "TIME",
                             .help = "Renew what expires within TIME, such as 3d"}},
                           signing_options()}),
      .examples = {{"ota refresh --repository updates --key online.pem", "Each night"}},
      .handler = run_refresh,
      .no_dry_run = true,
      .lists = render::lists_of<ota::RepositoryResult>,
  };
}

}  // namespace aiot::cli::command
