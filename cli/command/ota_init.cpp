#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

ota::RoleSetup* role_of(ota::InitRequest& request, const std::string& name) {
  if (name == "root") return &request.root;
  if (name == "targets") return &request.targets;
  if (name == "snapshot") return &request.snapshot;
  if (name == "timestamp") return &request.timestamp;
  return nullptr;
}

/// Gives `set` each value of a repeated ROLE=VALUE option.
template <class Set>
Result<void> each_role(const Context& context, ota::InitRequest& request, const std::string& option,
                       Set set) {
  for (const std::string& text : context.args.all(option)) {
    AIOT_TRY(const auto pair, parse_role_value(option, text));
    ota::RoleSetup* role = role_of(request, pair.first);
    if (role == nullptr) {
      return make_error(Errc::bad_value, option + " " + text,
                        "the roles are root, targets, snapshot and timestamp");
    }
    AIOT_CHECK(set(*role, pair.second));
  }
  return {};
}

Result<ota::InitRequest> init_request(const Context& context) {
  ota::InitRequest request;
  request.folder = context.args.items.front();
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    role_of(request, name)->keys = context.args.all(std::string("--") + name);
  }
  request.secret_file = context.args.get("--secret-file").value_or("");
  AIOT_CHECK(each_role(context, request, "--threshold",
                       [](ota::RoleSetup& role, const std::string& text) -> Result<void> {
                         AIOT_TRY(role.threshold, parse_number<unsigned>("--threshold", text));
                         return {};
                       }));
  AIOT_CHECK(each_role(context, request, "--expires",
                       [](ota::RoleSetup& role, const std::string& text) -> Result<void> {
                         AIOT_TRY(role.lifetime, parse_lifetime("--expires", text));
                         return {};
                       }));
  if (request.root.keys.empty()) {
    return make_error(Errc::missing_argument, "ota init: --root",
                      "name at least one private key of the root role");
  }
  return request;
}

int run_init(Context& context) {
  const auto request = init_request(context);
  if (!request) return context.fail(request.error());
  return finish_repository(context, ota::init_repository(*request));
}

Option keys_of(const std::string& role, const std::string& otherwise) {
  return {.names = "--" + role,
          .value = "KEY",
          .help = "A key of the role " + role + otherwise + "; repeatable",
          .complete = Complete::file,
          .repeatable = true};
}

}  // namespace

Command ota_init() {
  return {
      .name = "init",
      .summary = "make a repository of updates",
      .description =
          "Makes a TUF repository in a folder: metadata/ and targets/, plain files that any web "
          "server can serve. Devices trust metadata/1.root.json from then on.\n\n"
          "Keep the keys of root and targets offline; snapshot and timestamp need theirs at each "
          "refresh.",
      .positionals = {{.name = "FOLDER",
                       .help = "a new or empty folder",
                       .complete = Complete::file}},
      .options = {keys_of("root", ": a PEM file or a PKCS#11 URI"),
                  keys_of("targets", " [those of root]"),
                  keys_of("snapshot", " [those of targets]"),
                  keys_of("timestamp", " [those of snapshot]"),
                  {.names = "--threshold",
                   .value = "ROLE=N",
                   .help = "How many keys of ROLE must sign [1]; repeatable",
                   .repeatable = true},
                  {.names = "--expires",
                   .value = "ROLE=TIME",
                   .help = "How long metadata of ROLE lasts [root=365d targets=90d snapshot=30d "
                           "timestamp=7d]; repeatable",
                   .repeatable = true},
                  secret_option()},
      .examples = {{"ota init updates --root root.pem --snapshot online.pem",
                    "Root and targets by one key, the rest by another"},
                   {"ota init updates --root a.pem --root b.pem --root c.pem --threshold root=2 "
                    "--targets t.pem --snapshot online.pem",
                    "Two of three keys for the root"}},
      .handler = run_init,
      .no_dry_run = true,
      .lists = render::lists_of<ota::RepositoryResult>,
  };
}

}  // namespace aiot::cli::command
